"""Write the two single-file checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from models.sdxl.unet import UNet
from models.sdxl.vae import AutoencoderKL
from models.training.files import replacing
from models.training.official_layout import UNET, VAE, clip_g_tensors, clip_l_tensors, prefixed
from models.training.scenes import NATIVE_SIZE
from models.training.text_encoders import G_HEADS, L_HEADS, TextEncoders

BASE_FILE = "weft_base.safetensors"
REFINER_FILE = "weft_refiner.safetensors"
COMMAND = "python -m models.training.bundled --out models/bundled"
LICENCE = "CC0-1.0: trained from nothing on pictures drawn by the training script itself"


def _facts(unet: UNet, vae: AutoencoderKL, kind: str, figures: str) -> dict[str, str]:
    """What tensor shapes cannot tell, and where the file comes from."""
    return {
        "weft.bundled": kind,
        "weft.native_size": str(NATIVE_SIZE),
        "weft.unet.head_channels": str(unet.config.head_channels),
        "weft.unet.norm_groups": str(unet.config.norm_groups),
        "weft.vae.norm_groups": str(vae.config.norm_groups),
        "weft.clip_g.heads": str(G_HEADS),
        "weft.training.command": COMMAND,
        "weft.training.figures": figures,
        "weft.licence": LICENCE,
    }


def write_file(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write float16 tensors to a safetensors file that is whole or absent. Raises ValueError on infinite values."""
    halves = {name: tensor.detach().to(torch.float16).contiguous().clone() for name, tensor in tensors.items()}
    for name, tensor in halves.items():
        if not tensor.isfinite().all():
            raise ValueError(f"The tensor '{name}' has values that float16 cannot hold; nothing was written.")
    with replacing(path) as temporary:
        save_file(halves, temporary, dict(metadata))
        temporary.chmod(0o644)


def write_base(folder: Path, unet: UNet, vae: AutoencoderKL, encoders: TextEncoders, figures: str) -> Path:
    """UNet, both text encoders and VAE in one file of the official layout; gives its path."""
    tensors = prefixed(unet, UNET) | clip_l_tensors(encoders) | clip_g_tensors(encoders, 1) | prefixed(vae, VAE)
    facts = _facts(unet, vae, "base", figures) | {"weft.clip_l.heads": str(L_HEADS)}
    write_file(folder / BASE_FILE, tensors, facts)
    return folder / BASE_FILE


def write_refiner(folder: Path, unet: UNet, vae: AutoencoderKL, encoders: TextEncoders, figures: str) -> Path:
    """UNet, second text encoder and VAE in one file of the official layout; gives its path."""
    tensors = prefixed(unet, UNET) | clip_g_tensors(encoders, 0) | prefixed(vae, VAE)
    write_file(folder / REFINER_FILE, tensors, _facts(unet, vae, "refiner", figures))
    return folder / REFINER_FILE
