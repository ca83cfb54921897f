"""Which autoencoders compute in float16 without overflowing.

Values inside SDXL's grow beyond 65504, the largest that float16 holds, and come out as NaN. A well-known fine-tuned one
(sdxl-vae-fp16-fix) gives almost the same pictures from smaller values inside. Its tensors have the same names and
shapes, and how far its weights are scaled down is not published, so nothing is guessed from weights: a VAE is taken for
one of that kind only where its file says so. A wrong word costs a second decoding, in float32 (`models.vae_codec`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from models.checkpoints.weights import Weights
from models.memory import DeviceMemory

NAMED = re.compile(r"fp16[-_. ]?(vae[-_. ]?)?fix", re.IGNORECASE)
FLOAT16 = "weft.vae.float16"  # the note of files saved by Weft
TITLE = "modelspec.title"


def with_float16_note(weights: Weights, settings: Mapping[str, Any]) -> Weights:
    """An autoencoder's tensors, whose notes say that it was made for float16 where anything says so.

    That is diffusers' setting `force_upcast: false`, a name like `sdxl-vae-fp16-fix` of the file or of the folder that
    it lies in, or the same in the title among its notes.
    """
    names = (weights.path.name, weights.path.parent.name, weights.metadata.get(TITLE, ""))
    if settings.get("force_upcast") is not False and not any(NAMED.search(name) for name in names):
        return weights
    return replace(weights, metadata={**weights.metadata, FLOAT16: "true"})


def survives_float16(metadata: Mapping[str, str]) -> bool:
    """Whether the notes of an autoencoder say that it was made for float16."""
    return metadata.get(FLOAT16) == "true"


def vae_dtype(memory: DeviceMemory, metadata: Mapping[str, str]) -> torch.dtype:
    """The format that an autoencoder computes in: float16, which is finer than bfloat16, where it survives that."""
    on_gpu = memory.device.type == "cuda" and memory.dtypes.model == torch.float16
    return torch.float16 if on_gpu and survives_float16(metadata) else memory.dtypes.vae
