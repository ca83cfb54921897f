"""Prompts made ready and guidance, for tests that need no whole run."""

from __future__ import annotations

import torch

from models.sampling import conditions
from models.sampling.asking import Asker
from models.sampling.conditions import Condition, Side
from models.sampling.guidance import Guidance
from models.sampling.run_start import RunStart
from models.types import Model


def prepare(model: Model, positive, negative, size) -> tuple[list[Condition], list[Condition]]:
    """The conditions of both sides for latents of (height, width)."""
    blank = torch.zeros(1, 4, *size)
    start = RunStart(blank, blank, None, torch.tensor([14.6, 0.0]), 0)
    wanted, unwanted = conditions.prepare(model, [Side(positive), Side(negative, negative=True)], start)
    return wanted, unwanted


def guidance(model: Model, prepared: tuple[list[Condition], list[Condition]], cfg: float) -> Guidance:
    """A denoiser of a model and conditions."""
    return Guidance(Asker(model), *prepared, cfg)
