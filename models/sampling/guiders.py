"""Guiders: a model with its prompts and the way in which they guide. They travel on GUIDER wires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from models.sampling.asking import Asker
from models.sampling.conditions import Side, prepare
from models.sampling.guidance import Guidance

if TYPE_CHECKING:
    from models.sampling.run_start import RunStart
    from models.sampling.steps import Denoiser
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
        further = {
            prompts: prepare(self.model, [Side(prompts.entries, negative=True)], start)[0]
            for prompts in self.model.tweaks.prompts
        }
        return Guidance(Asker(self.model), wanted, unwanted, self.cfg, further)
