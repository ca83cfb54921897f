"""What the weights of words do to the text encoders' states z [n, 77, width].

    comfy          z_empty + w (z - z_empty): away from, or towards, the state of the empty prompt
    A1111          w z, then each chunk is scaled so that its mean is what it was
    A1111 no norm  w z, which A1111's settings recommend for SDXL

The A1111 ways also read nested brackets as A1111 does: numbers multiply, and `[word]` in schedules is weaker by 1.1.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Weighting = Literal["comfy", "A1111", "A1111 no norm"]


def needs_empty_prompt(weighting: Weighting) -> bool:
    """Whether the weighting compares with the empty prompt's states."""
    return weighting == "comfy"


def weighted_states(states: Tensor, weights: Tensor, empty: Tensor | None, weighting: Weighting) -> Tensor:
    """States [n, 77, width] with the weights [n, 77] of their tokens applied; `empty` [1, 77, width] as needed."""
    if empty is not None:
        return torch.where(weights[..., None] == 1, states, (states - empty) * weights[..., None] + empty)
    scaled = states * weights[..., None]
    if weighting == "A1111 no norm":
        return scaled
    changed = (weights != 1).any(dim=1)[:, None, None]
    ratio = states.mean(dim=(1, 2), keepdim=True) / scaled.mean(dim=(1, 2), keepdim=True)
    return torch.where(changed, scaled * ratio, states)
