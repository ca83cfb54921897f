"""Time for memory: features are not kept for the way back but computed again (Chen et al., arXiv 1604.06174)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from models.sdxl.unet import Stage


@contextmanager
def recomputing(network: nn.Module, wanted: bool) -> Generator[None]:
    """Inside the `with` block each stage of a UNet keeps its input alone, if that is wanted."""
    stages = [one for one in network.modules() if isinstance(one, Stage)] if wanted else []
    try:
        for stage in stages:
            forward = partial(type(stage).forward, stage)
            # an instance's own `forward` is found before that of its class, and deleting it leaves no trace
            stage.__dict__["forward"] = partial(checkpoint, forward, use_reentrant=False, preserve_rng_state=False)
        yield
    finally:
        for stage in stages:
            stage.__dict__.pop("forward", None)
