"""Base and refiner as SDXL's guides write them: by fractions of the way, without counting steps."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import torch

from execution.fields import Help, Name, Range
from execution.node import Context, NodeInputError, node
from models.sampling import schedules
from models.sampling.denoising_range import part, steps_before
from models.sampling.guiders import CfgGuider
from models.sampling.sample import noise_in
from models.sampling.samplers import SAMPLERS
from nodes.custom_sampling.noise import NoNoise, SeededNoise
from nodes.custom_sampling.sampling import sampled
from nodes.custom_sampling.values import NoiseValue, Sigmas
from nodes.latent import with_samples
from nodes.sampling import (
    Guidance,
    Negative,
    NoiseSeed,
    Positive,
    SamplerName,
    SchedulerName,
    check_names,
    samples_for,
)
from nodes.types import Fraction, Latent, LatentValue, Model

WholeRun = Annotated[int, Range(1, 10_000), Help("Steps of the whole run, base and refiner together.")]


class SplitRun(NamedTuple):
    """A run in two parts."""

    high_sigmas: Annotated[Sigmas, Name("high_sigmas"), Help("For the base's SamplerCustom.")]
    low_sigmas: Annotated[Sigmas, Name("low_sigmas"), Help("For the refiner's, which goes on without new noise.")]
    step: Annotated[
        int, Name("step"), Help("For KSampler (Advanced): the base's end_at_step and the refiner's start_at_step.")
    ]


@node("SplitAtFraction", category="sampling/custom_sampling/sigmas", display_name="Split Steps at Fraction")
def split_at_fraction(
    *,
    model: Annotated[Model, Help("The model whose noise levels are meant.")],
    scheduler: SchedulerName,
    steps: WholeRun = 25,
    fraction: Annotated[
        Fraction, Help("The part of the way that the base does: `denoising_end` and `denoising_start` of the guides.")
    ] = 0.8,
) -> SplitRun:
    """Divide a run between base and refiner at a fraction such as 0.8, to the same step as diffusers does."""
    check_names(scheduler=scheduler)
    sigmas = schedules.sigmas(model.schedule, scheduler, steps)
    step = steps_before(model.schedule, sigmas, fraction)
    return SplitRun(sigmas[: step + 1], sigmas[step:], step)


@node("KSamplerDenoisingRange", category="sampling", display_name="KSampler (Denoising Start/End)")
def ksampler_denoising_range(
    *,
    model: Annotated[Model, Help("The model that removes the noise: base or refiner.")],
    seed: NoiseSeed = 0,
    steps: WholeRun = 25,
    cfg: Guidance = 5.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Positive,
    negative: Negative,
    latent_image: Annotated[Latent, Help("For the base what to begin with, for the refiner what the base left.")],
    denoising_start: Annotated[
        Fraction, Help("Where on the way this model takes over. 0: it begins, and noise is added; the refiner: 0.8.")
    ] = 0.0,
    denoising_end: Annotated[
        Fraction, Help("Where it stops, leaving the rest of the noise to the next. The base: 0.8; the last one: 1.")
    ] = 1.0,
    original_latent: Annotated[
        Latent | None,
        Help("For inpainting, when `denoising_start` is above 0: the latents that the first model began with."),
    ] = None,
    ctx: Context,
) -> Latent:
    """Do a part of the way from noise to picture: base and refiner one after the other, both with the same steps."""
    check_names(sampler_name, scheduler)
    if denoising_start >= denoising_end:
        raise NodeInputError(
            "denoising_start",
            f"The part begins at {denoising_start:g} and ends at {denoising_end:g}, so there is nothing to do. Choose "
            "a start below the end: the end of one part is the start of the next.",
        )
    chosen = SAMPLERS[sampler_name]
    whole = schedules.sigmas(model.schedule, scheduler, steps, skip_penultimate=chosen.skip_penultimate)
    sigmas = part(model.schedule, whole, denoising_start, denoising_end)
    if len(sigmas) < 2:
        ctx.warn(f"None of the {steps} steps lies between {denoising_start:g} and {denoising_end:g}. Take more steps.")
        if denoising_start:
            return latent_image
    start: LatentValue = latent_image
    noise: NoiseValue = NoNoise(seed) if denoising_start else SeededNoise(seed)
    if denoising_start and original_latent is not None:
        start = _original(original_latent, latent_image)
        left = noise_in(model, samples_for(model, latent_image), samples_for(model, start), sigmas[0].item())
        noise = LeftNoise(seed, left)
    elif denoising_start and "noise_mask" in latent_image:
        ctx.warn(
            "What the mask keeps is taken from latents that still hold noise, and will look so. Connect the latents "
            "that the first model began with to `original_latent`."
        )
    return sampled(CfgGuider(model, positive, negative, cfg), noise, chosen, sigmas, start, ctx, "positive").output


@dataclass(frozen=True, eq=False)
class LeftNoise:
    """The noise that an earlier model left in its latents."""

    seed: int
    noise: torch.Tensor  # [B, C, h, w]

    def generate_noise(self, input_latent: LatentValue) -> torch.Tensor:
        """See `NoiseValue`."""
        del input_latent
        return self.noise


def _original(original: LatentValue, noisy: LatentValue) -> LatentValue:
    """The original latents, one for each of the noisy ones, with all else that these have, and a mask of either.

    Raises:
        NodeInputError: they are of another size.
    """
    samples, wanted = original["samples"], noisy["samples"].shape
    if samples.shape[1:] != wanted[1:] or len(samples) not in (1, wanted[0]):
        raise NodeInputError(
            "original_latent",
            f"These latents have the shape {list(samples.shape)}, but `latent_image` has {list(wanted)}. Connect those "
            "that the first model began with.",
        )
    start = with_samples(noisy, samples.expand(wanted))
    if "noise_mask" not in noisy and "noise_mask" in original:
        start["noise_mask"] = original["noise_mask"]
    return start
