"""GLIGEN: things in boxes, by gated attention inside the UNet's transformers.

Li et al., "GLIGEN: Open-Set Grounded Text-to-Image Generation" (arXiv 2301.07093). Each box is a token made of what is
in it and where it is; every transformer block attends to these tokens between its attention to itself and to the
prompt, through a gate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.sdxl.unet import CrossAttention, FeedForward

FREQUENCIES = 8  # by which each of a box's four coordinates is embedded
TEMPERATURE = 100.0  # the largest of them is smaller than this
POSITION_WIDTH = FREQUENCIES * 2 * 4  # sines and cosines of four coordinates
BOXES = 30  # that every picture has; those that nobody asked for are empty
INNER = 512


class BoxNetwork(nn.Module):
    """Boxes and what is in them -> tokens."""

    def __init__(self, text: int, out: int) -> None:
        super().__init__()
        self.linears = nn.Sequential(
            nn.Linear(text + POSITION_WIDTH, INNER),
            nn.SiLU(),
            nn.Linear(INNER, INNER),
            nn.SiLU(),
            nn.Linear(INNER, out),
        )
        self.null_positive_feature = nn.Parameter(torch.zeros(text))
        self.null_position_feature = nn.Parameter(torch.zeros(POSITION_WIDTH))

    def forward(self, texts: Tensor, boxes: Tensor) -> Tensor:
        """texts `[n, text]`, boxes `[n, 4]` as x1, y1, x2, y2 in 0..1; n at most 30 -> `[1, 30, out]`."""
        empty = BOXES - len(texts)
        words = torch.cat([texts, self.null_positive_feature.expand(empty, -1)])
        places = torch.cat([sinusoids(boxes).to(texts), self.null_position_feature.expand(empty, -1)])
        return self.linears(torch.cat([words, places], dim=-1))[None]


def sinusoids(boxes: Tensor) -> Tensor:
    """boxes `[n, 4]` -> `[n, 64]`: for each frequency the sines of the four coordinates, then the cosines."""
    steps = torch.arange(FREQUENCIES, device=boxes.device) / FREQUENCIES
    angles = boxes.float()[:, None] * torch.exp(math.log(TEMPERATURE) * steps)[:, None]  # [n, 8, 4]
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


class Fuser(nn.Module):
    """Attention of a transformer block's tokens to themselves and to the boxes, and a feed-forward; both gated."""

    def __init__(self, channels: int, context: int, heads: int) -> None:
        super().__init__()
        self.linear = nn.Linear(context, channels)
        self.attn = CrossAttention(channels, channels, heads)
        self.ff = FeedForward(channels)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.alpha_attn = nn.Parameter(torch.zeros(()))
        self.alpha_dense = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, boxes: Tensor) -> Tensor:
        """x `[B, n, channels]`, boxes `[1, 30, context]` -> `[B, n, channels]`."""
        both = self.norm1(torch.cat([x, self.linear(boxes).expand(len(x), -1, -1)], dim=1))
        x = x + self.alpha_attn.tanh() * self.attn(both, both)[:, : x.shape[1]]
        return x + self.alpha_dense.tanh() * self.ff(self.norm2(x))


class GligenNetwork(nn.Module):
    """The boxes' network and a fuser for each transformer block; `sizes`: (channels, heads) of each."""

    def __init__(self, text: int, context: int, sizes: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.position_net = BoxNetwork(text, context)
        self.fusers = nn.ModuleList(Fuser(channels, context, heads) for channels, heads in sizes)
