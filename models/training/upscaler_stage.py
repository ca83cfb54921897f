"""Train a small network that enlarges pictures four times."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.training.drawing import draw_mixture
from models.training.loop import Loop, Recipe

SCALE = 4
WIDTH, DEPTH = 24, 12  # channels, convolutions between the first and the last
_BATCH, _WINDOW = 16, 64  # pictures of a step, pixels of a side
_KERNELS = ("bilinear", "bicubic")
_SOFT = 0.3  # share of steps
_GRAIN = (0.0, 0.0, 0.004, 0.01)  # standard deviations


class CompactUpscaler(nn.Module):
    """Convolutions at the small size whose channels become the pixels of the large one, added to the picture enlarged.

    The "compact" layout of Real-ESRGAN (arXiv 2107.10833; Shi et al., arXiv 1609.05158, for the last step), so that
    whatever loads such files loads this one. Pictures are [B, 3, H, W] in 0..1.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 3, padding=1), nn.PReLU(WIDTH)]
        for _ in range(DEPTH):
            layers += [nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.PReLU(WIDTH)]
        self.body = nn.Sequential(*layers, nn.Conv2d(WIDTH, 3 * SCALE**2, 3, padding=1))
        for layer in self.body:
            if isinstance(layer, nn.Conv2d):  # the usual start loses half of the signal in each of so many layers
                nn.init.kaiming_normal_(layer.weight, a=0.25)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, 3, H, W] -> [B, 3, 4 H, 4 W]."""
        return F.pixel_shuffle(self.body(x), SCALE) + F.interpolate(x, scale_factor=SCALE, mode="nearest")


def degraded(pixels: Tensor, rng: random.Random) -> Tensor:
    """Pictures [B, 3, H, W] in 0..1 made four times smaller, some soft or slightly grainy, as small models' are."""
    noise = torch.Generator().manual_seed(rng.getrandbits(32))
    side = pixels.shape[-1]
    if rng.random() < _SOFT:  # an autoencoder's pictures are softer than their size
        half = F.interpolate(pixels, size=side // (SCALE * 2), mode="bilinear", antialias=True)
        small = F.interpolate(half, size=side // SCALE, mode="bilinear")
    else:
        small = F.interpolate(pixels, size=side // SCALE, mode=rng.choice(_KERNELS), antialias=True)
    return small + torch.randn(small.shape, generator=noise) * rng.choice(_GRAIN)


def example(step: int) -> tuple[Tensor, Tensor]:
    """Small pictures [16, 3, 16, 16] and the large ones [16, 3, 64, 64] that they came from, in 0..1."""
    rng = random.Random(step)
    large = (draw_mixture(_BATCH, rng) + 1) / 2
    top, left = (rng.randint(0, large.shape[-1] - _WINDOW) for _ in range(2))
    large = large[..., top : top + _WINDOW, left : left + _WINDOW]
    return degraded(large, rng), large


def train_upscaler(recipe: Recipe, work: Path) -> CompactUpscaler:
    """The averaged network. Resumes from `work`."""
    torch.manual_seed(5)
    network = CompactUpscaler()
    last = network.body[-1]
    assert isinstance(last, nn.Conv2d) and last.bias is not None
    nn.init.normal_(last.weight, std=0.005)  # it begins near enlarging without a change
    nn.init.zeros_(last.bias)
    loop = Loop("upscaler", network, recipe, work)
    for step in loop.steps():
        small, large = example(step)
        with torch.autocast("cpu", torch.bfloat16):
            made = loop.model(small)
        made = made.float()
        edges = sum(F.mse_loss(made.diff(dim=axis), large.diff(dim=axis)) for axis in (-1, -2))
        # Squares: absolute errors reward leaving the many flat pixels exactly as they are, and nothing is learned.
        loop.update(F.mse_loss(made, large) + edges)
    return loop.average


@torch.no_grad()
def judged(network: CompactUpscaler) -> str:
    """How near it comes to pictures that it has not seen, beside enlarging them as photo editors do."""
    small, large = (torch.cat(pictures) for pictures in zip(*map(example, range(-8, 0)), strict=True))
    bicubic = F.interpolate(small, scale_factor=SCALE, mode="bicubic").clamp(0, 1)
    ours, theirs = (-10 * (made - large).square().mean().log10() for made in (network(small).clamp(0, 1), bicubic))
    return f"{ours:.1f} dB, bicubic {theirs:.1f} dB"
