"""The bundled upscaler: what it does to pictures that it has not seen."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from models.memory import DeviceMemory
from models.training.drawing import draw
from models.training.scenes import Framing, random_scene
from models.upscaling.enlarge import enlarge
from models.upscaling.network import load_upscaler

FILE = Path(__file__).parents[2] / "models" / "bundled" / "upscale_models" / "weft_upscale_4x.safetensors"


def decibels(made: Tensor, wanted: Tensor) -> float:
    return -10 * (made - wanted).square().mean().log10().item()


def test_it_comes_nearer_to_the_large_pictures_than_enlarging_smoothly_does():
    rng = random.Random(99)
    large = (draw([random_scene(rng) for _ in range(24)], [Framing()] * 24) + 1) / 2
    small = F.interpolate(large, scale_factor=0.25, mode="bilinear", antialias=True)
    model = load_upscaler(FILE, DeviceMemory.choose("cpu"))
    assert model.scale == 4
    made = enlarge(model, small.movedim(1, -1), lambda _done, _total: None).movedim(-1, 1)
    smooth = F.interpolate(small, scale_factor=4, mode="bicubic").clamp(0, 1)
    assert decibels(made, large) > decibels(smooth, large) + 3
    flat = torch.full((1, 16, 16, 3), 0.6)
    assert (enlarge(model, flat, lambda _done, _total: None) - 0.6).abs().max() < 0.05
