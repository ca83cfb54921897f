"""How single files say which noise their model was trained on: by marks that all programs know, else by notes."""

from __future__ import annotations

import torch

from models.checkpoints.schedule import (
    COSXL_LEVELS,
    EDM_MEAN,
    EDM_STD,
    EDM_V_BOUNDS,
    PLAYGROUND_LEVELS,
    V_PREDICTION_MARK,
    ZERO_TERMINAL_SNR_MARK,
)
from models.checkpoints.schedule_note import LATENTS_NOTE, SCHEDULE_NOTE, note_of_latents, note_of_schedule
from models.export.tensors import Outgoing, of_tensor
from models.sampling.latent_statistics import PLAYGROUND_UNITS, LatentUnits
from models.sampling.schedule_facts import ScheduleFacts
from models.types import Family

NO_VALUES = torch.zeros(0)
PLAYGROUND_FACTS = ScheduleFacts("edm", "edm", False, 0, *PLAYGROUND_LEVELS)


def schedule_marks(facts: ScheduleFacts, units: LatentUnits | None) -> dict[str, Outgoing]:
    """The tensors beside the networks' by which programs know a model that predicts v, ends in nothing but noise
    (both empty), knows CosXL's kind of noise levels (their bounds), or is Playground v2.5 (its latents' statistics)."""
    marks: dict[str, torch.Tensor] = {}
    if facts.kind == "discrete" and facts.prediction == "v_prediction":
        marks[V_PREDICTION_MARK] = NO_VALUES
        if facts.zero_terminal:
            marks[ZERO_TERMINAL_SNR_MARK] = NO_VALUES
    if _like_cosxl(facts):
        bounds = (facts.sigma_min, facts.sigma_max)
        marks |= {name: torch.tensor(level) for name, level in zip(EDM_V_BOUNDS, bounds, strict=True)}
    if units is not None and units == PLAYGROUND_UNITS:
        for name, values in ((EDM_MEAN, units.statistics.mean), (EDM_STD, units.statistics.std)):
            marks[name] = torch.tensor(values).view(1, -1, 1, 1)
    return {name: of_tensor(value) for name, value in marks.items()}


def schedule_notes(facts: ScheduleFacts, units: LatentUnits | None, family: Family) -> dict[str, str]:
    """The notes that say to Weft what those marks do not."""
    notes = {} if marks_tell(facts, units, family) else {SCHEDULE_NOTE: note_of_schedule(facts)}
    if units is not None and units != PLAYGROUND_UNITS:
        notes[LATENTS_NOTE] = note_of_latents(units)
    return notes


def marks_tell(facts: ScheduleFacts, units: LatentUnits | None, family: Family) -> bool:
    """Whether the marks say it to all programs, or the lack of any does."""
    if units == PLAYGROUND_UNITS:
        return facts == PLAYGROUND_FACTS
    if facts.kind == "discrete" and facts.prediction == "v_prediction":
        return True
    # of SD 2.x without a mark, programs guess by its weights
    return _like_cosxl(facts) or (facts == ScheduleFacts() and family != "sd21")


def _like_cosxl(facts: ScheduleFacts) -> bool:
    data = COSXL_LEVELS[2]
    return facts.kind == "edm" and facts.prediction == "v_prediction" and facts.sigma_data == data
