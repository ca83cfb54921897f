"""The handle that travels on CONTROL_NET wires, and a ControlNet's use in conditioning."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from folders.digest import file_digest
from models.adapters.control_network import PIXELS, ControlNetwork
from models.adapters.controlnet_file import Base, read_controlnet
from models.memory import DeviceMemory
from models.resize import resize
from models.sdxl.config import UNetConfig
from models.sdxl.unet import Residuals
from models.types import Model
from models.weights_in_memory import memory_parts


@dataclass(frozen=True, eq=False)
class ControlNet:
    """A network that steers a model by a picture."""

    network: ControlNetwork
    memory: DeviceMemory
    dtype: torch.dtype  # of the computation
    name: str  # of the file
    digest: str

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, for caches that add up bytes."""
        return memory_parts(self.network)

    def check(self, model: Model) -> None:
        """Judge whether it can steer the model.

        Raises:
            ValueError: it was made for one of another shape; the message is a sentence.
        """
        own, wanted = self.network.config, model.config
        same = own.model_channels == wanted.model_channels and own.channel_mult == wanted.channel_mult
        same = same and own.num_res_blocks == wanted.num_res_blocks and own.in_channels == wanted.out_channels
        if same and own.context_dim in (0, wanted.context_dim) and own.adm_channels == wanted.adm_channels:
            return
        raise ValueError(
            f"The ControlNet {self.name} was made for another model: {_described(self.network.config)}, where this "
            f"model has {_described(wanted)}. Choose in ControlNetLoader one that was made for the model."
        )


def _described(config: UNetConfig) -> str:
    widths = ", ".join(str(mult * config.model_channels) for mult in config.channel_mult)
    prompts = f" and prompts {config.context_dim} values wide" if config.context_dim else ""
    return f"levels {widths} channels wide{prompts}"


@dataclass(frozen=True, eq=False)
class Control:
    """One picture that steers, as conditioning holds it. Several in a row add up."""

    net: ControlNet
    hint: Tensor  # [B, H, W, 3] in 0..1
    strength: float
    start_percent: float = 0.0
    end_percent: float = 1.0

    def at_size(self, height: int, width: int) -> Tensor:
        """The hint for a latent of that size, [B, 3, 8 height, 8 width]: cut to its shape, then resized."""
        return resize(self.hint.movedim(-1, 1), width * PIXELS, height * PIXELS, "nearest-exact", "center")

    def residuals(self, x: Tensor, hint: Tensor, timesteps: Tensor, context: Tensor, label: Tensor | None) -> Residuals:
        """What it adds, in the format of `x`; arguments as those of `ControlNetwork`, whatever their format."""
        kind = self.net.dtype
        with self.net.memory.computing(self.net.network) as network:
            added = network(
                x.to(kind),
                hint.to(x.device, kind),
                timesteps,
                context.to(kind),
                None if label is None else label.to(kind),
            )
        return Residuals([self.strength * one.to(x.dtype) for one in added.skips], self.strength * added.middle.to(x))


def load_controlnet(path: Path, memory: DeviceMemory, base: Model | None = None) -> ControlNet:
    """Load a ControlNet; `base` is the model for files that hold differences to its weights.

    Raises:
        CheckpointError: if the file is damaged or of another kind.
    """
    weight = None if base is None else _weights_of(base)
    network = read_controlnet(path, memory.dtypes.model, weight)
    return ControlNet(network, memory, memory.dtypes.model, path.name, file_digest(path))


def _weights_of(model: Model) -> Base:
    parameters = dict(model.network.named_parameters())

    def weight(name: str) -> Tensor | None:
        found = parameters.get(name)
        return None if found is None else model.memory.at_home(found).detach()

    return weight
