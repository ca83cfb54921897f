"""The tensors of handles: what LoRAs and merges make of them, in the format of the file that each came from."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from models.adapters.weight_patches import NO_PATCHES, Patches
from models.checkpoint import AbsentNetwork
from models.checkpoints.assemble import places_of
from models.checkpoints.origin import weight_at_home
from models.export.tensors import ExportError, Outgoing
from models.memory import DeviceMemory
from models.sdxl.text import Clip
from models.sdxl.text_encoder import TextEncoder
from models.types import Model, Vae


def unet_tensors(model: Model) -> dict[str, Outgoing]:
    """The denoising network under its official names, without a prefix."""
    return _tensors(model.network, model.memory, model.patches)


def vae_tensors(vae: Vae) -> dict[str, Outgoing]:
    """The autoencoder under its official names, without a prefix.

    Raises:
        ExportError: there is none.
    """
    if isinstance(vae.network, AbsentNetwork):
        raise ExportError(vae.network.sentence)
    return _tensors(vae.network, vae.memory, NO_PATCHES)


def text_tensors(clip: Clip, encoder: TextEncoder) -> dict[str, Outgoing]:
    """One encoder under the names of `transformers`, without `text_model.`."""
    return _tensors(encoder, clip.memory, clip.patches.get(encoder.role.name, NO_PATCHES))


def _tensors(network: nn.Module, memory: DeviceMemory, patches: Patches) -> dict[str, Outgoing]:
    found: dict[str, Outgoing] = {}
    for name, place in places_of(network).items():
        read = partial(weight_at_home, network, memory, name)
        kept = read()
        make = partial(_changed, name, read, memory, patches) if name in patches.changes else read
        found[place] = Outgoing(kept.dtype, tuple(kept.shape), make)
    return found


def _changed(name: str, read: partial[Tensor], memory: DeviceMemory, patches: Patches) -> Tensor:
    memory.interruption()
    with torch.no_grad():
        changed = patches.of(name, read().to(memory.device))
    if not changed.isfinite().all():
        raise ExportError(
            f"The changed weight {name} has values that {changed.dtype} cannot hold. Merge with smaller ratios, or "
            "models whose files are in float32."
        )
    return changed
