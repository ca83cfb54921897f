"""Guiders: a model with its prompts and the way in which they guide. They travel on GUIDER wires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from models.sampling.asking import Asker
from models.sampling.conditions import Side, prepare
from models.sampling.dual_guidance import DualStyle, NestedDualGuidance, RegularDualGuidance
from models.sampling.guidance import Guidance
from models.sampling.perp_neg import PerpNegGuidance

if TYPE_CHECKING:
    from models.sampling.conditions import Condition
    from models.sampling.run_start import RunStart
    from models.sampling.steps import Denoiser
    from models.sampling.tweaks import FurtherPrompts
    from models.types import Model

Conditioning = Sequence[Sequence[Any]]


class Guider(Protocol):
    """Makes the denoiser of a run."""

    @property
    def model(self) -> Model:
        """The model that is guided."""
        ...

    def denoiser(self, start: RunStart) -> Denoiser:
        """Return what a sampler asks. Raises ValueError for conditioning of another kind of model."""
        ...


@dataclass(frozen=True, eq=False)
class CfgGuider:
    """Classifier-free guidance between positive and negative prompts."""

    model: Model
    positive: Conditioning
    negative: Conditioning
    cfg: float

    def denoiser(self, start: RunStart) -> Denoiser:
        """See `Guider`."""
        wanted, unwanted = prepare(self.model, [Side(self.positive), Side(self.negative, negative=True)], start)
        return Guidance(Asker(self.model), wanted, unwanted, self.cfg, _further(self.model, start))


@dataclass(frozen=True, eq=False)
class DualCfgGuider:
    """Guidance between three prompts with two scales; see `dual_guidance.py`."""

    model: Model
    positive: Conditioning
    middle: Conditioning
    negative: Conditioning
    cfg_upper: float  # from the middle to the positive prompts
    cfg_lower: float  # from the negative to the middle ones
    style: DualStyle = "regular"

    def denoiser(self, start: RunStart) -> Denoiser:
        """See `Guider`."""
        asker, further = Asker(self.model), _further(self.model, start)
        sides = _three(self.model, start, self.positive, self.negative, self.middle)
        positive, negative, middle = sides
        if self.style == "nested":
            upper = Guidance(asker, positive, middle, self.cfg_upper, further)
            return NestedDualGuidance(asker, upper, sides, self.cfg_lower)
        lower = Guidance(asker, middle, negative, self.cfg_lower, further)
        return RegularDualGuidance(asker, lower, sides, self.cfg_upper, self.cfg_lower)


@dataclass(frozen=True, eq=False)
class PerpNegGuider:
    """Guidance away from what of the negative prompts is at right angles to the positive ones; see `perp_neg.py`."""

    model: Model
    positive: Conditioning
    negative: Conditioning
    empty: Conditioning
    cfg: float
    neg_scale: float

    def denoiser(self, start: RunStart) -> Denoiser:
        """See `Guider`."""
        asker = Asker(self.model)
        sides = _three(self.model, start, self.positive, self.negative, self.empty)
        usual = Guidance(asker, sides[0], sides[1], self.cfg, _further(self.model, start))
        return PerpNegGuidance(asker, usual, sides, self.neg_scale)


def _three(
    model: Model, start: RunStart, positive: Conditioning, negative: Conditioning, third: Conditioning
) -> list[list[Condition]]:
    return prepare(model, [Side(positive), Side(negative, negative=True), Side(third, negative=True)], start)


def _further(model: Model, start: RunStart) -> dict[FurtherPrompts, list[Condition]]:
    """The prompts of the model's tweaks."""
    return {
        prompts: prepare(model, [Side(prompts.entries, negative=True)], start)[0] for prompts in model.tweaks.prompts
    }
