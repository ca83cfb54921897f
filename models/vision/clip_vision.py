"""The handle that travels on CLIP_VISION wires, and what it says of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from folders.digest import file_digest
from models.loaded_network import LoadedNetwork
from models.memory import DeviceMemory
from models.vision.clip_file import read_clip_vision
from models.vision.clip_network import VisionNetwork
from models.vision.pixels import Crop, clip_pixels

BATCH = 8  # pictures looked at at once


@dataclass(frozen=True, eq=False)
class ClipVisionOutput:
    """What an image encoder says of B pictures; float32, in main memory.

    The names are those that node packs know, which also ask for them as items.
    """

    image_embeds: Tensor  # [B, P], in the space that texts and pictures share
    last_hidden_state: Tensor  # [B, 1 + patches, width], not normalised
    penultimate_hidden_states: Tensor  # the same after the layer before the last

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.__dataclass_fields__:
            raise KeyError(name)
        return getattr(self, name)


@dataclass(frozen=True, eq=False)
class ClipVision(LoadedNetwork[VisionNetwork]):
    """A CLIP image encoder."""

    @torch.no_grad()
    def encode(self, image: Tensor, crop: Crop = "center") -> ClipVisionOutput:
        """Look at image [B, H, W, C] in 0..1; `crop` as in `clip_pixels`."""
        pixels = clip_pixels(image, self.network.config.side, crop)
        parts: list[tuple[Tensor, Tensor, Tensor]] = []
        with self.memory.computing(self.network) as network:
            for start in range(0, len(pixels), BATCH):
                seen = network(pixels[start : start + BATCH].to(self.memory.device, self.dtype))
                parts.append((seen.embeds.float().cpu(), seen.last.float().cpu(), seen.penultimate.float().cpu()))
        return ClipVisionOutput(*(torch.cat(column) for column in zip(*parts, strict=True)))


def load_clip_vision(path: Path, memory: DeviceMemory) -> ClipVision:
    """Load an image encoder.

    Raises:
        CheckpointError: if the file is damaged or of another kind.
    """
    dtype = memory.dtypes.text
    return ClipVision(read_clip_vision(path, dtype), memory, dtype, path.name, file_digest(path))
