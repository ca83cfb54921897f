"""Nodes that cut, turn, extend and ask for noise levels."""

from typing import Annotated, NamedTuple

from execution.fields import Help, Name, Range
from execution.node import node
from models.sampling import sigma_edits
from models.sampling.sigma_edits import Spacing
from nodes.custom_sampling.values import EditedSigmas, Sigmas
from nodes.types import Fraction, Model


class TwoRuns(NamedTuple):
    """The levels of two runs, one after the other."""

    high_sigmas: Annotated[Sigmas, Name("high_sigmas"), Help("For the first run, which leaves noise.")]
    low_sigmas: Annotated[Sigmas, Name("low_sigmas"), Help("For the second, which goes on with DisableNoise.")]


@node("SplitSigmas", category="sampling/custom_sampling/sigmas", display_name="SplitSigmas")
def split_sigmas(
    *, sigmas: EditedSigmas, step: Annotated[int, Range(0, 10_000), Help("How many steps the first run does.")] = 0
) -> TwoRuns:
    """Divide the steps between two runs: of two models, or with something done in between."""
    return TwoRuns(*sigma_edits.split_at(sigmas, step))


@node("SplitSigmasDenoise", category="sampling/custom_sampling/sigmas", display_name="SplitSigmasDenoise")
def split_sigmas_denoise(
    *,
    sigmas: EditedSigmas,
    denoise: Annotated[Fraction, Help("The share of the steps that the second run does.")] = 1.0,
) -> TwoRuns:
    """Divide the steps between two runs by a share."""
    return TwoRuns(*sigma_edits.split_last(sigmas, denoise))


@node("FlipSigmas", category="sampling/custom_sampling/sigmas", display_name="FlipSigmas")
def flip_sigmas(*, sigmas: EditedSigmas) -> Sigmas:
    """Turn the order round: a run then finds the noise that leads to a picture, without adding any."""
    return sigma_edits.flipped(sigmas)


@node("SetFirstSigma", category="sampling/custom_sampling/sigmas", display_name="SetFirstSigma")
def set_first_sigma(
    *,
    sigmas: EditedSigmas,
    sigma: Annotated[float, Range(0, 20_000, step=0.001, round=False), Help("The level to begin with.")] = 136.0,
) -> Sigmas:
    """Begin at another noise level, as models that begin with pure noise want it."""
    return sigma_edits.with_first(sigmas, sigma)


@node("ExtendIntermediateSigmas", category="sampling/custom_sampling/sigmas", display_name="ExtendIntermediateSigmas")
def extend_intermediate_sigmas(
    *,
    sigmas: EditedSigmas,
    steps: Annotated[int, Range(1, 100), Help("How many steps each becomes.")] = 2,
    start_at_sigma: Annotated[
        float, Range(-1, 20_000, step=0.01, round=False), Help("The noise level to begin with; -1: the first.")
    ] = -1.0,
    end_at_sigma: Annotated[
        float, Range(0, 20_000, step=0.01, round=False), Help("The last noise level whose step is divided.")
    ] = 12.0,
    spacing: Annotated[Spacing, Help("cosine puts the new levels nearer to the lower one, sine to the higher one.")],
) -> Sigmas:
    """Divide steps between two noise levels into smaller ones."""
    start = float("inf") if start_at_sigma < 0 else start_at_sigma
    return sigma_edits.extended(sigmas, steps, start, end_at_sigma, spacing)


class SigmaValue(NamedTuple):
    """A noise level as a number."""

    sigma_value: Annotated[float, Name("sigma_value")]


@node("SamplingPercentToSigma", category="sampling/custom_sampling/sigmas", display_name="SamplingPercentToSigma")
def sampling_percent_to_sigma(
    *,
    model: Annotated[Model, Help("The model whose noise levels are meant.")],
    sampling_percent: Annotated[
        float, Range(0, 1, step=0.0001), Help("How much of the way from noise (0) to picture (1) is done.")
    ] = 0.0,
    return_actual_sigma: Annotated[
        bool, Help("On: 0 and 1 give the model's highest and least level, not one beyond any level and 0.")
    ] = False,
) -> SigmaValue:
    """The noise level at a share of the way, as start and end percentages are understood."""
    schedule = model.schedule
    if return_actual_sigma and sampling_percent in (0.0, 1.0):
        return SigmaValue(schedule.sigma_min if sampling_percent else schedule.sigma_max)
    return SigmaValue(schedule.percent_to_sigma(sampling_percent))
