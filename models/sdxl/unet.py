"""The denoising UNet of Stable Diffusion XL, 1.x and 2.x.

Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models" (arXiv 2112.10752); Podell et al.,
"SDXL" (arXiv 2307.01952). The names of modules are those of the official single files, so that the tensors under
`model.diffusion_model.` are assigned without renaming. Shapes come from `UNetConfig` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention import attention
from models.sdxl.config import UNetConfig
from models.sdxl.network_patches import QKV, UNPATCHED, Attention, NetworkCall, Part, Spot


def timestep_embedding(timesteps: Tensor, width: int) -> Tensor:
    """Sinusoids of `timesteps` [B] at `width / 2` frequencies from 1 to 1/10000, cosines first.

    Always float32 [B, width]: at timestep 999 a half-precision angle would be off by a quarter of a radian.
    The same formula embeds SDXL's sizes (Vaswani et al., section 3.5).
    """
    half = width // 2
    exponents = torch.arange(half, dtype=torch.float32, device=timesteps.device) / half
    angles = timesteps.float()[:, None] * torch.exp(-math.log(10_000) * exponents)[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class ResBlock(nn.Module):
    """Two convolutions with the time embedding added between them, beside a skip connection."""

    def __init__(self, in_channels: int, out_channels: int, emb_channels: int, groups: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            nn.GroupNorm(groups, in_channels), nn.SiLU(), nn.Conv2d(in_channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb_channels, out_channels))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(groups, out_channels),
            nn.SiLU(),
            nn.Identity(),  # where the official networks had dropout: keeps the convolution's index 3
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
        )
        same = in_channels == out_channels
        self.skip_connection = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """x `[B, in, h, w]`, emb `[B, emb]` -> `[B, out, h, w]`."""
        h = self.in_layers(x) + self.emb_layers(emb)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class CrossAttention(nn.Module):
    """Attention from `x` to `context` (to itself where the two are one)."""

    def __init__(self, channels: int, context_dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context_dim, channels, bias=False)
        self.to_v = nn.Linear(context_dim, channels, bias=False)
        self.to_out = nn.Sequential(nn.Linear(channels, channels))

    def forward(self, x: Tensor, context: Tensor, which: Attention = "cross", spot: Spot = UNPATCHED) -> Tensor:
        """x `[B, n, channels]`, context `[B, m, context_dim]` -> `[B, n, channels]`."""
        if not spot.call.patches:
            return self.to_out(attention(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))
        return self._patched(QKV(x, context, context), which, spot)

    def _patched(self, tokens: QKV, which: Attention, spot: Spot) -> Tensor:
        run: Callable[[QKV], Tensor] = partial(self._innermost, which=which, spot=spot)
        for patch in reversed(spot.call.patches):
            run = partial(patch.around, which, spot=spot, rest=run)
        return run(tokens)

    def _innermost(self, tokens: QKV, which: Attention, spot: Spot) -> Tensor:
        projected = QKV(self.to_q(tokens.q), self.to_k(tokens.k), self.to_v(tokens.v))
        answers = (patch.attend(which, projected, self.heads, spot) for patch in reversed(spot.call.patches))
        out = next((answer for answer in answers if answer is not None), None)
        return self.to_out(attention(*projected, self.heads) if out is None else out)


class GEGLU(nn.Module):
    """A linear layer gated by the GELU of a second one (Shazeer, arXiv 2002.05202)."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    """Widen four times through a gate, and back."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # the Identity stands where the official networks had dropout
        self.net = nn.Sequential(GEGLU(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TransformerBlock(nn.Module):
    """Self-attention, attention to the prompt, feed-forward; each normalised before and added."""

    def __init__(self, channels: int, context_dim: int, heads: int) -> None:
        super().__init__()
        self.attn1 = CrossAttention(channels, channels, heads)
        self.ff = FeedForward(channels)
        self.attn2 = CrossAttention(channels, context_dim, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)

    def forward(self, x: Tensor, context: Tensor, spot: Spot = UNPATCHED) -> Tensor:
        """x `[B, n, channels]`, context `[B, m, context_dim]` -> `[B, n, channels]`."""
        normed = self.norm1(x)
        x = x + self.attn1(normed, normed, "self", spot)
        for patch in spot.call.patches:
            x = patch.between(x, spot)
        x = x + self.attn2(self.norm2(x), context, "cross", spot)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    """Transformer blocks over the positions of a feature map, added to it."""

    def __init__(self, channels: int, depth: int, heads: int, config: UNetConfig) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(config.norm_groups, channels, eps=1e-6)
        linear = config.linear_projection
        self.proj_in = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(channels, config.context_dim, heads) for _ in range(depth)
        )
        self.proj_out = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, context: Tensor, spot: Spot = UNPATCHED) -> Tensor:
        """x `[B, channels, h, w]`, context `[B, m, context_dim]` -> `[B, channels, h, w]`."""
        tokens = _project(self.proj_in, self.norm(x).flatten(2).transpose(1, 2))
        for depth, block in enumerate(self.transformer_blocks):
            tokens = block(tokens, context, spot._replace(depth=depth))
        return x + _project(self.proj_out, tokens).transpose(1, 2).unflatten(2, x.shape[-2:])


def _project(layer: nn.Module, tokens: Tensor) -> Tensor:
    """Apply a linear layer, or the 1x1 convolution that does the same, to tokens `[B, n, channels]`."""
    if isinstance(layer, nn.Conv2d):
        return layer(tokens.transpose(1, 2).unsqueeze(-1)).squeeze(-1).transpose(1, 2)
    return layer(tokens)


class Downsample(nn.Module):
    """Halve a feature map's sides, rounding up."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Upsample(nn.Module):
    """Enlarge a feature map to the size of the skip connection that it meets next (odd sizes do not just double)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


class Stage(nn.ModuleList):
    """One entry of `input_blocks`, `middle_block` or `output_blocks`: gives each layer the arguments it needs."""

    def forward(
        self,
        x: Tensor,
        emb: Tensor,
        context: Tensor,
        size: tuple[int, int] | None = None,
        spot: Spot = UNPATCHED,
    ) -> Tensor:
        """x `[B, in, h, w]` -> `[B, out, h', w']`; `size` is (h', w') where the stage ends by enlarging."""
        for layer in self:
            if isinstance(layer, ResBlock):
                x = layer(x, emb)
            elif isinstance(layer, SpatialTransformer):
                x = layer(x, context, spot)
            elif isinstance(layer, Upsample):
                x = layer(x, size or (2 * x.shape[-2], 2 * x.shape[-1]))
            else:
                x = layer(x)
        return x


def embedding_layers(in_channels: int, width: int) -> nn.Sequential:
    """Two linear layers that embed a time or a label vector."""
    return nn.Sequential(nn.Linear(in_channels, width), nn.SiLU(), nn.Linear(width, width))


def down_stages(config: UNetConfig, emb: int) -> Iterator[tuple[Stage, int]]:
    """The entries of `input_blocks`, each with the channels it gives."""
    channels = config.model_channels
    yield Stage([nn.Conv2d(config.in_channels, channels, 3, padding=1)]), channels
    for level, (mult, depth) in enumerate(zip(config.channel_mult, config.transformer_depth, strict=True)):
        for _ in range(config.num_res_blocks):
            width = mult * config.model_channels
            layers: list[nn.Module] = [ResBlock(channels, width, emb, config.norm_groups)]
            channels = width
            if depth:
                layers.append(SpatialTransformer(channels, depth, config.heads(channels), config))
            yield Stage(layers), channels
        if level < len(config.channel_mult) - 1:
            yield Stage([Downsample(channels)]), channels


def middle_stage(config: UNetConfig, emb: int, channels: int) -> Stage:
    """`middle_block`, at the lowest resolution."""
    layers: list[nn.Module] = [ResBlock(channels, channels, emb, config.norm_groups)]
    if config.middle_depth:
        layers.append(SpatialTransformer(channels, config.middle_depth, config.heads(channels), config))
    return Stage([*layers, ResBlock(channels, channels, emb, config.norm_groups)])


def _up_stages(config: UNetConfig, emb: int, channels: int, skips: list[int]) -> Iterator[Stage]:
    """The entries of `output_blocks`; `skips` lists the channels of the skip connections, the last used first."""
    for level in reversed(range(len(config.channel_mult))):
        width = config.channel_mult[level] * config.model_channels
        depth = config.transformer_depth[level]
        for block in range(config.num_res_blocks + 1):
            layers: list[nn.Module] = [ResBlock(channels + skips.pop(), width, emb, config.norm_groups)]
            channels = width
            if depth:
                layers.append(SpatialTransformer(channels, depth, config.heads(channels), config))
            if level and block == config.num_res_blocks:
                layers.append(Upsample(channels))
            yield Stage(layers)


class Residuals(NamedTuple):
    """What a ControlNet or an adapter adds inside a UNet. None: nothing there; an empty list: nothing anywhere."""

    skips: Sequence[Tensor | None] = ()  # to each skip connection, in the order of `input_blocks`
    middle: Tensor | None = None  # to what the middle block gives
    inputs: Sequence[Tensor | None] = ()  # to what each of `input_blocks` gives, skip connection and way down


class UNet(nn.Module):
    """Predicts, from a noisy latent, its noise level and a prompt, what the checkpoint was trained to predict."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        width = config.model_channels
        emb = 4 * width
        self.time_embed = embedding_layers(width, emb)
        if config.adm_channels:
            self.label_emb = nn.Sequential(embedding_layers(config.adm_channels, emb))
        stages = list(down_stages(config, emb))
        self.input_blocks = nn.ModuleList(stage for stage, _ in stages)
        channels = stages[-1][1]
        self.middle_block = middle_stage(config, emb, channels)
        self.output_blocks = nn.ModuleList(_up_stages(config, emb, channels, [given for _, given in stages]))
        self.out = nn.Sequential(
            nn.GroupNorm(config.norm_groups, width), nn.SiLU(), nn.Conv2d(width, config.out_channels, 3, padding=1)
        )

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        control: Residuals | None = None,
        call: NetworkCall = UNPATCHED.call,
    ) -> Tensor:
        """One prediction.

        x `[B, in_channels, h, w]` of any size; timesteps float `[B]` in 0..999; context `[B, n, context_dim]`;
        y `[B, adm_channels]`, or None for a network without a label vector; `call` holds patches, where there are
        any. Returns `[B, out_channels, h, w]`.
        Raises ValueError when `y` is given to a network that takes none, or withheld from one that needs it.
        """
        if (y is None) == bool(self.config.adm_channels):
            need = "needs" if y is None else "does not take"
            raise ValueError(f"This UNet {need} a vector of pooled text and sizes (y). Check the conditioning's kind.")
        emb = self.time_embed(timestep_embedding(timesteps, self.config.model_channels).to(x.dtype))
        if y is not None:
            emb = emb + self.label_emb(y)
        added = control or Residuals()
        x, skips = self._down(x, emb, context, added.inputs, call)
        spot = _spot(call, "middle", 0, x)
        x = _plus(self.middle_block(x, emb, context, spot=spot), added.middle)
        for patch in call.patches:
            x = patch.after_middle(x, spot)
        if added.skips:
            skips = [_plus(skip, one) for skip, one in zip(skips, added.skips, strict=True)]
        for number, stage in enumerate(self.output_blocks):
            spot = _spot(call, "output", number, x)
            skip = skips.pop()
            for patch in call.patches:
                x, skip = patch.before_output(x, skip, spot)
            size = (skips[-1].shape[-2], skips[-1].shape[-1]) if skips else None
            # a patch may have changed the size
            x = stage(torch.cat([x, skip], dim=1), emb, context, size, _spot(call, "output", number, x))
        return self.out(x)

    def _down(
        self, x: Tensor, emb: Tensor, context: Tensor, added: Sequence[Tensor | None], call: NetworkCall
    ) -> tuple[Tensor, list[Tensor]]:
        """The way down: what enters the middle, and the skip connections."""
        skips: list[Tensor] = []
        for number, stage in enumerate(self.input_blocks):
            spot = _spot(call, "input", number, x)
            x = stage(x, emb, context, spot=spot)
            if number < len(added):
                x = _plus(x, added[number])
            for patch in call.patches:
                x = patch.after_input(x, spot)
            skips.append(x)
            for patch in call.patches:
                x = patch.after_skip(x, spot)
        return x, skips


def _plus(x: Tensor, added: Tensor | None) -> Tensor:
    """Where a patch has changed the size of the features, what was made for another size is left out."""
    return x if added is None or added.shape[-2:] != x.shape[-2:] else x + added


def _spot(call: NetworkCall, part: Part, number: int, x: Tensor) -> Spot:
    return Spot(call, part, number, (x.shape[-2], x.shape[-1]))
