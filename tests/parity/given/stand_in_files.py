"""Files for what a workflow needs and Weft does not bring: seeded random networks in the layouts of real files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from commands.workbench import BUNDLED
from folders.workspace import Workspace

NAME = "stand_in.safetensors"
PICTURE = "stand_in.png"
PICTURE_SIDE = 64
CONFIG = "v1-inference.yaml"


def _random(shapes: Mapping[str, tuple[int, ...]], seed: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: 0.05 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def upscaler() -> dict[str, Tensor]:
    """An ESRGAN network (RRDB) of one block that doubles each side."""
    wide, grow = 8, 32
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, takes: int, gives: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (gives, takes, 3, 3), (gives,)

    convolution("model.0", 3, wide)
    for block in (1, 2, 3):
        for layer in range(1, 6):
            name = f"model.1.sub.0.RDB{block}.conv{layer}.0"
            convolution(name, wide + (layer - 1) * grow, wide if layer == 5 else grow)
    for name, takes, gives in (("model.1.sub.1", wide, wide), ("model.3", wide, wide), ("model.5", wide, wide)):
        convolution(name, takes, gives)
    convolution("model.7", wide, 3)
    return _random(shapes)


MAKERS: Mapping[str, Callable[[], dict[str, Tensor]]] = MappingProxyType({"upscale_models": upscaler})


def lay_out(root: Path) -> Workspace:
    """A workspace with a file of every kind that the given workflows name."""
    for kind, maker in MAKERS.items():
        folder = root / "models" / kind
        folder.mkdir(parents=True)
        save_file(maker(), folder / NAME)
    for kind in ("diffusion_models", "text_encoders"):
        folder = root / "models" / kind
        folder.mkdir(parents=True)
        (folder / "weft_base.safetensors").symlink_to(BUNDLED / "weft_base.safetensors")
    _picture(root / "input")
    return Workspace(root, bundled=BUNDLED)


def _picture(folder: Path) -> None:
    """A picture of soft colours with a hole in its middle, so that its mask is one."""
    folder.mkdir(parents=True)
    across, down = np.meshgrid(np.linspace(0, 1, PICTURE_SIDE), np.linspace(0, 1, PICTURE_SIDE))
    hole = (np.hypot(across - 0.5, down - 0.5) < 0.25).astype(float)
    channels = np.stack([across, down, 1 - across, 1 - hole], axis=-1)
    Image.fromarray((255 * channels).astype(np.uint8), "RGBA").save(folder / PICTURE)
