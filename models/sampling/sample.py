"""One run of a sampler: from a latent on a wire, noise and prompts to a latent on a wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from models.sampling import schedules
from models.sampling.guiders import CfgGuider
from models.sampling.inpaint import KeepUnmasked, fit_mask, mask_at
from models.sampling.noise import noise_by_picture, seeded_noise
from models.sampling.run_start import RunStart
from models.sampling.samplers import SAMPLERS, Sampler
from models.sampling.steps import Step

if TYPE_CHECKING:
    from models.sampling.guiders import Conditioning, Guider
    from models.sampling.noise import Seeds
    from models.types import Model


def sample(
    model: Model,
    *,
    noise: torch.Tensor,
    latent: torch.Tensor,
    positive: Conditioning,
    negative: Conditioning,
    cfg: float,
    sampler: str,
    scheduler: str,
    steps: int,
    seed: Seeds,
    denoise: float = 1.0,
    start_step: int | None = None,
    end_step: int | None = None,
    force_full_denoise: bool = False,
    noise_mask: torch.Tensor | None = None,
) -> Iterator[Step]:
    """Denoise `latent` [B, 4, h, w] and yield every step; its tensors are in the latent's own (wire) units.

    The last step's `x` is the result. There may be no step at all (`denoise` 0, or a start at or beyond the last step),
    then the result is `latent` as it is: see `final_latent`.

    `noise` [B, 4, h, w] has unit variance; zeros continue a run that left noise in its latent. `start_step` and
    `end_step` cut a range out of the `steps`; `force_full_denoise` makes the range end without noise all the same.
    `noise_mask` [..., H, W], of any size, is 1 where the picture may change. `seed` seeds the noise that the
    sampler itself adds, also picture by picture. Raises KeyError for an unknown sampler or scheduler, ValueError for
    conditioning of another kind of model.
    """
    chosen = SAMPLERS[sampler]
    sigmas = schedules.sigmas(model.schedule, scheduler, steps, denoise, skip_penultimate=chosen.skip_penultimate)
    return sample_guided(
        CfgGuider(model, positive, negative, cfg),
        noise=noise,
        latent=latent,
        sampler=chosen,
        sigmas=cut(sigmas, start_step, end_step, force_full_denoise=force_full_denoise),
        seed=seed,
        noise_mask=noise_mask,
    )


def cut(
    sigmas: torch.Tensor, start_step: int | None, end_step: int | None, *, force_full_denoise: bool = False
) -> torch.Tensor:
    """Return the levels of the steps from `start_step` up to `end_step`; fewer than two when no step is left."""
    if end_step is not None and end_step < len(sigmas) - 1:
        sigmas = sigmas[: end_step + 1]
        if force_full_denoise:
            sigmas = torch.cat([sigmas[:-1], sigmas.new_zeros(1)])
    return sigmas[start_step or 0 :]


def sample_guided(
    guider: Guider,
    *,
    noise: torch.Tensor,
    latent: torch.Tensor,
    sampler: Sampler,
    sigmas: torch.Tensor,
    seed: Seeds,
    noise_mask: torch.Tensor | None = None,
) -> Iterator[Step]:
    """The same for a guider, sampler and noise levels [n] of one's own: falling, usually to 0.

    Levels that repeat the one before are left out, for there is nothing to do between them. Fewer than two of
    them: no step. Raises ValueError as well for a mask with a sampler that changes the latent's size.
    """
    sigmas = distinct(sigmas)
    if len(sigmas) < 2:
        return
    model = guider.model
    device, schedule, first = model.memory.device, model.schedule, sigmas[0].item()
    clean = model.scaled(latent.to(device, torch.float32))
    noise = noise.to(device, torch.float32)
    x = schedule.scale_noise(noise, clean, first, from_pure_noise=schedule.starts_from_pure_noise(first))
    if noise_mask is not None and sampler.resizes:
        raise ValueError(
            "This sampler enlarges the latents while it runs, so they can have no noise mask. Take it off."
        )
    mask = None if noise_mask is None else fit_mask(noise_mask, clean)
    denoiser = guider.denoiser(RunStart(clean, noise, mask, sigmas, seed if isinstance(seed, int) else seed[0]))
    if mask is not None:
        kept = _redrawn(noise.shape, seed).to(device) if sampler.redraw_masked else noise
        denoiser = KeepUnmasked(denoiser, schedule, clean, kept, mask_at(model, mask, sigmas))
    with model.memory.resident(model.network):
        for step in sampler.run(denoiser, x, sigmas, seed=seed, schedule=schedule):
            yield replace(step, x=model.unscaled(step.x), denoised=model.unscaled(step.denoised))


def _redrawn(shape: torch.Size, seed: Seeds) -> torch.Tensor:
    """Return other noise than that of the run: by the seeds after its own."""
    if isinstance(seed, int):
        return seeded_noise(shape, (seed + 1) % 2**64)
    return noise_by_picture(shape, [(one + 1) % 2**64 for one in seed])


def distinct(sigmas: torch.Tensor) -> torch.Tensor:
    """Return noise levels [n] without those that repeat the one before."""
    return torch.unique_consecutive(sigmas)


def noised(
    model: Model, noise: torch.Tensor, latent: torch.Tensor, sigma: float, *, pure: bool = False
) -> torch.Tensor:
    """Return `latent` [B, C, h, w] with noise of level `sigma`, both and the result in units of the wire.

    `pure`: where the level is the model's highest, as much as a run has that starts from nothing but noise.
    """
    starts_there = pure and model.schedule.starts_from_pure_noise(sigma)
    x = model.schedule.scale_noise(noise, model.scaled(latent.float()), sigma, from_pure_noise=starts_there)
    return model.unscaled(x)


def noise_in(model: Model, noisy: torch.Tensor, clean: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return the noise [B, C, h, w] that makes `noisy` of `clean` at level `sigma` of a run: undo `noised`."""
    starts_there = model.schedule.starts_from_pure_noise(sigma)
    zero, one = torch.zeros(1), torch.ones(1)
    strength = model.schedule.scale_noise(one, zero, sigma, from_pure_noise=starts_there).item()
    return (model.scaled(noisy.float()) - model.scaled(clean.float())) / strength


def final_latent(steps: Iterable[Step], latent: torch.Tensor) -> torch.Tensor:
    """Run to the end and return the result [B, 4, h, w] on the CPU: `latent` itself when there is no step."""
    for step in steps:
        latent = step.x
    return latent.cpu()
