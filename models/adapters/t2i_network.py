"""The network of a T2I-Adapter: features of a picture at four sizes, added to a UNet's way down.

Mou et al., "T2I-Adapter: Learning Adapters to Dig out More Controllable Ability for Text-to-Image Diffusion Models"
(arXiv 2302.08453). The names of modules are those of the authors' files.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from models.numbered_names import count_numbered
from models.sdxl.config import Shapes

XL_PATCH, PATCH = 16, 8  # pixels of the square that becomes one position, for SDXL and for SD 1.x
XL_INPUTS = (XL_PATCH**2, 3 * XL_PATCH**2)  # channels of such squares, grey or in colours
BLOCKS = 2  # in each level of an adapter that is not light
XL_HALVED = 2  # the one level of an adapter for SDXL that halves the features


@dataclass(frozen=True)
class AdapterConfig:
    """One adapter, as read off a file."""

    channels: int  # of the picture: 1 grey, 3 colours
    widths: tuple[int, ...]  # of each level
    blocks: int  # in each level
    kernel: int  # of each block's second convolution
    xl: bool
    light: bool
    convolved: bool = False  # whether levels are halved by a convolution instead of a mean

    @property
    def patch(self) -> int:
        """Pixels of the square that becomes one position."""
        return XL_PATCH if self.xl else PATCH

    def halves(self, level: int) -> bool:
        """Say whether a level begins by halving the features."""
        return level == XL_HALVED if self.xl else level > 0


def adapter_config(shapes: Shapes) -> AdapterConfig:
    """The sizes of an adapter under its authors' names.

    Raises:
        KeyError, ValueError: the shapes are those of something else.
    """
    light = "conv_in.weight" not in shapes
    inputs = shapes["body.0.in_conv.weight" if light else "conv_in.weight"][1]
    xl = inputs in XL_INPUTS and not light
    if light:
        levels = count_numbered(shapes, "body.{}.in_conv.weight")
        widths = tuple(shapes[f"body.{level}.out_conv.weight"][0] for level in range(levels))
        blocks = count_numbered(shapes, "body.0.body.{}.block1.weight")
        kernel = shapes["body.0.body.0.block2.weight"][2]
    else:
        found = [
            shapes[f"body.{one}.block1.weight"][0] for one in range(count_numbered(shapes, "body.{}.block1.weight"))
        ]
        blocks, kernel = BLOCKS, shapes["body.0.block2.weight"][2]
        widths = tuple(found[::blocks])
    channels = inputs // (XL_PATCH if xl else PATCH) ** 2
    if channels not in (1, 3):
        raise ValueError(f"It takes {inputs} channels, which no T2I-Adapter does.")
    convolved = any(name.endswith("down_opt.op.weight") for name in shapes)
    return AdapterConfig(channels, widths, blocks, kernel, xl, light, convolved)


class Halving(nn.Module):
    """Half the sides, rounded up: by a convolution, or by the mean of squares (zeros beyond an odd side's start)."""

    def __init__(self, channels: int, convolved: bool) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1) if convolved else None

    def forward(self, x: Tensor) -> Tensor:
        if self.op is not None:
            return self.op(x)
        return F.avg_pool2d(x, 2, padding=(x.shape[-2] % 2, x.shape[-1] % 2))


class Block(nn.Module):
    """Two convolutions beside a skip connection; the first block of a level may halve and widen before."""

    def __init__(self, takes: int, gives: int, kernel: int, halving: Halving | None = None) -> None:
        super().__init__()
        self.down_opt = halving
        self.in_conv = None if takes == gives else nn.Conv2d(takes, gives, kernel, padding=kernel // 2)
        self.block1 = nn.Conv2d(gives, gives, 3, padding=1)
        self.block2 = nn.Conv2d(gives, gives, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.down_opt is None else self.down_opt(x)
        x = x if self.in_conv is None else self.in_conv(x)
        return x + self.block2(F.relu(self.block1(x)))


class LightLevel(nn.Module):
    """A level of a light adapter, whose blocks are narrow."""

    def __init__(self, takes: int, inner: int, gives: int, config: AdapterConfig, halving: Halving | None) -> None:
        super().__init__()
        self.down_opt = halving
        self.in_conv = nn.Conv2d(takes, inner, 1)
        self.body = nn.Sequential(*(Block(inner, inner, config.kernel) for _ in range(config.blocks)))
        self.out_conv = nn.Conv2d(inner, gives, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.down_opt is None else self.down_opt(x)
        return self.out_conv(self.body(self.in_conv(x)))


class AdapterNetwork(nn.Module):
    """Features of a picture, from fine to coarse."""

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        self.config = config
        takes = config.channels * config.patch**2
        self.conv_in = None if config.light else nn.Conv2d(takes, config.widths[0], 3, padding=1)
        takes = takes if config.light else config.widths[0]
        body: list[nn.Module] = []
        for level, width in enumerate(config.widths):
            halving = Halving(takes, config.convolved) if config.halves(level) else None
            if config.light:
                body.append(LightLevel(takes, width // 4, width, config, halving))
            else:
                body.append(Block(takes, width, config.kernel, halving))
                body += [Block(width, width, config.kernel) for _ in range(config.blocks - 1)]
            takes = width
        self.body = nn.ModuleList(body)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """picture `[B, channels, H, W]` in 0..1, sides multiples of `patch` -> `[B, width, h, w]` for each level."""
        x = F.pixel_unshuffle(picture, self.config.patch)
        x = x if self.conv_in is None else self.conv_in(x)
        features: list[Tensor] = []
        each = 1 if self.config.light else self.config.blocks
        for number, block in enumerate(self.body):
            x = block(x)
            if number % each == each - 1:
                features.append(x)
        return features
