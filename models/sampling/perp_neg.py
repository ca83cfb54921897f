"""Perp-Neg as a guider: the negative prompts take away only what the positive ones do not ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from models.patches.perp_neg import perpendicular_guidance
from models.sampling.steps import Prediction

if TYPE_CHECKING:
    from models.sampling.asking import Asker
    from models.sampling.conditions import Condition
    from models.sampling.guidance import Guidance
    from models.sampling.tweaks import Guided


class PerpNegGuidance:
    """A `Denoiser` after this rule; `usual` is guidance between the same positive and negative prompts."""

    def __init__(self, asker: Asker, usual: Guidance, sides: Sequence[Sequence[Condition]], neg_scale: float) -> None:
        self._asker, self._usual = asker, usual
        self._sides = sides  # positive, negative, empty
        self._neg_scale = neg_scale

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction."""
        return self.pair(x, sigma).denoised

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the same and the prediction for the negative prompts.

        Of the model's changes to guidance those hold that come after it: this rule is the guidance.
        """
        positive, negative, empty = self._asker.predict(x, sigma, self._sides)

        def rule(state: Guided) -> torch.Tensor:
            return perpendicular_guidance(state.cond, state.uncond, empty, self._neg_scale, state.cfg)

        tweaks = replace(self._asker.model.tweaks, before_guidance=(), guidance=rule)
        return Prediction(self._usual.guided(x, sigma, positive, negative, tweaks=tweaks).denoised, negative)
