"""Loading models from files: whole checkpoints, or one of their parts.

Every function reads official single files (safetensors; pickles without running their code) and what diffusers and
`transformers` save. Sizes are read off the tensors' shapes. Weights that need no conversion stay in the mapped file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch
from torch import nn

from folders.digest import file_digest
from models.checkpoints.assemble import build_text, build_unet, build_vae
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal, refuse_lookalikes
from models.checkpoints.image_statistics import image_statistics
from models.checkpoints.layout import Parts, TextPart, as_sdxl_pair, find_parts, find_text
from models.checkpoints.schedule import latent_units, noise_schedule
from models.checkpoints.vae_precision import vae_dtype, with_float16_note
from models.memory import DeviceMemory
from models.sdxl.config import SD21, SDXL_VAE, UNetConfig
from models.sdxl.text import Clip
from models.sdxl.tokenizer import ClipTokenizer
from models.types import Family, Model, Vae

__all__ = ["Checkpoint", "CheckpointError", "load_checkpoint", "load_clip", "load_unet", "load_vae"]

LATENT_SCALES: dict[Family, float] = {"sdxl": 0.13025, "sdxl_refiner": 0.13025, "sd15": 0.18215, "sd21": 0.18215}

REFINER_SIZES = 5 * 256  # values of the refiner's label vector that are not pooled text: five embedded numbers

SD_MODEL = "Choose a Stable Diffusion XL, 1.x or 2.x model."


class Checkpoint(NamedTuple):
    """The three parts of a checkpoint. A part that the file lacks says so when it is used."""

    model: Model
    clip: Clip
    vae: Vae


class AbsentNetwork(nn.Module):
    """Stands for a network that a checkpoint lacks: any use of it raises the sentence it was made with."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence

    def forward(self, *_inputs: object) -> NoReturn:
        raise CheckpointError(self.sentence)

    encode = decode = posterior = forward


def load_checkpoint(path: Path, memory: DeviceMemory, *, dtype: torch.dtype | None = None) -> Checkpoint:
    """Load a checkpoint file, or a folder that diffusers wrote. `dtype` overrides the denoising network's format.

    Raises:
        CheckpointError: if the file has no denoising network, or is damaged, hostile or of another family.
    """
    parts = find_parts(path)
    digest = file_digest(path)
    return Checkpoint(
        _model(parts, memory, digest, dtype or memory.dtypes.model),
        _clip(parts.texts, memory, digest, path.name),
        _vae(parts, memory, digest),
    )


def load_unet(path: Path, memory: DeviceMemory, *, dtype: torch.dtype | None = None) -> Model:
    """Load the denoising network alone, from a file or folder that holds nothing else, or a whole checkpoint.

    Raises:
        CheckpointError: as `load_checkpoint`.
    """
    return _model(find_parts(path), memory, file_digest(path), dtype or memory.dtypes.model)


def load_clip(paths: Sequence[Path], memory: DeviceMemory) -> Clip:
    """Load text encoders: one file (of any layout, or a whole checkpoint), or the two of SDXL base in any order.

    Raises:
        CheckpointError: if a file holds no text encoder that Weft knows.
    """
    found: list[TextPart] = []
    for path in paths:
        texts = find_text(path)
        if not texts:
            raise CheckpointError(refusal(path.name, find_parts(path).names, "CLIP text encoder", SD_MODEL))
        found.extend(texts)
    if len(paths) == 2 and len(found) == 2:
        found = as_sdxl_pair(*found)
    if len(found) > 2:
        raise CheckpointError(
            f"{' and '.join(path.name for path in paths)} hold {len(found)} text encoders together; at most two are "
            "used. Choose files of one encoder each."
        )
    digest = "+".join(file_digest(path) for path in paths)
    return _clip(found, memory, digest, paths[0].name)


def load_vae(path: Path, memory: DeviceMemory) -> Vae:
    """Load the autoencoder alone, from a file or folder that holds nothing else, or a whole checkpoint.

    Raises:
        CheckpointError: if there is none in it.
    """
    parts = find_parts(path)
    if parts.vae is None:
        raise CheckpointError(refusal(path.name, parts.names, "VAE", "Choose an SDXL, SD 1.x or SD 2.x VAE."))
    return _vae(parts, memory, file_digest(path))


def _model(parts: Parts, memory: DeviceMemory, digest: str, dtype: torch.dtype) -> Model:
    if parts.unet is None:
        raise CheckpointError(refusal(parts.path.name, parts.names, "Stable Diffusion model", SD_MODEL))
    refuse_lookalikes(parts.path.name, parts.names)
    network = build_unet(parts.unet.asking(memory.interruption), parts.unet_settings, dtype)
    family = family_of(network.config, parts)
    units = latent_units(parts)
    return Model(
        network=network,
        config=network.config,
        family=family,
        schedule=noise_schedule(parts, family),
        latent_scale=units.scale if units else LATENT_SCALES[family],
        memory=memory,
        dtype=dtype,
        digest=digest,
        latent_statistics=units.statistics if units else None,
        image_statistics=image_statistics(parts),
    )


def family_of(config: UNetConfig, parts: Parts) -> Family:
    """Families by what their networks take, so that small models of the same shape belong to them as well."""
    if not config.adm_channels:
        return "sd21" if config.linear_projection else "sd15"
    roles = [text.role.name for text in parts.texts]
    if "h" in roles or (not roles and config.context_dim == SD21.context_dim):  # Stable unCLIP 2.1
        return "sd21"
    if roles:
        return "sdxl_refiner" if roles == ["g"] else "sdxl"
    # the refiner is conditioned on one encoder alone, whose pooled output is as wide as its states
    return "sdxl_refiner" if config.adm_channels - REFINER_SIZES == config.context_dim else "sdxl"


def _clip(texts: Sequence[TextPart], memory: DeviceMemory, digest: str, file: str) -> Clip:
    return Clip(
        encoders=tuple(
            build_text(replace(text, weights=text.weights.asking(memory.interruption)), memory.dtypes.text)
            for text in texts
        ),
        tokenizer=ClipTokenizer(),
        memory=memory,
        dtype=memory.dtypes.text,
        digest=digest,
        absence=f"{file} has no text encoder. Load one with CLIPLoader or DualCLIPLoader and use its CLIP instead.",
    )


def _vae(parts: Parts, memory: DeviceMemory, digest: str) -> Vae:
    dtype = memory.dtypes.vae
    if parts.vae is None:
        sentence = f"{parts.path.name} has no VAE. Load one with VAELoader and use its VAE instead."
        return Vae(AbsentNetwork(sentence), SDXL_VAE, memory, dtype, digest)
    weights = with_float16_note(parts.vae.asking(memory.interruption), parts.vae_settings)
    dtype = vae_dtype(memory, weights.metadata)
    network = build_vae(weights, parts.vae_settings, dtype)
    return Vae(network, network.config, memory, dtype, digest)
