"""`comfy.sample`: runs of samplers on bare latents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from models.sampling.guiders import CfgGuider
from models.sampling.noise import seeded_noise
from models.sampling.sample import cut, sample_guided
from models.sampling.samplers import SAMPLERS, Sampler
from models.sampling.schedules import sigmas as levels_of
from models.sampling.steps import Step
from models.types import Model
from packs.lacking import lacking

from .. import host

__getattr__ = lacking(__name__)

Callback = Callable[[int, torch.Tensor, torch.Tensor, int], Any]
"""Told of each step: its index, the clean latent as predicted, the noisy one, and how many steps there are."""


def prepare_noise(latent_image: torch.Tensor, seed: int, noise_inds: Sequence[int] | None = None) -> torch.Tensor:
    """Noise of unit variance [B, C, h, w] for a seed; `noise_inds` are the places in an imagined larger batch."""
    return seeded_noise(latent_image.shape, seed, None if noise_inds is None else [int(one) for one in noise_inds])


def fix_empty_latent_channels(model: Any, latent_image: torch.Tensor, *_options: Any) -> torch.Tensor:
    """Latents as they are: all models that Weft runs have the channels that empty latents have."""
    del model
    return latent_image


def sample(
    model: Model,
    noise: torch.Tensor,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent_image: torch.Tensor,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    noise_mask: torch.Tensor | None = None,
    sigmas: torch.Tensor | None = None,
    callback: Callback | None = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> torch.Tensor:
    """Denoise latents [B, C, h, w]; the result is on the CPU.

    Raises:
        KeyError: an unknown sampler or scheduler.
        Cancelled: the user cancelled the run.
    """
    chosen = SAMPLERS[sampler_name]
    if sigmas is None:
        skip = chosen.skip_penultimate
        whole = levels_of(model.schedule, scheduler, steps, denoise, skip_penultimate=skip)
        sigmas = cut(whole, start_step, last_step, force_full_denoise=force_full_denoise)
    drawn = torch.zeros_like(latent_image) if disable_noise else noise
    return sample_custom(
        model, drawn, cfg, chosen, sigmas, positive, negative, latent_image, noise_mask, callback, disable_pbar, seed
    )


def sample_custom(
    model: Model,
    noise: torch.Tensor,
    cfg: float,
    sampler: Sampler,
    sigmas: torch.Tensor,
    positive: Any,
    negative: Any,
    latent_image: torch.Tensor,
    noise_mask: torch.Tensor | None = None,
    callback: Callback | None = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> torch.Tensor:
    """Denoise latents [B, C, h, w] over noise levels of one's own; the result is on the CPU.

    Raises:
        Cancelled: the user cancelled the run.
    """
    run = sample_guided(
        CfgGuider(model, positive, negative, cfg),
        noise=noise,
        latent=latent_image,
        sampler=sampler,
        sigmas=sigmas,
        seed=seed or 0,
        noise_mask=noise_mask,
    )
    result = latent_image
    for step in _told(run, callback, silent=disable_pbar):
        result = step.x
    return result.cpu()


def _told(run: Iterator[Step], callback: Callback | None, *, silent: bool) -> Iterator[Step]:
    """The steps of a run; the callback tells of them, or without one the node's progress does."""
    context = host.context()
    for step in run:
        context.check_cancelled()
        if callback is not None:
            callback(step.index, step.denoised, step.x, step.total)
        elif not silent:
            context.progress(step.index + 1, step.total)
        yield step
