"""Initial weights that make an autoencoder begin as averaging down and copying up.

From ordinary random weights a narrow autoencoder gets stuck: its normalisation layers take a flat picture's colour
away. Here the residual branches begin at zero and the stream carries each colour c as the pair (c, -c) beside
constants (+K, -K) that rule the variance which the last normalisation divides by. Since
silu(x) - silu(-x) = x, the last convolution can read the colours off again.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.sdxl.vae import AttnBlock, AutoencoderKL, Downsample, ResnetBlock, Upsample

_CARRIER = 3.0  # K: several times the largest colour value
_LATENT_NOISE = -6.0  # initial log variance of a latent
# the stream's first 16 channels: (colour channel, sign), or (None, sign) for a constant; in two groups of eight
_LAYOUT: tuple[tuple[int | None, float], ...] = (
    *((0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0), (None, 1.0), (None, -1.0), (None, 1.0), (None, -1.0)),
    *((2, 1.0), (2, -1.0), (3, 1.0), (3, -1.0), (None, 1.0), (None, -1.0), (None, 1.0), (None, -1.0)),
)


def _tap(conv: nn.Conv2d) -> tuple[int, int]:
    """The kernel's centre."""
    return conv.kernel_size[0] // 2, conv.kernel_size[1] // 2


def _to_stream(conv: nn.Conv2d, inputs: int) -> None:
    """Spread the first `inputs` channels of what comes in over the stream."""
    row, column = _tap(conv)
    for channel, (colour, sign) in enumerate(_LAYOUT):
        assert conv.bias is not None
        if colour is None:
            conv.weight[channel] = 0
            conv.bias[channel] = sign * _CARRIER
        else:
            conv.weight[channel] = 0
            conv.bias[channel] = 0
            if colour < inputs:
                conv.weight[channel, colour, row, column] = sign


def _from_stream(conv: nn.Conv2d, norm: nn.GroupNorm, outputs: int) -> None:
    """Read the first `outputs` colours off the stream after normalisation and SiLU."""
    assert conv.bias is not None
    per_group = norm.num_channels // norm.num_groups
    constants = [sum(colour is None for colour, _ in _LAYOUT[at : at + per_group]) for at in range(0, 16, per_group)]
    scale = _CARRIER * (constants[0] / per_group) ** 0.5  # the standard deviation of a group that carries constants
    norm.weight.fill_(1.0)
    row, column = _tap(conv)
    conv.bias.zero_()
    conv.weight[:outputs] = 0
    for channel, (colour, sign) in enumerate(_LAYOUT):
        if colour is not None and colour < outputs:
            conv.weight[colour, channel, row, column] = sign * scale


def _identity(weight: Tensor) -> None:
    """Pass the first channels through; new channels begin as zero."""
    weight.zero_()
    row, column = weight.shape[2] // 2, weight.shape[3] // 2
    for channel in range(min(weight.shape[:2])):
        weight[channel, channel, row, column] = 1.0


@torch.no_grad()
def start_as_identity(vae: AutoencoderKL) -> None:
    """Set the weights of a fresh VAE, at least 16 channels wide, as the module's docstring says."""
    for module in vae.modules():
        if isinstance(module, ResnetBlock):
            module.conv2.weight.mul_(0.05)
            module.conv2.bias.zero_()  # pyright: ignore[reportOptionalMemberAccess]
            if isinstance(module.nin_shortcut, nn.Conv2d):
                _identity(module.nin_shortcut.weight)
                module.nin_shortcut.bias.zero_()  # pyright: ignore[reportOptionalMemberAccess]
        elif isinstance(module, AttnBlock):
            module.proj_out.weight.mul_(0.05)
            module.proj_out.bias.zero_()  # pyright: ignore[reportOptionalMemberAccess]
        elif isinstance(module, (Upsample, Downsample)):
            _identity(module.conv.weight)
            module.conv.bias.zero_()  # pyright: ignore[reportOptionalMemberAccess]
        if isinstance(module, Downsample):  # average four pixels; the padding is at the right and the bottom
            weight = module.conv.weight
            weight.zero_()
            for channel in range(weight.shape[0]):
                weight[channel, channel, :2, :2] = 0.25
    encoder, decoder = vae.encoder, vae.decoder
    _to_stream(encoder.conv_in, 3)
    _from_stream(encoder.conv_out, encoder.norm_out, 3)
    logvar_rows = slice(vae.config.z_channels, None)
    encoder.conv_out.weight[logvar_rows] *= 0.05
    encoder.conv_out.bias[logvar_rows] = _LATENT_NOISE  # pyright: ignore[reportOptionalSubscript]
    _to_stream(decoder.conv_in, 4)
    _from_stream(decoder.conv_out, decoder.norm_out, 3)
    for conv in (vae.quant_conv, vae.post_quant_conv):
        _identity(conv.weight)
        conv.bias.zero_()  # pyright: ignore[reportOptionalMemberAccess]
