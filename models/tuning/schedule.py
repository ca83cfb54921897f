"""How fast is learned at each step."""

from __future__ import annotations

import math

from models.tuning.settings import TrainSettings


def share_of_rate(settings: TrainSettings, step: int) -> float:
    """The share (0..1) of the full rate at a step, counted from 0: a line up, then level or half a cosine down to 0."""
    if step < settings.warmup:
        return (step + 1) / (settings.warmup + 1)
    if settings.schedule == "constant":
        return 1.0
    left = max(1, settings.steps - settings.warmup)
    return (1 + math.cos(math.pi * min(1.0, (step - settings.warmup) / left))) / 2
