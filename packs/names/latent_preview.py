"""`latent_preview`: showing latents while a sampler works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from nodes.previews import LatentPreview
from packs.lacking import lacking

from . import host

__getattr__ = lacking(__name__)

MAX_PREVIEW_RESOLUTION = 512


def prepare_callback(
    model: Any, steps: int, x0_output_dict: dict[str, Any] | None = None
) -> Callable[[int, torch.Tensor, torch.Tensor, int], None]:
    """A function to be told of each step (index, clean latent, noisy latent, total): tells progress, shows the latent.

    It raises Cancelled when the user cancelled the run. `x0_output_dict["x0"]` gets the last clean latent.
    """
    context = host.context()
    digest = str(getattr(model, "digest", ""))

    def callback(step: int, x0: torch.Tensor, x: torch.Tensor, total_steps: int) -> None:
        del x
        if x0_output_dict is not None:
            x0_output_dict["x0"] = x0
        context.preview(LatentPreview(x0, step + 1, total_steps or steps, digest))
        context.progress(step + 1, total_steps or steps)

    return callback
