"""Train the small autoencoder, then give its latents mean 0 and the variance that SDXL's scale expects."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from models.sdxl.config import VAEConfig
from models.sdxl.vae import AutoencoderKL
from models.training.drawing import draw_mixture
from models.training.identity_start import start_as_identity
from models.training.loop import Loop, Recipe

VAE = VAEConfig(channels=16, norm_groups=2)
LATENT_SCALE = 0.13025  # SDXL's: latents times this have unit variance
_BATCH, _CROP = 16, 64
_KL = 5e-5


def _crops(step: int) -> Tensor:
    """A batch of random 64-pixel windows, `[16, 3, 64, 64]`."""
    rng = random.Random(step)
    pixels = draw_mixture(_BATCH, rng)
    windows = []
    for picture in pixels:
        top, left = rng.randint(0, picture.shape[1] - _CROP), rng.randint(0, picture.shape[2] - _CROP)
        windows.append(picture[:, top : top + _CROP, left : left + _CROP])
    return torch.stack(windows)


def _gradients(pixels: Tensor) -> tuple[Tensor, Tensor]:
    return pixels.diff(dim=-1), pixels.diff(dim=-2)


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute and squared error, squared error of the 8x8 means (flat colours), absolute error of edges."""
    edges = sum(F.l1_loss(a, b) for a, b in zip(_gradients(made), _gradients(wanted), strict=True))
    means = F.mse_loss(F.avg_pool2d(made, 8), F.avg_pool2d(wanted, 8))
    return F.l1_loss(made, wanted) + 2 * F.mse_loss(made, wanted) + 2 * means + 0.3 * edges


def _loss(vae: AutoencoderKL, pixels: Tensor, generator: torch.Generator) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        mean, logvar = vae.posterior(pixels)
    mean, logvar = mean.float(), logvar.float()
    latents = mean + torch.exp(0.5 * logvar) * torch.randn(mean.shape, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        made = vae.decode(latents).float()
    divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return reconstruction_loss(made, pixels) + _KL * divergence


@torch.no_grad()
def psnr(vae: AutoencoderKL, pixels: Tensor) -> float:
    """Peak signal-to-noise ratio of `pixels` encoded and decoded, in dB."""
    error = (vae.decode(vae.encode(pixels)).clamp(-1, 1) - pixels).square().mean()
    return (10 * torch.log10(4 / error)).item()


@torch.no_grad()
def normalise_latents(vae: AutoencoderKL, pixels: Tensor) -> Tensor:
    """Fold the latents' mean and standard deviation over `pixels` into the two 1x1 convolutions.

    Returns the four standard deviations as they were: a channel far below the others is hardly used.
    """
    latents = torch.cat([vae.encode(part) for part in pixels.split(32)])
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    factor = LATENT_SCALE * deviation
    quant, post = vae.quant_conv, vae.post_quant_conv
    assert quant.bias is not None and post.bias is not None
    channels = len(mean)
    quant.weight[:channels] /= factor[:, None, None, None]
    quant.bias[:channels] = (quant.bias[:channels] - mean) / factor
    quant.bias[channels:] -= 2 * factor.log()
    post.bias += post.weight[:, :, 0, 0] @ mean
    post.weight *= factor[None, :, None, None]
    return deviation


def train_vae(work: Path, minutes: float) -> AutoencoderKL:
    """The trained autoencoder, its latents normalised; resumes from `work`."""
    torch.manual_seed(0)
    vae = AutoencoderKL(VAE).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    start_as_identity(vae)
    recipe = Recipe(minutes, peak_rate=1.5e-3, hold=0.2, warmup=50, ema=0.995)
    loop = Loop("vae", vae, recipe, work)
    sample = draw_mixture(48, random.Random(-1))
    for step in loop.steps():
        pixels = _crops(step).contiguous(memory_format=torch.channels_last)
        loop.update(_loss(vae, pixels, loop.generator))
        if step % 250 == 249:
            print(f"vae: {psnr(loop.average, sample[:32]):.1f} dB scenes, {psnr(loop.average, sample[32:]):.1f} free")
    deviation = normalise_latents(loop.average, draw_mixture(256, random.Random(-2)))
    print(f"vae: latent deviations {[round(value, 3) for value in deviation.tolist()]}", flush=True)
    return loop.average
