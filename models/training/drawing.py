"""Scenes become pixels."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from models.training.scenes import COLOURS, NATIVE_SIZE, Framing, Scene, random_scene
from models.training.shapes import SHAPES, coverage


def _rgb(names: Sequence[str]) -> Tensor:
    """`[B, 3, 1, 1]` in -1..1."""
    return torch.tensor([COLOURS[name] for name in names])[:, :, None, None] / 127.5 - 1


def _resize(pixels: Tensor, size: int) -> Tensor:
    return F.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True)


def draw(scenes: Sequence[Scene], framings: Sequence[Framing]) -> Tensor:
    """Pictures of `scenes`, `[B, 3, 128, 128]` in -1..1.

    A crop moves the shape to the left and up: the picture is a window into a larger one. Where a framing was drawn
    small, the picture is blurred by losing detail to that size and being enlarged again.
    """
    centres = torch.tensor([scene.centre for scene in scenes])
    crops = torch.tensor([[left, top] for top, left in (framing.crop for framing in framings)])
    centres = centres - crops / NATIVE_SIZE
    radii = torch.tensor([scene.radius for scene in scenes])
    cover = torch.empty(len(scenes), 1, NATIVE_SIZE, NATIVE_SIZE)
    for shape in SHAPES:
        rows = [row for row, scene in enumerate(scenes) if scene.shape == shape]
        if rows:
            cover[rows, 0] = coverage(shape, centres[rows, 0], centres[rows, 1], radii[rows], NATIVE_SIZE)
    ground, figure = _rgb([scene.background for scene in scenes]), _rgb([scene.colour for scene in scenes])
    pixels = torch.lerp(ground.expand(-1, -1, NATIVE_SIZE, NATIVE_SIZE), figure, cover)
    for row, framing in enumerate(framings):
        if framing.drawn != NATIVE_SIZE:
            pixels[row] = _resize(_resize(pixels[row, None], framing.drawn), NATIVE_SIZE)[0]
    return pixels


def draw_anything(count: int, rng: random.Random) -> Tensor:
    """Pictures with no grammar (many shapes, any colours, shading, texture), `[B, 3, 128, 128]` in -1..1.

    They teach the autoencoder pictures that it will be given but that no caption here describes.
    """
    noise = torch.Generator().manual_seed(rng.getrandbits(32))

    def smooth(size: int) -> Tensor:
        return _resize(torch.rand(count, 3, size, size, generator=noise) * 2 - 1, NATIVE_SIZE)

    pixels = smooth(2)
    for _ in range(4):
        layer = smooth(rng.choice([1, 1, 2, 4, 24]))
        x, y = torch.rand(2, count, generator=noise)
        radius = torch.rand(count, generator=noise) * 0.35 + 0.06
        pixels = torch.lerp(pixels, layer, coverage(rng.choice(SHAPES), x, y, radius, NATIVE_SIZE)[:, None])
    grain = torch.randn(pixels.shape, generator=noise) * torch.rand(count, 1, 1, 1, generator=noise) * 0.05
    return (pixels + grain).clamp(-1, 1)


def draw_mixture(count: int, rng: random.Random, framing: Framing | None = None) -> Tensor:
    """What the autoencoder learns from: two thirds scenes, one third anything; `[B, 3, 128, 128]` in -1..1."""
    free = count // 3
    scenes = [random_scene(rng) for _ in range(count - free)]
    return torch.cat([draw(scenes, [framing or Framing()] * len(scenes)), draw_anything(free, rng)])
