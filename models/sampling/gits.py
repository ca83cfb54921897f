"""GITS: noise levels found by following how trajectories bend (Chen et al. 2024, "On the Trajectory Regularity of
ODE-based Diffusion Sampling", arXiv 2405.11326, section 4).

The authors took trajectories of Stable Diffusion 1.5 in 100 small steps and searched, for each number of steps and each
coefficient, which of the 101 levels to keep. `data/gits.txt` holds what they found; the levels themselves follow
from the model's betas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch

from models.sampling.align_your_steps import stretched
from models.sampling.noise_schedule import scaled_linear_alphas_cumprod

TABLE = Path(__file__).with_name("data") / "gits.txt"
TEACHER_STEPS = 100


def gits_levels(coefficient: float, steps: int, denoise: float = 1.0) -> torch.Tensor:
    """Return falling float32 levels that end in 0: those of the last round(`steps` * `denoise`) of `steps`.

    A smaller `coefficient`, 0.80 to 1.50 by 0.05, dwells longer on high noise. Numbers of steps that were not
    searched for are interpolated from the next larger, or the largest. Raises KeyError for another coefficient.
    """
    found = _found()[round(coefficient * 100)]
    places = found.get(steps) or found[min((n for n in found if n > steps), default=max(found))]
    levels = _teacher_levels()
    return stretched([levels[place] for place in (0, *places, TEACHER_STEPS)], steps, denoise)


@cache
def _found() -> Mapping[int, Mapping[int, Sequence[int]]]:
    """The table: coefficient in hundredths -> number of steps -> places between the first and the last level."""
    found: dict[int, dict[int, Sequence[int]]] = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            coefficient, steps, *places = line.split()
            found.setdefault(round(float(coefficient) * 100), {})[int(steps)] = tuple(map(int, places))
    return found


def _teacher_levels() -> Sequence[float]:
    """The levels [101] at even times from the last timestep to the first; the logarithm of the signal is interpolated
    between timesteps (Lu et al. 2022, DPM-Solver, appendix D.4)."""
    log_signal = scaled_linear_alphas_cumprod().log().numpy() / 2
    at = np.linspace(len(log_signal) - 1, 0, TEACHER_STEPS + 1)
    between = np.interp(at, np.arange(len(log_signal)), log_signal)
    return (np.sqrt(-np.expm1(2 * between)) / np.exp(between)).tolist()
