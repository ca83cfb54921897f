"""Schedulers that ask the model which noise levels it knows, or follow those that others found for it."""

from typing import Annotated, Literal

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models.sampling import schedules
from models.sampling.align_your_steps import AlignedModel, aligned_levels
from models.sampling.continuous_schedule import ContinuousSchedule
from models.sampling.gits import gits_levels
from nodes.custom_sampling.values import Sigmas
from nodes.sampling import SchedulerName, StepCount, check_names
from nodes.types import Fraction, Model

Scheduled = Annotated[Model, Help("The model whose noise levels are meant.")]
LastShare = Annotated[Fraction, Help("1: the whole run. Less: its end, for pictures that are to be changed.")]
Shape = Annotated[float, Range(0, 50, step=0.01, round=False)]


@node("BasicScheduler", category="sampling/custom_sampling/schedulers", display_name="BasicScheduler")
def basic_scheduler(
    *, model: Scheduled, scheduler: SchedulerName, steps: StepCount = 20, denoise: LastShare = 1.0
) -> Sigmas:
    """The noise levels of the KSampler's schedulers."""
    check_names(scheduler=scheduler)
    return schedules.basic_sigmas(model.schedule, scheduler, steps, denoise)


@node("BetaSamplingScheduler", category="sampling/custom_sampling/schedulers", display_name="BetaSamplingScheduler")
def beta_scheduler(
    *,
    model: Scheduled,
    steps: StepCount = 20,
    alpha: Annotated[Shape, Help("Below 1 steps crowd at low noise; above 1 they keep away from there.")] = 0.6,
    beta: Annotated[Shape, Help("The same at high noise.")] = 0.6,
) -> Sigmas:
    """Noise levels at the quantiles of a beta distribution of timesteps (Lee et al. 2024)."""
    for name, value in (("alpha", alpha), ("beta", beta)):
        if value <= 0:
            raise NodeInputError(name, f"A beta distribution needs a number above 0, and this is {value:g}. Raise it.")
    return schedules.beta(model.schedule, steps, alpha, beta)


@node("SDTurboScheduler", category="sampling/custom_sampling/schedulers", display_name="SDTurboScheduler")
def sd_turbo_scheduler(
    *,
    model: Scheduled,
    steps: Annotated[int, Range(1, 10), Help("Denoising steps: 1 to 4 are enough for turbo models.")] = 1,
    denoise: LastShare = 1.0,
) -> Sigmas:
    """The noise levels that SD-Turbo and SDXL-Turbo were distilled at."""
    if isinstance(model.schedule, ContinuousSchedule):
        raise NodeInputError(
            "model",
            "This model knows any noise level and no timesteps, at which turbo models were distilled. Use "
            "BasicScheduler or KarrasScheduler.",
        )
    return schedules.turbo_sigmas(model.schedule, steps, denoise)


@node("AlignYourStepsScheduler", category="sampling/custom_sampling/schedulers")
def align_your_steps_scheduler(
    *,
    model_type: Annotated[Literal["SD1", "SDXL", "SVD"], Help("The kind of model the levels were optimised for.")],
    steps: Annotated[StepCount, Help("Denoising steps; the levels were optimised for 10.")] = 10,
    denoise: LastShare = 1.0,
) -> Sigmas:
    """Noise levels optimised for good pictures in about ten steps (Align Your Steps, Sabour et al. 2024)."""
    kind: AlignedModel = model_type
    return aligned_levels(kind, steps, denoise)


@node("GITSScheduler", category="sampling/custom_sampling/schedulers")
def gits_scheduler(
    *,
    coeff: Annotated[
        float, Range(0.8, 1.5, step=0.05), Help("Smaller dwells longer on high noise, larger on low noise.")
    ] = 1.2,
    steps: Annotated[int, Range(2, 1000), Help("Denoising steps; the levels were searched for up to 20.")] = 10,
    denoise: LastShare = 1.0,
) -> Sigmas:
    """Noise levels where trajectories of Stable Diffusion 1.5 bend, for few steps (GITS, Chen et al. 2024)."""
    try:
        return gits_levels(coeff, steps, denoise)
    except KeyError as error:
        raise NodeInputError(
            "coeff", f"Levels were searched for coefficients from 0.8 to 1.5 in steps of 0.05, and not for {coeff:g}."
        ) from error
