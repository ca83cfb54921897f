"""PhotoMaker v1: a person's pictures merged into one token of a prompt, as it travels on PHOTOMAKER wires.

Li et al., "PhotoMaker: Customizing Realistic Human Photos via Stacked ID Embedding" (arXiv 2312.04461). CLIP-L, trained
further, looks at a picture of the person; its embedding, projected twice to the widths of SDXL's two text encoders, is
fused with the token of the person's class ("man"). The names of modules are those of the authors' file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from folders.digest import file_digest
from models.checkpoints.assemble import build_module
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal
from models.checkpoints.pickles import is_pickle, load_pickle
from models.checkpoints.weights import Weights, open_weights
from models.loaded_network import LoadedNetwork
from models.memory import DeviceMemory
from models.vision.clip_network import VisionConfig, VisionNetwork, vision_config
from models.vision.pixels import clip_pixels

PART = "id_encoder"  # of the authors' pickle, beside a LoRA
MARK = "fuse_module.mlp1.fc1.weight"
SECOND_MARK = "visual_projection_2.weight"
V2_MARK = "qformer_perceiver."
OTHERWISE = "Choose PhotoMaker v1 for SDXL, photomaker-v1.bin."


class Mlp(nn.Module):
    """A norm and two linear layers, added to what came in where both are equally wide."""

    def __init__(self, takes: int, gives: int, *, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        self.layernorm = nn.LayerNorm(takes)
        self.fc1 = nn.Linear(takes, gives)
        self.fc2 = nn.Linear(gives, gives)

    def forward(self, x: Tensor) -> Tensor:
        made = self.fc2(F.gelu(self.fc1(self.layernorm(x))))
        return x + made if self.residual else made


class Fusion(nn.Module):
    """A prompt's token and a person's embedding -> the token of that person."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp1 = Mlp(2 * width, width, residual=False)
        self.mlp2 = Mlp(width, width, residual=True)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, token: Tensor, person: Tensor) -> Tensor:
        """Both `[B, width]`."""
        return self.layer_norm(self.mlp2(self.mlp1(torch.cat([token, person], dim=-1)) + token))


class IdentityNetwork(VisionNetwork):
    """An image encoder with a second projection and the fusion."""

    def __init__(self, config: VisionConfig, second: int) -> None:
        super().__init__(config)
        self.visual_projection_2 = nn.Linear(config.width, second, bias=False)
        self.fuse_module = Fusion(config.projection + second)

    def fuse(self, pixels: Tensor, token: Tensor) -> Tensor:
        """pixels `[1, 3, side, side]`, token `[1, width]` -> the person's token `[1, width]`."""
        seen = self(pixels)
        person = torch.cat([seen.embeds, self.visual_projection_2(seen.pooled)], dim=-1)
        return self.fuse_module(token, person)


@dataclass(frozen=True, eq=False)
class PhotoMaker(LoadedNetwork[IdentityNetwork]):
    """The encoder of a person's identity."""

    @torch.no_grad()
    def merged(self, states: Tensor, place: int, image: Tensor) -> Tensor:
        """A prompt's states [1, n, C] in which the token at `place` is the person's in `image` [1, H, W, C].

        Raises:
            ValueError: the prompt was encoded for another model.
        """
        wanted = self.network.fuse_module.layer_norm.normalized_shape[0]
        if states.shape[-1] != wanted:
            raise ValueError(
                f"{self.name} was made for prompts {wanted} values wide, this one is {states.shape[-1]}. Connect the "
                "CLIP of an SDXL base checkpoint."
            )
        pixels = clip_pixels(image[:1], self.network.config.side, "center")
        device = self.memory.device
        with self.memory.computing(self.network) as network:
            token = network.fuse(pixels.to(device, self.dtype), states[:, place].to(device, self.dtype))
        merged = states.clone()
        merged[:, place] = token.to(states)
        return merged


def load_photomaker(path: Path, memory: DeviceMemory) -> PhotoMaker:
    """Load PhotoMaker's encoder of identities; the LoRA in the same file is not part of it.

    Raises:
        CheckpointError: if the file is damaged or of another kind.
    """
    weights = _identity(path)
    if any(V2_MARK in name for name in weights.shapes):
        raise CheckpointError(f"{path.name} is PhotoMaker v2, which reads faces by another network. {OTHERWISE}")
    if MARK not in weights.shapes or SECOND_MARK not in weights.shapes:
        raise CheckpointError(refusal(path.name, weights.shapes.keys(), "PhotoMaker", OTHERWISE))
    dtype = memory.dtypes.text
    network = build_module(lambda: _network(weights), weights, dtype, "PhotoMaker")
    network.place_positions()
    return PhotoMaker(network, memory, dtype, path.name, file_digest(path))


def _network(weights: Weights) -> IdentityNetwork:
    return IdentityNetwork(vision_config(weights.shapes, weights.metadata), weights.shapes[SECOND_MARK][0])


def _identity(path: Path) -> Weights:
    """The encoder's tensors: below a name of the authors' pickle, or a file of their own."""
    pickled = False
    if path.is_file():
        with path.open("rb") as file:
            pickled = is_pickle(file.read(64))
    if not pickled:
        weights = open_weights(path)
        return weights.under(f"{PART}.") if f"{PART}.{MARK}" in weights.shapes else weights
    found = load_pickle(path)
    inner = found.get(PART, found) if isinstance(found, Mapping) else {}
    tensors = {name: one for name, one in inner.items() if isinstance(name, str) and isinstance(one, Tensor)}
    return Weights(path, {name: tuple(one.shape) for name, one in tensors.items()}, {}, tensors.__getitem__)
