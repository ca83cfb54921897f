"""Files for what a workflow needs and Weft does not bring: seeded random networks in the layouts of real files."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from commands.workbench import BUNDLED
from execution.stand_ins import BASE
from folders.workspace import Workspace
from models.checkpoint import load_checkpoint
from models.memory import DeviceMemory
from tests.models.small_adapters import (
    write_clip_vision,
    write_gligen,
    write_photomaker,
    write_style_model,
    write_unclip_checkpoint,
)

NAME = "stand_in.safetensors"


def lay_out(root: Path) -> Workspace:
    """A workspace with a file of every kind that workflows name and Weft does not bring; they fit the bundled base."""
    config = load_checkpoint(BUNDLED / BASE, DeviceMemory.choose("cpu")).model.config
    models, context = root / "models", config.context_dim
    pooled = config.adm_channels - 6 * 256
    write_clip_vision(models / "clip_vision" / NAME, projection=pooled)
    write_unclip_checkpoint(models / "checkpoints" / NAME)
    write_style_model(models / "style_models" / NAME, context=context)
    write_gligen(models / "gligen" / NAME, config, pooled=pooled)
    write_photomaker(models / "photomaker" / "stand_in.bin", context=context)
    _save(_upscaler(), models / "upscale_models" / NAME)
    _write_hypernetwork(models / "hypernetworks" / "stand_in.pt", context)
    return Workspace(root, bundled=BUNDLED)


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True)
    save_file(tensors, path)


def _random(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {name: 0.05 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def _upscaler() -> dict[str, Tensor]:
    """An ESRGAN network (RRDB) of one block that doubles each side, under the names of its first authors."""
    wide, grow = 8, 32
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, takes: int, gives: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (gives, takes, 3, 3), (gives,)

    convolution("model.0", 3, wide)
    for block in (1, 2, 3):
        for layer in range(1, 6):
            name = f"model.1.sub.0.RDB{block}.conv{layer}.0"
            convolution(name, wide + (layer - 1) * grow, wide if layer == 5 else grow)
    for name in ("model.1.sub.1", "model.3", "model.5"):
        convolution(name, wide, wide)
    convolution("model.7", wide, 3)
    return _random(shapes)


def _write_hypernetwork(path: Path, context: int) -> None:
    """Networks of two layers for the prompt's tokens, as A1111's web interface writes them."""
    layers = {"linear.0": (2 * context, context), "linear.1": (context, 2 * context)}
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": shape for name, shape in layers.items()}
    shapes |= {f"{name}.bias": shape[:1] for name, shape in layers.items()}
    path.parent.mkdir(parents=True)
    torch.save({context: [_random(shapes), _random(shapes)], "activation_func": "relu"}, path)
