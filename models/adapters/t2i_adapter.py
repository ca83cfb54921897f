"""T2I-Adapters as they travel on CONTROL_NET wires."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from models.adapters.control import PIXELS, Prepared
from models.adapters.t2i_network import AdapterNetwork
from models.loaded_network import LoadedNetwork
from models.resize import resize
from models.sdxl.config import UNetConfig
from models.sdxl.unet import Residuals
from models.types import Model


@dataclass(frozen=True, eq=False)
class T2IAdapter(LoadedNetwork[AdapterNetwork]):
    """A network that steers a model by features of a picture, the same in every step."""

    def of_kind(self, kind: int | None) -> T2IAdapter:
        """As `Steerer.of_kind`."""
        raise ValueError(f"{self.name} is a T2I-Adapter, made for one kind of picture. Remove the node.")

    def for_model(self, model: Model) -> RunningAdapter:
        """As `Steerer.for_model`."""
        own = self.network.config
        places = _places(model.config, xl=own.xl)
        wanted = [width for _, width in places]
        if list(own.widths) != wanted:
            raise ValueError(
                f"The T2I-Adapter {self.name} was made for another model: its features are "
                f"{_listed(own.widths)} channels wide, where this model takes {_listed(wanted)} "
                f"({'an adapter for SDXL' if own.xl else 'an adapter for SD 1.x'}). Choose in ControlNetLoader one "
                "that was made for the model."
            )
        return RunningAdapter(self, tuple(place for place, _ in places))


def _listed(widths: tuple[int, ...] | list[int]) -> str:
    return ", ".join(map(str, widths))


def _places(config: UNetConfig, *, xl: bool) -> list[tuple[int | None, int]]:
    """Where the features go: (number among `input_blocks`, or None for the middle; channels there).

    SD 1.x: the last block of each level. SDXL: the first level after it was halved, since an adapter's squares are as
    large as that; the last block of each further level; and the middle.
    """
    stride = config.num_res_blocks + 1
    widths = [mult * config.model_channels for mult in config.channel_mult]
    ends: list[tuple[int | None, int]] = [
        (level * stride + config.num_res_blocks, width) for level, width in enumerate(widths)
    ]
    return [(stride, widths[0]), *ends[1:], (None, widths[-1])] if xl else ends


@dataclass(frozen=True, eq=False)
class RunningAdapter:
    """An adapter that steers a model: where each of its features goes."""

    adapter: T2IAdapter
    places: tuple[int | None, ...]

    @torch.no_grad()
    def prepare(self, picture: Tensor, height: int, width: int) -> Prepared:
        """The features. The picture is cut to the latent's shape from its middle and resized to whole squares."""
        config, adapter = self.adapter.network.config, self.adapter
        down, across = (math.ceil(side * PIXELS / config.patch) * config.patch for side in (height, width))
        sized = resize(picture, across, down, "nearest-exact", "center").float()
        if config.channels == 1:
            sized = sized.mean(dim=1, keepdim=True)
        with adapter.memory.computing(adapter.network) as network:
            return tuple(network(sized.to(adapter.memory.device, adapter.dtype)))

    def residuals(
        self, prepared: Prepared, x: Tensor, timesteps: Tensor, context: Tensor, label: Tensor | None
    ) -> Residuals:
        """The features at their places, in the format of `x`."""
        del timesteps, context, label
        last = max(place for place in self.places if place is not None)
        inputs: list[Tensor | None] = [None] * (last + 1)
        middle: Tensor | None = None
        for place, features in zip(self.places, prepared, strict=True):
            if place is None:
                middle = features.to(x)
            else:
                inputs[place] = features.to(x)
        return Residuals((), middle, inputs)
