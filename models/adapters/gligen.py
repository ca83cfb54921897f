"""GLIGEN models as they travel on GLIGEN wires, their files, and their use in a run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from folders.digest import file_digest
from models.adapters.gligen_network import BOXES, POSITION_WIDTH, GligenNetwork
from models.checkpoints.assemble import build_module
from models.checkpoints.diffusers_keys import official_unet_names
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal
from models.checkpoints.weights import Weights, open_weights
from models.loaded_network import LoadedNetwork
from models.memory import DeviceMemory
from models.sdxl.network_patches import NetworkPatch, Spot
from models.sdxl.unet import UNet
from models.types import Model

POSITION = "position_net."
MARK = POSITION + "null_positive_feature"
IMAGES_MARK = POSITION + "null_image_feature"
DIFFUSERS_MARK = "down_blocks.0.attentions.0.transformer_blocks.0.fuser.linear.weight"
FUSER = re.compile(r"(?:model\.diffusion_model\.)?((?:input_blocks|middle_block|output_blocks)\..+)\.fuser\.(.+)")
HEADS, HEAD_WIDTH, SD1_CONTEXT = 8, 64, 768  # SD 1.x has 8 heads everywhere, others heads of 64 channels
OTHERWISE = "Choose a GLIGEN model for text boxes, such as gligen_sd14_textbox_pruned.safetensors."


class Box(NamedTuple):
    """What shall be where, in units of the latent."""

    text: Tensor  # [1, width], the text encoder's pooled output before its projection
    height: int
    width: int
    y: int
    x: int


@dataclass(frozen=True, eq=False)
class Gligen(LoadedNetwork[GligenNetwork]):
    """A GLIGEN model."""

    places: Mapping[str, int]  # official name of a transformer block -> number of its fuser

    @property
    def text_width(self) -> int:
        """How wide the texts in boxes are."""
        return self.network.position_net.null_positive_feature.shape[0]

    def check(self, model: Model) -> None:
        """Judge whether it fits the model.

        Raises:
            ValueError: its fusers are for other transformer blocks; the message is a sentence.
        """
        blocks = dict(_blocks(model.network))
        norms = {place: f"fusers.{number}.norm1.weight" for place, number in self.places.items()}
        own = {place: self.network.get_parameter(norm).shape[0] for place, norm in norms.items()}
        if own != blocks:
            fitting = sum(blocks.get(place) == width for place, width in own.items())
            raise ValueError(
                f"The GLIGEN model {self.name} was made for another model: {fitting} of its {len(own)} gated "
                f"attentions fit one of this model's {len(blocks)} transformer blocks. Use the checkpoint that it was "
                "made for (SD 1.x), or choose another file in GLIGENLoader."
            )


def _blocks(network: torch.nn.Module) -> Iterator[tuple[str, int]]:
    assert isinstance(network, UNet)
    for name, module in network.named_modules():
        if re.fullmatch(r".+\.transformer_blocks\.\d+", name):
            norm = module.get_parameter("norm1.weight")
            yield name, norm.shape[0]


class BoxPatch(NetworkPatch):
    """A GLIGEN model's attention to a prompt's boxes."""

    def __init__(self, gligen: Gligen, boxes: Sequence[Box]) -> None:
        self._gligen = gligen
        self._boxes = tuple(boxes[:BOXES])

    def between(self, tokens: Tensor, spot: Spot) -> Tensor:
        """Let the tokens attend to the boxes."""
        stage = "middle_block" if spot.part == "middle" else f"{spot.part}_blocks.{spot.number}"
        number = self._gligen.places[f"{stage}.1.transformer_blocks.{spot.depth}"]
        kind = self._gligen.dtype
        with self._gligen.memory.computing(self._gligen.network) as network:
            made = network.fusers[number](tokens.to(kind), self._tokens(spot))
        return made.to(tokens)

    def _tokens(self, spot: Spot) -> Tensor:
        """The boxes' tokens, whose places are shares of the latent; made once for each size in a run."""
        notes, key = spot.call.notes, (id(self), spot.call.size)
        if key not in notes:
            height, width = spot.call.size
            corners = [
                (b.x / width, b.y / height, (b.x + b.width) / width, (b.y + b.height) / height) for b in self._boxes
            ]
            memory, kind = self._gligen.memory, self._gligen.dtype
            texts = torch.cat([box.text for box in self._boxes]).to(memory.device, kind)
            places = torch.tensor(corners).to(memory.device)
            notes[key] = self._gligen.network.position_net(texts, places)
        return notes[key]


def load_gligen(path: Path, memory: DeviceMemory) -> Gligen:
    """Load a GLIGEN model for boxes with texts.

    Raises:
        CheckpointError: if the file is damaged or of another kind.
    """
    weights = open_weights(path)
    if IMAGES_MARK in weights.shapes:
        raise CheckpointError(f"{path.name} is a GLIGEN model for boxes with pictures in them. {OTHERWISE}")
    if DIFFUSERS_MARK in weights.shapes:
        own = {name: name for name in weights.shapes if name.startswith(POSITION)}
        weights = weights.renamed({**official_unet_names(weights.shapes.keys()), **own})
    found = {name: match for name in weights.shapes if (match := FUSER.fullmatch(name))}
    if MARK not in weights.shapes or not found:
        raise CheckpointError(refusal(path.name, weights.shapes.keys(), "GLIGEN model", OTHERWISE))
    places = {place: number for number, place in enumerate(sorted({match[1] for match in found.values()}))}
    own = {name: name for name in weights.shapes if name.startswith(POSITION)}
    fusers = {f"fusers.{places[match[1]]}.{match[2]}": name for name, match in found.items()}
    named = weights.renamed({**own, **fusers})
    dtype = memory.dtypes.model
    network = build_module(lambda: _network(named, len(places)), named, dtype, "the GLIGEN model")
    return Gligen(network, memory, dtype, path.name, file_digest(path), places)


def _network(weights: Weights, count: int) -> GligenNetwork:
    shapes = weights.shapes
    text, context = shapes[MARK][0], shapes["position_net.linears.4.weight"][0]
    if shapes["position_net.linears.0.weight"][1] != text + POSITION_WIDTH:
        raise ValueError("Its boxes are embedded in another way than Weft knows.")
    told = weights.metadata.get("weft.unet.head_channels", "")
    widths = [shapes[f"fusers.{number}.linear.weight"][0] for number in range(count)]
    by_width = int(told) if told.isdigit() else None if context == SD1_CONTEXT else HEAD_WIDTH
    return GligenNetwork(text, context, [(width, width // by_width if by_width else HEADS) for width in widths])
