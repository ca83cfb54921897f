"""`comfy.samplers`: the names of samplers and schedulers, and noise levels."""

from __future__ import annotations

from typing import Any

import torch

from models.sampling import samplers
from models.sampling.schedules import SCHEDULERS, sigmas
from packs.lacking import lacking

__getattr__ = lacking(__name__)

SAMPLER_NAMES: list[str] = list(samplers.SAMPLERS)
SCHEDULER_NAMES: list[str] = list(SCHEDULERS)
KSAMPLER_NAMES: list[str] = SAMPLER_NAMES
SCHEDULER_HANDLERS: dict[str, Any] = dict(SCHEDULERS)


class KSampler:
    """The lists that packs make combos of. A run is made by `nodes.common_ksampler`."""

    SAMPLERS = SAMPLER_NAMES
    SCHEDULERS = SCHEDULER_NAMES
    DISCARD_PENULTIMATE_SIGMA_SAMPLERS = frozenset(
        name for name, sampler in samplers.SAMPLERS.items() if sampler.skip_penultimate
    )


def calculate_sigmas(model_sampling: Any, scheduler_name: str, steps: int) -> torch.Tensor:
    """The noise levels [steps + 1] of a run, falling to 0; `model_sampling` is a MODEL or its `schedule`.

    Raises:
        KeyError: there is no such scheduler.
    """
    return sigmas(getattr(model_sampling, "schedule", model_sampling), scheduler_name, steps)


def sampler_object(name: str) -> Any:
    """A sampler by its name, as SAMPLER wires carry it.

    Raises:
        KeyError: there is no such sampler.
    """
    return samplers.SAMPLERS[name]


def ksampler(sampler_name: str, extra_options: dict[str, Any] | None = None, inpaint_options: Any = None) -> Any:
    """A sampler with options of its method set.

    Raises:
        KeyError: there is no such sampler.
    """
    del inpaint_options
    return samplers.SAMPLERS[sampler_name].with_options(**(extra_options or {}))
