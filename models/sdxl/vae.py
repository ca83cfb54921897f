"""The KL autoencoder between pictures and latents (Kingma & Welling, arXiv 1312.6114; Rombach et al., 2112.10752).

The names of modules are those of the official single files, so that the tensors under `first_stage_model.` are
assigned without renaming. The scale between a latent here and a latent in the denoising network (0.13025 for SDXL)
is applied elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention import attention
from models.interruption import LongPart
from models.sdxl.config import VAEConfig

PIECE = 2048  # queries that are attended to at once on a CPU: a fraction of a second in a picture of 1024x1024


class Posterior(NamedTuple):
    """What the encoder says of a picture: a Gaussian for each value of its latent."""

    mean: Tensor  # [B, embed_dim, H/8, W/8]; also the mode
    logvar: Tensor  # the same shape, in -30..20


def _norm(channels: int, config: VAEConfig) -> nn.GroupNorm:
    return nn.GroupNorm(config.norm_groups, channels, eps=1e-6)


class ResnetBlock(nn.Module):
    """Two normalised convolutions beside a skip connection."""

    def __init__(self, in_channels: int, out_channels: int, config: VAEConfig) -> None:
        super().__init__()
        self.norm1 = _norm(in_channels, config)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = _norm(out_channels, config)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.nin_shortcut: nn.Module | None = None
        if in_channels != out_channels:
            self.nin_shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """x `[B, in, h, w]` -> `[B, out, h, w]`."""
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.nin_shortcut is None else self.nin_shortcut(x))


class Attend(LongPart):
    """Attention of one head: to all positions of a picture from some, so that work can stop before the next ones."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attention(q, k, v, heads=1)


class AttnBlock(nn.Module):
    """Self-attention over all positions, with a single head as wide as the feature map."""

    def __init__(self, channels: int, config: VAEConfig) -> None:
        super().__init__()
        self.norm = _norm(channels, config)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)
        self.attend = Attend()

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (layer(h).flatten(2).transpose(1, 2) for layer in (self.q, self.k, self.v))
        pieces = [q] if x.is_cuda else q.split(PIECE, dim=1)  # seconds at once on a CPU, milliseconds on CUDA
        h = torch.cat([self.attend(piece, k, v) for piece in pieces], dim=1)
        return x + self.proj_out(h.transpose(1, 2).unflatten(2, x.shape[-2:]))


class Middle(nn.Module):
    """What encoder and decoder do at the lowest resolution."""

    def __init__(self, channels: int, config: VAEConfig) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(channels, channels, config)
        self.attn_1 = AttnBlock(channels, config)
        self.block_2 = ResnetBlock(channels, channels, config)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Downsample(nn.Module):
    """Halve a feature map's sides; the zeros are added at the right and the bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    """Double a feature map's sides."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """The residual blocks of one resolution, and the step to the next one where there is one."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        blocks: int,
        config: VAEConfig,
        downsample: bool = False,
        upsample: bool = False,
    ) -> None:
        super().__init__()
        self.block = nn.ModuleList(
            ResnetBlock(in_channels if index == 0 else out_channels, out_channels, config) for index in range(blocks)
        )
        self.downsample = Downsample(out_channels) if downsample else None
        self.upsample = Upsample(out_channels) if upsample else None

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        for step in (self.downsample, self.upsample):
            if step is not None:
                x = step(x)
        return x


class Encoder(nn.Module):
    """Pixels `[B, 3, H, W]` to the moments `[B, 2*z, H/8, W/8]` before `quant_conv`."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        widths = [config.channels * mult for mult in config.channel_mult]
        self.conv_in = nn.Conv2d(config.in_channels, config.channels, 3, padding=1)
        self.down = nn.ModuleList(
            Level(before, width, config.num_res_blocks, config, downsample=index < len(widths) - 1)
            for index, (before, width) in enumerate(zip([config.channels, *widths], widths, strict=False))
        )
        self.mid = Middle(widths[-1], config)
        self.norm_out = _norm(widths[-1], config)
        self.conv_out = nn.Conv2d(widths[-1], 2 * config.z_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_in(x)
        for level in self.down:
            h = level(h)
        return self.conv_out(F.silu(self.norm_out(self.mid(h))))


class Decoder(nn.Module):
    """Latents `[B, z, h, w]` after `post_quant_conv` to pixels `[B, 3, 8*h, 8*w]`."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        widths = [config.channels * mult for mult in config.channel_mult]
        self.conv_in = nn.Conv2d(config.z_channels, widths[-1], 3, padding=1)
        self.mid = Middle(widths[-1], config)
        # `up` is numbered by resolution, the finest first, and walked from its end
        self.up = nn.ModuleList(
            Level(before, width, config.num_res_blocks + 1, config, upsample=index > 0)
            for index, (before, width) in enumerate(zip([*widths[1:], widths[-1]], widths, strict=True))
        )
        self.norm_out = _norm(widths[0], config)
        self.conv_out = nn.Conv2d(widths[0], config.in_channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        h = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            h = level(h)
        return self.conv_out(F.silu(self.norm_out(h)))


class AutoencoderKL(nn.Module):
    """Encoder and decoder with the two 1x1 convolutions that fold a latent's mean and scale."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.quant_conv = nn.Conv2d(2 * config.z_channels, 2 * config.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(config.embed_dim, config.z_channels, 1)

    def posterior(self, pixels: Tensor) -> Posterior:
        """pixels `[B, 3, H, W]` in -1..1, sides divisible by `config.downscale` -> mean and log variance."""
        mean, logvar = self.quant_conv(self.encoder(pixels)).chunk(2, dim=1)
        return Posterior(mean, logvar.clamp(-30, 20))

    def encode(self, pixels: Tensor) -> Tensor:
        """pixels `[B, 3, H, W]` in -1..1 -> latents `[B, 4, H/8, W/8]`: the posterior's mode, so always the same."""
        return self.posterior(pixels).mean

    def decode(self, latents: Tensor) -> Tensor:
        """latents `[B, 4, h, w]`, not scaled -> pixels `[B, 3, 8*h, 8*w]`, about -1..1 and not clipped."""
        return self.decoder(self.post_quant_conv(latents))
