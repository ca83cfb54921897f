"""Default prompts: they fill the parts of the picture that the other prompts of their side do not reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from models.sampling.conditions import Condition


def answering(conditions: Sequence[Condition], x: torch.Tensor, sigma: float) -> list[Condition]:
    """Return the prompts of one side that are asked at a noise level about latents x [B, C, h, w].

    Each default prompt gets what the others' weights leave of 1 at each point; where that is nothing, it is not asked.
    """
    active = [one for one in conditions if one.active(sigma)]
    if not any(one.default for one in active):
        return active
    rest = torch.ones_like(x[:, :1])
    for one in active:
        if not one.default:
            one.place(x).crop(rest).sub_(one.weights(x))
    rest.clamp_(min=0)
    asked = [replace(one, fills=rest) if one.default else one for one in active]
    return [one for one in asked if one.fills is None or bool(one.fills.any())]
