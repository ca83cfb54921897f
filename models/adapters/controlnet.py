"""ControlNets, of one kind of picture or of several (union), as they travel on CONTROL_NET wires."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from models.adapters.control import PIXELS, Prepared, each_residual
from models.adapters.control_network import ControlNetwork
from models.adapters.union_network import UnionNetwork
from models.adapters.weight_patches import NO_PATCHES, Patches
from models.loaded_network import LoadedNetwork
from models.resize import resize
from models.sdxl.config import UNetConfig
from models.sdxl.unet import Residuals
from models.types import Model


@dataclass(frozen=True, eq=False)
class ControlNet(LoadedNetwork[ControlNetwork]):
    """A network that steers a model by a picture."""

    pooled: bool = False  # whether it steers the whole picture alike, by the mean of what it says
    kind: int | None = None  # of picture, for a network of several kinds

    def of_kind(self, kind: int | None) -> ControlNet:
        """As `Steerer.of_kind`."""
        if not isinstance(self.network, UnionNetwork):
            raise ValueError(
                f"{self.name} was made for one kind of picture. Only union ControlNets are told the kind: remove the "
                "node, or load a union ControlNet."
            )
        known = self.network.kinds
        if kind is not None and kind >= known:
            raise ValueError(
                f"{self.name} knows the first {known} kinds of pictures only. Choose one of those, or load the ProMax "
                "version of the union ControlNet for tile and repaint."
            )
        return replace(self, kind=kind)

    def for_model(self, model: Model) -> RunningControlNet:
        """As `Steerer.for_model`."""
        own, wanted = self.network.config, model.config
        same = own.model_channels == wanted.model_channels and own.channel_mult == wanted.channel_mult
        # a model for inpainting has further channels, which a ControlNet does not see
        same = same and own.num_res_blocks == wanted.num_res_blocks and own.in_channels == wanted.out_channels
        if not same or own.context_dim not in (0, wanted.context_dim) or own.adm_channels != wanted.adm_channels:
            raise ValueError(
                f"The ControlNet {self.name} was made for another model: {described(own)}, where this model has "
                f"{described(wanted)}. Choose in ControlNetLoader one that was made for the model."
            )
        return RunningControlNet(self)


@dataclass(frozen=True, eq=False)
class RunningControlNet:
    """A ControlNet that steers a model, perhaps with changed weights."""

    net: ControlNet
    patches: Patches = NO_PATCHES

    def prepare(self, picture: Tensor, height: int, width: int) -> Prepared:
        """The hint [B, 3, 8 height, 8 width]: cut to the latent's shape from its middle, then resized."""
        return (resize(picture, width * PIXELS, height * PIXELS, "nearest-exact", "center"),)

    def residuals(
        self, prepared: Prepared, x: Tensor, timesteps: Tensor, context: Tensor, label: Tensor | None
    ) -> Residuals:
        """What it adds, in the format of `x`; arguments in any."""
        kind, net = self.net.dtype, self.net
        own_label = None if label is None else label.to(kind)
        with net.memory.computing(net.network, self.patches) as network:
            inputs = x.to(kind), prepared[0].to(x.device, kind), timesteps, context.to(kind), own_label
            added = network(*inputs, net.kind) if isinstance(network, UnionNetwork) else network(*inputs)
        return each_residual(added, lambda one: (_mean_everywhere(one) if net.pooled else one).to(x.dtype))


def _mean_everywhere(x: Tensor) -> Tensor:
    return x.mean(dim=(2, 3), keepdim=True).expand_as(x)


def described(config: UNetConfig) -> str:
    """A network's widths in words."""
    widths = ", ".join(str(mult * config.model_channels) for mult in config.channel_mult)
    prompts = f" and prompts {config.context_dim} values wide" if config.context_dim else ""
    return f"levels {widths} channels wide{prompts}"
