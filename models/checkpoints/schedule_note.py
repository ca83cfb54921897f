"""Notes in a file's header that say what its model was trained on, where the marks that all programs know do not."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from models.sampling.latent_statistics import LatentStatistics, LatentUnits
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.predictions import Prediction
from models.sampling.schedule_facts import Kind, ScheduleFacts

SCHEDULE_NOTE = "weft.schedule"
LATENTS_NOTE = "weft.latents"


def note_of_schedule(facts: ScheduleFacts) -> str:
    """The note's text."""
    return json.dumps(asdict(facts))


def noted_schedule(metadata: Mapping[str, str]) -> NoiseSchedule | None:
    """The schedule that a file's notes speak of; None where they do not, or make no sense."""
    told = _object(metadata.get(SCHEDULE_NOTE, ""))
    kind: Any = told.get("kind")
    prediction: Any = told.get("prediction")
    steps, *numbers = (told.get(key) for key in ("steps", "sigma_min", "sigma_max", "sigma_data"))
    levels = _numbers(numbers)
    if kind not in get_args(Kind) or prediction not in get_args(Prediction) or type(steps) is not int or not levels:
        return None
    try:
        return ScheduleFacts(kind, prediction, told.get("zero_terminal") is True, steps, *levels).schedule()
    except ValueError:
        return None


def note_of_latents(units: LatentUnits) -> str:
    """The note's text."""
    return json.dumps({"mean": units.statistics.mean, "std": units.statistics.std, "scale": units.scale})


def noted_latents(metadata: Mapping[str, str]) -> LatentUnits | None:
    """The units of latents that a file's notes speak of; None where they do not, or make no sense."""
    told = _object(metadata.get(LATENTS_NOTE, ""))
    mean, std, scale = _numbers(told.get("mean")), _numbers(told.get("std")), _numbers([told.get("scale")])
    if not mean or len(mean) != len(std) or not all(std) or not all(scale):
        return None
    return LatentUnits(LatentStatistics(mean, std), *scale) if scale else None


def _object(text: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _numbers(value: object) -> tuple[float, ...]:
    """A list of finite numbers; empty if it is something else."""
    if not isinstance(value, list) or not all(type(one) in (int, float) and math.isfinite(one) for one in value):
        return ()
    return tuple(float(one) for one in value)
