"""The network of a ControlNet that knows several kinds of pictures ("union", ControlNet++ of xinsir).

As a ControlNet, and besides: the kind is embedded as SDXL embeds numbers and added to the time; a small transformer
over the mean of the hint's features and a learned vector for the kind says by how much each channel of the features is
shifted. The names of modules are those of the published files.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.adapters.control_network import HINT_WIDTHS, ControlNetwork
from models.clip_block import ResidualAttentionBlock
from models.sdxl.config import UNetConfig
from models.sdxl.unet import Residuals, timestep_embedding

NUMBER_WIDTH = 256  # values that embed whether a kind is meant
HEADS = 8


class KindEmbedding(nn.Module):
    """Which kinds are meant, as a vector beside the time's."""

    def __init__(self, kinds: int, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(kinds * NUMBER_WIDTH, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, meant: Tensor) -> Tensor:
        """meant `[kinds]`, 1 or 0 -> `[1, width]`."""
        numbers = timestep_embedding(meant, NUMBER_WIDTH).reshape(1, -1).to(self.linear_1.weight.dtype)
        return self.linear_2(nn.functional.silu(self.linear_1(numbers)))


class UnionNetwork(ControlNetwork):
    """Residuals for a UNet, from a hint of one of several kinds."""

    def __init__(
        self,
        config: UNetConfig,
        widths: tuple[int, ...] = HINT_WIDTHS,
        *,
        short_middle: bool = False,
        kinds: int = 6,
        layers: int = 1,
    ) -> None:
        super().__init__(config, widths, short_middle=short_middle)
        width = config.model_channels
        self.kinds = kinds
        self.task_embedding = nn.Parameter(torch.zeros(kinds, width))
        self.transformer_layes = nn.Sequential(*(ResidualAttentionBlock(width, HEADS) for _ in range(layers)))
        self.spatial_ch_projs = nn.Linear(width, width)
        self.control_add_embedding = KindEmbedding(kinds, 4 * width)

    def forward(
        self,
        x: Tensor,
        hint: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None,
        kind: int | None = None,
    ) -> Residuals:
        """What to add. Arguments as those of `ControlNetwork`; `kind` None: the hint is taken as it is."""
        meant = torch.zeros(self.kinds, device=x.device)
        if kind is not None:
            meant[kind] = 1
        emb = self.embedding(x, timesteps, y) + self.control_add_embedding(meant)
        seen = self.input_hint_block(hint)
        if kind is not None:
            seen = seen + self._shift(seen, kind)[:, :, None, None]
        return self.run(x, emb, context, lambda: seen)

    def _shift(self, seen: Tensor, kind: int) -> Tensor:
        """What the transformer makes of the features `[B, C, h, w]` of a hint of that kind, `[B, C]`.

        Each hint is a sequence of one token. In the networks as published the latent's mean is a second one, but the
        attention runs over the batch there and mixes only what is the same, so this is equal.
        """
        mean = seen.mean(dim=(2, 3)) + self.task_embedding[kind]
        return self.spatial_ch_projs(self.transformer_layes(mean[:, None])[:, 0])
