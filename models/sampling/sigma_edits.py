"""Changes to the noise levels of a run: float32 tensors [steps + 1], as they travel on SIGMAS wires."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal, NamedTuple

import torch

Spacing = Literal["linear", "cosine", "sine"]

ALMOST_CLEAN = 1e-4  # a run that adds noise begins here: samplers divide by the level that they come from


class Split(NamedTuple):
    """The levels of two runs, one after the other; the level at which they meet belongs to both."""

    high: torch.Tensor
    low: torch.Tensor


def split_at(sigmas: torch.Tensor, step: int) -> Split:
    """Give the first `step` steps to one run and the rest to another."""
    return Split(sigmas[: step + 1], sigmas[step:])


def split_last(sigmas: torch.Tensor, denoise: float) -> Split:
    """Give the last steps, a share `denoise`, to the second run."""
    steps = max(len(sigmas) - 1, 0)
    return split_at(sigmas, steps - round(steps * denoise))


def flipped(sigmas: torch.Tensor) -> torch.Tensor:
    """Turn the levels round, for a run that finds the noise of a picture instead of removing it."""
    turned = sigmas.flip(0)
    if len(turned) and turned[0] == 0:
        turned[0] = ALMOST_CLEAN
    return turned


def with_first(sigmas: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return the levels with another one to begin with."""
    changed = sigmas.clone()
    changed[:1] = sigma
    return changed


def extended(sigmas: torch.Tensor, steps: int, start: float, end: float, spacing: Spacing = "linear") -> torch.Tensor:
    """Divide each step that begins at a level from `start` down to `end` into `steps`."""
    ramp = torch.arange(1, steps, dtype=torch.float32) / steps
    if spacing == "cosine":
        ramp = (ramp * (math.pi / 2)).sin()
    elif spacing == "sine":
        ramp = 1 - (ramp * (math.pi / 2)).cos()
    parts: list[torch.Tensor] = []
    for here, after in pairwise(sigmas):
        parts.append(here[None])
        if end <= here <= start:
            parts.append(here + ramp.to(here) * (after - here))
    return torch.cat([*parts, sigmas[-1:]])
