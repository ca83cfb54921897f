"""Guidance: from what the network says to each side's prompts to one prediction of the clean latent.

Classifier-free guidance (Ho & Salimans 2022) moves from the prediction for the negative prompts towards that for the
positive ones, and beyond. A model's tweaks may change both predictions, the formula, and what comes of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from models.sampling.steps import Prediction
from models.sampling.tweaks import FurtherPrompts, Guided

if TYPE_CHECKING:
    from models.sampling.asking import Asker, Sides
    from models.sampling.conditions import Condition
    from models.sampling.tweaks import Tweaks
    from models.sdxl.network_patches import NetworkPatch


class Guidance:
    """A `Denoiser`: a model, steered by prompts. The network must be on its device while this is called."""

    def __init__(
        self,
        asker: Asker,
        positive: Sequence[Condition],
        negative: Sequence[Condition],
        cfg: float,
        further: Mapping[FurtherPrompts, Sequence[Condition]] | None = None,  # of the model's tweaks
    ) -> None:
        self._asker = asker
        self._sides: Sides = (positive, negative)
        self._cfg = cfg
        self._further = further or {}

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction. At a scale of 1 negative prompts cancel out and are not asked."""
        if math.isclose(self._cfg, 1.0) and not self._asker.model.tweaks.needs_uncond:
            (cond,) = self._asker.predict(x, sigma, self._sides[:1])
            return self.guided(x, sigma, cond, torch.zeros_like(cond), both=False).denoised
        return self.pair(x, sigma).denoised

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the guided prediction and that for the negative prompts alone."""
        cond, uncond = self._asker.predict(x, sigma, self._sides)
        guided = self.guided(x, sigma, cond, uncond)
        return Prediction(guided.denoised, guided.uncond)

    def guided(
        self,
        x: torch.Tensor,
        sigma: float,
        cond: torch.Tensor,
        uncond: torch.Tensor,
        *,
        both: bool = True,
        tweaks: Tweaks | None = None,
    ) -> Guided:
        """Return what guidance makes of both sides' predictions; `tweaks` hold in place of the model's."""
        asker, model = self._asker, self._asker.model

        def ask(x: torch.Tensor, side: int | FurtherPrompts, patches: Sequence[NetworkPatch] = ()) -> torch.Tensor:
            if isinstance(side, int):
                return asker.predict(x, sigma, [self._sides[side]], patches, first=side)[0]
            return asker.predict(x, sigma, [self._further[side]], patches, first=len(self._sides))[0]

        state = Guided(x, sigma, self._cfg, cond, uncond, cond, model.schedule, ask, both, asker.notes)
        return guide(state, tweaks or model.tweaks)


def guide(state: Guided, tweaks: Tweaks) -> Guided:
    """Return `state` with the guided prediction, as the scale and the tweaks say."""
    for change in tweaks.before_guidance:
        cond, uncond = change(state)
        state = replace(state, cond=cond, uncond=uncond)
    if tweaks.guidance is not None:
        state = replace(state, denoised=tweaks.guidance(state))
    else:
        state = replace(state, denoised=state.uncond + (state.cond - state.uncond) * state.cfg)
    for change in tweaks.after_guidance:
        state = replace(state, denoised=change(state))
    return state
