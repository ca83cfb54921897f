"""Guidance between three prompts: InstructPix2Pix's (Brooks et al. 2022, arXiv 2211.09800, equation 3), and nested."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch

from models.sampling.steps import Prediction

if TYPE_CHECKING:
    from models.sampling.asking import Asker
    from models.sampling.conditions import Condition
    from models.sampling.guidance import Guidance

DualStyle = Literal["regular", "nested"]


class RegularDualGuidance:
    """A `Denoiser`: guidance from the negative to the middle prompts, and from there on towards the positive ones.

    denoised = negative + (middle - negative) * lower + (positive - middle) * upper
    """

    def __init__(
        self, asker: Asker, lower: Guidance, sides: Sequence[Sequence[Condition]], cfg_upper: float, cfg_lower: float
    ) -> None:
        self._asker, self._lower = asker, lower  # guidance between the middle and the negative prompts
        self._sides = sides  # positive, negative, middle
        self._cfg_upper, self._cfg_lower = cfg_upper, cfg_lower

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction. Sides that cancel out at scales of 1 are not asked."""
        if self._asker.model.tweaks.needs_uncond or not math.isclose(self._cfg_lower, 1.0):
            return self.pair(x, sigma).denoised
        positive, nothing = self._sides[0], ()
        middle = nothing if math.isclose(self._cfg_upper, 1.0) else self._sides[2]
        return self._guided(x, sigma, (positive, nothing, middle), both=False).denoised

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the same and the prediction for the negative prompts."""
        return self._guided(x, sigma, self._sides)

    def _guided(
        self, x: torch.Tensor, sigma: float, sides: Sequence[Sequence[Condition]], *, both: bool = True
    ) -> Prediction:
        positive, negative, middle = self._asker.predict(x, sigma, sides)
        lower = self._lower.guided(x, sigma, middle, negative, both=both)
        return Prediction(lower.denoised + (positive - middle) * self._cfg_upper, lower.uncond)


class NestedDualGuidance:
    """A `Denoiser`: guidance from the middle to the positive prompts; its result takes the positive side's place in
    guidance away from the negative ones.
    """

    def __init__(self, asker: Asker, upper: Guidance, sides: Sequence[Sequence[Condition]], cfg_lower: float) -> None:
        self._asker, self._upper = asker, upper  # guidance between the positive and the middle prompts
        self._sides = sides  # positive, negative, middle
        self._cfg_lower = cfg_lower

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction."""
        return self.pair(x, sigma).denoised

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the same and the prediction for the middle prompts."""
        positive, negative, middle = self._asker.predict(x, sigma, self._sides)
        upper = self._upper.guided(x, sigma, positive, middle)
        return Prediction(negative + (upper.denoised - negative) * self._cfg_lower, upper.uncond)
