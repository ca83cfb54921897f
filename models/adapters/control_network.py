"""The network of a ControlNet: half a UNet that looks at a hint beside the latent and says what to add to the UNet.

Zhang et al., "Adding Conditional Control to Text-to-Image Diffusion Models" (arXiv 2302.05543). The names of modules
are those of the authors' files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from torch import Tensor, nn

from models.sdxl.config import Shapes, UNetConfig
from models.sdxl.unet import Residuals, Stage, down_stages, embedding_layers, middle_stage, timestep_embedding

HINT_WIDTHS = (16, 32, 96, 256)  # channels of the hint's features at 1, 1/2, 1/4 and 1/8 of its size
HINT_CHANNELS = 3


def hint_widths(shapes: Shapes) -> tuple[int, ...]:
    """The widths that the tensors of `input_hint_block` have.

    Raises:
        KeyError: it has not all of its layers.
    """
    return tuple(shapes[f"input_hint_block.{4 * level}.weight"][0] for level in range(len(HINT_WIDTHS)))


def _hint_layers(widths: tuple[int, ...], out_channels: int) -> Iterator[nn.Module]:
    """Convolutions that make a hint eight times smaller; those after the first at each size halve it."""
    yield nn.Conv2d(HINT_CHANNELS, widths[0], 3, padding=1)
    yield nn.SiLU()
    for width, wider in pairwise(widths):
        yield nn.Conv2d(width, width, 3, padding=1)
        yield nn.SiLU()
        yield nn.Conv2d(width, wider, 3, padding=1, stride=2)
        yield nn.SiLU()
    yield nn.Conv2d(widths[-1], out_channels, 3, padding=1)


class ControlNetwork(nn.Module):
    """Residuals for a UNet whose way down has the shape `config`; the hint is a picture in 0..1.

    `short_middle`: the middle is a single residual block, as in diffusers' networks without attention.
    """

    def __init__(
        self, config: UNetConfig, widths: tuple[int, ...] = HINT_WIDTHS, *, short_middle: bool = False
    ) -> None:
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
        middle = middle_stage(config, emb, channels)
        self.middle_block = Stage(middle[:1]) if short_middle else middle
        self.input_hint_block = nn.Sequential(*_hint_layers(widths, width))
        self.zero_convs = nn.ModuleList(nn.Sequential(nn.Conv2d(given, given, 1)) for _, given in stages)
        self.middle_block_out = nn.Sequential(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, hint: Tensor, timesteps: Tensor, context: Tensor, y: Tensor | None) -> Residuals:
        """What to add. Arguments as those of `UNet`, and hint `[B, 3, 8 h, 8 w]`."""
        return self.run(x, self.embedding(x, timesteps, y), context, lambda: self.input_hint_block(hint))

    def embedding(self, x: Tensor, timesteps: Tensor, y: Tensor | None) -> Tensor:
        """Time and label as the blocks take them, `[B, emb]` in the format of `x`."""
        emb = self.time_embed(timestep_embedding(timesteps, self.config.model_channels).to(x.dtype))
        return emb + self.label_emb(y) if self.config.adm_channels else emb

    def run(self, x: Tensor, emb: Tensor, context: Tensor, look: Callable[[], Tensor]) -> Residuals:
        """The blocks one after the other; `look` gives what the hint adds to the first one's features."""
        added: list[Tensor] = []
        for number, (stage, zero) in enumerate(zip(self.input_blocks, self.zero_convs, strict=True)):
            x = stage(x, emb, context)
            if number == 0:
                x = x + look()
            added.append(zero(x))
        return Residuals(added, self.middle_block_out(self.middle_block(x, emb, context)))
