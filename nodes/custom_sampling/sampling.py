"""Sampling from parts: noise, a guider, a sampler and noise levels, each from a node of its own."""

from typing import Annotated, NamedTuple

from execution.fields import Help, Name
from execution.node import Context, node
from models.sampling import guiders
from models.sampling.guiders import CfgGuider
from models.sampling.sample import distinct, noised, sample_guided
from nodes.custom_sampling.noise import NoNoise, SeededNoise
from nodes.custom_sampling.values import Guider, Noise, NoiseValue, Sampler, Sigmas
from nodes.latent import with_samples
from nodes.sampling import Guidance, Negative, NoiseSeed, Positive, Start, run_through, samples_for, seeds_for
from nodes.types import Latent, LatentValue, Model

Method = Annotated[Sampler, Help("The method that removes the noise.")]
Levels = Annotated[Sigmas, Help("The noise levels to go through, from a scheduler.")]


class Sampled(NamedTuple):
    """What a run left, and what it took for the picture."""

    output: Annotated[Latent, Name("output"), Help("The latents after the last step, with what noise is left.")]
    denoised_output: Annotated[
        Latent, Name("denoised_output"), Help("The clean latents as last predicted: the picture so far, without noise.")
    ]


@node("SamplerCustom", category="sampling/custom_sampling", display_name="SamplerCustom")
def sampler_custom(
    *,
    model: Annotated[Model, Help("The model that removes the noise.")],
    add_noise: Annotated[bool, Help("Off: the latents hold noise already, left by an earlier sampler.")] = True,
    noise_seed: NoiseSeed = 0,
    cfg: Guidance = 8.0,
    positive: Positive,
    negative: Negative,
    sampler: Method,
    sigmas: Levels,
    latent_image: Start,
    ctx: Context,
) -> Sampled:
    """Draw a picture by a sampler and noise levels of one's own."""
    noise = SeededNoise(noise_seed) if add_noise else NoNoise(noise_seed)
    return sampled(CfgGuider(model, positive, negative, cfg), noise, sampler, sigmas, latent_image, ctx, "positive")


@node("SamplerCustomAdvanced", category="sampling/custom_sampling", display_name="SamplerCustomAdvanced")
def sampler_custom_advanced(
    *,
    noise: Annotated[Noise, Help("The noise to begin with.")],
    guider: Annotated[Guider, Help("The model with its prompts, and how they steer.")],
    sampler: Method,
    sigmas: Levels,
    latent_image: Start,
    ctx: Context,
) -> Sampled:
    """Draw a picture from parts that each come from a node of their own."""
    return sampled(guider, noise, sampler, sigmas, latent_image, ctx, "guider")


def sampled(
    guider: guiders.Guider,
    noise: NoiseValue,
    sampler: Sampler,
    sigmas: Sigmas,
    start: LatentValue,
    ctx: Context,
    blamed: str,
) -> Sampled:
    """Run through the levels; `blamed` is the input that the conditioning came by.

    Raises:
        NodeInputError: the latents or the conditioning are not for this model.
        Cancelled: the user cancelled the run.
    """
    samples = samples_for(guider.model, start)
    levels = distinct(sigmas)
    if len(levels) == 1:  # the first part of a run that was split before its first step: noise, and nothing removed
        noisy = noised(guider.model, noise.generate_noise(start), samples, levels[0].item(), pure=True)
        return Sampled(with_samples(start, noisy), with_samples(start, samples))
    run = sample_guided(
        guider,
        noise=noise.generate_noise(start),
        latent=samples,
        sampler=sampler,
        sigmas=levels,
        seed=seeds_for(start, noise.seed),
        noise_mask=start.get("noise_mask"),
    )
    return Sampled(*run_through(run, guider.model, start, ctx, blamed))
