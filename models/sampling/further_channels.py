"""Channels that some networks take beside the noisy latent: a mask and what is kept, a picture to edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from models.sampling.run_start import RunStart
    from models.types import Model


def further_channels(model: Model, options: Mapping[str, Any], start: RunStart) -> torch.Tensor | None:
    """Return [1 or B, c, h, w] for one prompt's `options`, or None for a network that takes the latent alone.

    Raises ValueError for a network whose further channels are of a kind that is not known.
    """
    del options, start
    further = model.config.in_channels - model.config.out_channels
    if not further:
        return None
    raise ValueError(f"This model takes {further} channels beside the latent, of a kind that Weft does not know.")
