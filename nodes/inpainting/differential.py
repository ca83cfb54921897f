"""Soft masks as maps of how much each point may change."""

from typing import Annotated

import torch

from execution.fields import Help, Optional
from execution.node import NodeInputError, node
from models.inpainting.change_map import change_map
from models.sampling.tweaks import MaskedRun
from nodes.types import Fraction, Model


@node("DifferentialDiffusion", category="_for_testing", display_name="Differential Diffusion")
def differential_diffusion(
    *,
    model: Annotated[Model, Help("The model that the sampler uses.")],
    strength: Annotated[
        Fraction,
        Optional(),
        Help(
            "1: a grey value says from which step on a point may change; 0: masks are blended at each step, as usual."
        ),
    ] = 1.0,
) -> Model:
    """Read grey in masks as how much may change there: light parts are drawn from early on, dark ones late."""
    if not 0 <= strength <= 1:  # by a link, which validation cannot judge
        raise NodeInputError("strength", f"The strength is {strength:g}. Give a number from 0 to 1.")

    def at(run: MaskedRun, sigma: float) -> torch.Tensor:
        return change_map(run, sigma, strength)

    return model.with_tweak("differential diffusion", mask_at=at)
