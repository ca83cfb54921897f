"""Samplers: noise and prompts to latents."""

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import torch

from execution.fields import Choices, Help, Range, Seed
from execution.node import Context, NodeInputError, node
from models import types as handles
from models.sampling.noise import noise_by_picture, seeded_noise
from models.sampling.sample import sample
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import SCHEDULERS
from models.sampling.steps import Step
from nodes.latent import with_samples
from nodes.previews import LatentPreview
from nodes.types import Conditioning, Fraction, Latent, LatentValue, Model

StepCount = Annotated[int, Range(1, 10_000), Help("Denoising steps: more are finer and slower.")]
Guidance = Annotated[
    float, Range(0, 100, step=0.1, round=0.01), Help("How strongly prompts are followed; 1 is not at all strengthened.")
]
SamplerName = Annotated[str, Choices(tuple(SAMPLERS)), Help("The method that removes the noise.")]
SchedulerName = Annotated[str, Choices(tuple(SCHEDULERS)), Help("How the noise is divided among the steps.")]
Positive = Annotated[Conditioning, Help("What the picture should show.")]
Negative = Annotated[Conditioning, Help("What it should not show.")]
Start = Annotated[Latent, Help("What to begin with: blank latents, or those of a picture to change.")]
NoiseSeed = Annotated[int, Seed(), Help("Where the noise comes from: the same number gives the same picture.")]


@node("KSampler", category="sampling", display_name="KSampler")
def ksampler(
    *,
    model: Annotated[Model, Help("The model that removes the noise.")],
    seed: NoiseSeed = 0,
    steps: StepCount = 20,
    cfg: Guidance = 8.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Positive,
    negative: Negative,
    latent_image: Start,
    denoise: Annotated[
        Fraction,
        Help("How much is drawn anew: 1 everything, less keeps the shapes of the latents that it begins with."),
    ] = 1.0,
    ctx: Context,
) -> Latent:
    """Draw a picture: noise is added to the latents and removed step by step as the prompts say."""
    check_names(sampler_name, scheduler)
    if not 0 <= denoise <= 1:  # by a link, which validation cannot judge
        raise NodeInputError("denoise", f"denoise is {denoise:g}. Give a number from 0 (nothing) to 1 (everything).")
    latent = samples_for(model, latent_image)
    noise = noise_for(latent_image, seed)
    run = sample(
        model,
        noise=noise,
        latent=latent,
        positive=positive,
        negative=negative,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        steps=steps,
        seed=seeds_for(latent_image, seed),
        denoise=denoise,
        noise_mask=latent_image.get("noise_mask"),
    )
    return finished(run, model, latent_image, ctx)


@node("KSamplerAdvanced", category="sampling", display_name="KSampler (Advanced)")
def ksampler_advanced(
    *,
    model: Annotated[Model, Help("The model that removes the noise.")],
    add_noise: Annotated[
        Literal["enable", "disable"], Help("disable: the latents hold noise already, left by an earlier sampler.")
    ],
    noise_seed: NoiseSeed = 0,
    steps: StepCount = 20,
    cfg: Guidance = 8.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Positive,
    negative: Negative,
    latent_image: Start,
    start_at_step: Annotated[int, Range(0, 10_000), Help("The first step to do, of `steps`, from 0.")] = 0,
    end_at_step: Annotated[
        int, Range(0, 10_000), Help("The step to stop before; `steps` or more: to the end.")
    ] = 10_000,
    return_with_leftover_noise: Annotated[
        Literal["disable", "enable"],
        Help("enable: when stopping early, leave the rest of the noise for another sampler to go on with."),
    ],
    ctx: Context,
) -> Latent:
    """Do some of a picture's steps, so that another sampler or model can do the rest (SDXL base, then refiner)."""
    check_names(sampler_name, scheduler)
    if start_at_step >= min(end_at_step, steps):
        ctx.warn(
            f"No step is done: start_at_step is {start_at_step}, and the last of the {steps} steps to do is before "
            f"{min(end_at_step, steps)}. The latents are handed on as they are; lower start_at_step."
        )
    latent = samples_for(model, latent_image)
    noise = torch.zeros(latent.shape)
    if add_noise == "enable":
        noise = noise_for(latent_image, noise_seed)
    run = sample(
        model,
        noise=noise,
        latent=latent,
        positive=positive,
        negative=negative,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        steps=steps,
        seed=seeds_for(latent_image, noise_seed),
        start_step=start_at_step,
        end_step=end_at_step,
        force_full_denoise=return_with_leftover_noise == "disable",
        noise_mask=latent_image.get("noise_mask"),
    )
    return finished(run, model, latent_image, ctx)


def check_names(sampler: str | None = None, scheduler: str | None = None) -> None:
    """Judge names that came by a link, which validation cannot.

    Raises:
        NodeInputError: there is no such sampler or scheduler.
    """
    for input_name, name, known in (("sampler_name", sampler, SAMPLERS), ("scheduler", scheduler, SCHEDULERS)):
        if name is not None and name not in known:
            raise NodeInputError(input_name, f"There is no {name!r}. Choose one of {', '.join(known)}.")


def samples_for(model: handles.Model, latent: LatentValue) -> torch.Tensor:
    """The samples [B, C, h, w], if the model takes such.

    Raises:
        NodeInputError: they have another number of sides or channels.
    """
    samples, channels = latent["samples"], model.config.out_channels
    if samples.ndim != 4 or samples.shape[1] != channels:
        raise NodeInputError(
            "latent_image",
            f"These latents have the shape {list(samples.shape)}, but the model takes [batch, {channels}, height, "
            "width]. Use latents that were made for it.",
        )
    return samples


def seeds_for(latent: LatentValue, seed: int) -> int | list[int]:
    """What a sampler's own noise is seeded with: one number, or one for each picture where the latents say so."""
    offsets = latent.get("seed_offsets", ())
    if len(offsets) != len(latent["samples"]):  # none, or of a batch that has been changed since
        return seed
    return [(seed + offset) % 2**64 for offset in offsets]


def noise_for(latent: LatentValue, seed: int) -> torch.Tensor:
    """The noise that a run begins with, of the shape of the latents."""
    seeds = seeds_for(latent, seed)
    if isinstance(seeds, int):
        return seeded_noise(latent["samples"].shape, seeds, latent.get("batch_index"))
    return noise_by_picture(latent["samples"].shape, seeds)


class Result(NamedTuple):
    """The latents that a run left: with what noise is left, and as last predicted without."""

    latent: LatentValue
    denoised: LatentValue


def finished(run: Iterator[Step], model: handles.Model, start: LatentValue, ctx: Context) -> LatentValue:
    """Do all steps, telling progress and showing previews; cancelling stops before the next step.

    Raises:
        NodeInputError: the conditioning is not for this model.
        Cancelled: the user cancelled the run.
    """
    return run_through(run, model, start, ctx).latent


def run_through(
    run: Iterator[Step], model: handles.Model, start: LatentValue, ctx: Context, blamed: str = "positive"
) -> Result:
    """The same with both results; `blamed` is the input that the conditioning came by. No step: both are `start`."""
    ctx.check_cancelled()
    last: Step | None = None
    try:
        for last in run:
            ctx.preview(LatentPreview(last.denoised, last.index + 1, last.total, model.digest))
            ctx.progress(last.index + 1, last.total)
    except ValueError as error:  # what `sample` says of conditioning that does not fit
        raise NodeInputError(blamed, str(error)) from error
    if last is None:
        return Result(with_samples(start, start["samples"].cpu()), start)
    return Result(with_samples(start, last.x.cpu()), with_samples(start, last.denoised.cpu()))
