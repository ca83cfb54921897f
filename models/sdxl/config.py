"""Shapes of the denoising network and the autoencoder: literal facts, and how to read them off a file.

Reference: Podell et al., "SDXL: Improving Latent Diffusion Models" (arXiv 2307.01952), and the key tables of the
official single files. Two facts leave no trace in tensor shapes: the width of an attention head and the number of
normalisation groups. Files of the official families follow a rule; others state them in their metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.numbered_names import count_numbered

Shapes = Mapping[str, tuple[int, ...]]

CROSS_ATTENTION = "attn2.to_k.weight"  # ends the name of a tensor whose columns are as many as the prompt is wide


@dataclass(frozen=True)
class UNetConfig:
    """One UNet. Exactly one of `head_channels` and `num_heads` is set."""

    in_channels: int = 4
    out_channels: int = 4
    model_channels: int = 320
    channel_mult: tuple[int, ...] = (1, 2, 4)  # one per level; each level halves the resolution of the one before
    num_res_blocks: int = 2  # per level on the way down, one more on the way up
    transformer_depth: tuple[int, ...] = (0, 2, 10)  # one per level
    middle_depth: int = 10
    context_dim: int = 2048
    adm_channels: int = 2816  # width of the label vector `y`; 0 when the network takes none
    head_channels: int | None = 64
    num_heads: int | None = None
    linear_projection: bool = True  # transformers enter and leave by a linear layer rather than a 1x1 convolution
    norm_groups: int = 32

    def __post_init__(self) -> None:
        if len(self.transformer_depth) != len(self.channel_mult):
            raise ValueError("a UNet needs one transformer depth for each level of channels")
        if (self.head_channels is None) == (self.num_heads is None):
            raise ValueError("a UNet needs either the width of its attention heads or their number")

    def heads(self, channels: int) -> int:
        """How many attention heads a transformer of `channels` channels has."""
        if self.num_heads is not None:
            return self.num_heads
        assert self.head_channels is not None  # by __post_init__
        return channels // self.head_channels


@dataclass(frozen=True)
class VAEConfig:
    """One KL autoencoder that makes a picture `2 ** (levels - 1)` times smaller."""

    channels: int = 128
    channel_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    z_channels: int = 4
    embed_dim: int = 4  # channels of a latent on the wire side of quant_conv and post_quant_conv
    in_channels: int = 3
    norm_groups: int = 32

    @property
    def downscale(self) -> int:
        """Pixels of a picture's side for each value of a latent's side."""
        return 2 ** (len(self.channel_mult) - 1)


SDXL_BASE = UNetConfig()
SDXL_REFINER = UNetConfig(
    model_channels=384,
    channel_mult=(1, 2, 4, 4),
    transformer_depth=(0, 4, 4, 0),
    middle_depth=4,
    context_dim=1280,
    adm_channels=2560,
)
SD15 = UNetConfig(
    channel_mult=(1, 2, 4, 4),
    transformer_depth=(1, 1, 1, 0),
    middle_depth=1,
    context_dim=768,
    adm_channels=0,
    head_channels=None,
    num_heads=8,
    linear_projection=False,
)
SD21 = UNetConfig(
    channel_mult=(1, 2, 4, 4),
    transformer_depth=(1, 1, 1, 0),
    middle_depth=1,
    context_dim=1024,
    adm_channels=0,
)
SDXL_VAE = VAEConfig()


def _shape(shapes: Shapes, key: str, what: str) -> tuple[int, ...]:
    try:
        return tuple(shapes[key])
    except KeyError:
        raise ValueError(
            f"This file holds no {what} that Weft knows: the tensor '{key}' is missing. "
            "Choose a Stable Diffusion XL, 1.x or 2.x checkpoint."
        ) from None


def _metadata_int(metadata: Mapping[str, str] | None, key: str) -> int | None:
    value = (metadata or {}).get(key)
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 2**31:
        raise ValueError(f"The file's metadata says {key} = {value!r}; a positive whole number belongs there.")
    return int(value)


def _transformer_depth(shapes: Shapes, block: str) -> int:
    return count_numbered(shapes, block + ".1.transformer_blocks.{}.norm1.weight")


def _levels(shapes: Shapes) -> tuple[list[int], list[int], int]:
    """Channels and transformer depth of every level, and the residual blocks of one level, from `input_blocks.*`."""
    channels: list[int] = []
    depths: list[int] = []
    blocks_in_level = 0
    blocks_per_level: set[int] = set()
    index = 1
    while True:
        block = f"input_blocks.{index}"
        if f"{block}.0.op.weight" in shapes:
            blocks_per_level.add(blocks_in_level)
            blocks_in_level = 0
        elif f"{block}.0.out_layers.3.weight" in shapes:
            if blocks_in_level == 0:
                channels.append(shapes[f"{block}.0.out_layers.3.weight"][0])
                depths.append(_transformer_depth(shapes, block))
            blocks_in_level += 1
        else:
            break
        index += 1
    blocks_per_level.add(blocks_in_level)
    if len(blocks_per_level) != 1 or 0 in blocks_per_level:
        raise ValueError(
            "This UNet has no residual blocks, or a different number of them in each level; "
            "Weft knows the layouts of Stable Diffusion XL, 1.x and 2.x."
        )
    return channels, depths, blocks_per_level.pop()


def unet_config_from_shapes(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> UNetConfig:
    """Read a UNet's configuration off its tensor shapes.

    `shapes`: keys without the prefix `model.diffusion_model.`. `metadata`: the safetensors file's own strings, of
    which `weft.unet.head_channels`, `weft.unet.num_heads` and `weft.unet.norm_groups` are heeded. Raises ValueError,
    in a sentence for people, when the shapes are those of another kind of network.
    """
    _shape(shapes, "input_blocks.0.0.weight", "denoising network (UNet)")
    conv_out = _shape(shapes, "out.2.weight", "denoising network (UNet)")
    if not any(key.endswith(CROSS_ATTENTION) for key in shapes):
        raise ValueError("This UNet has no cross-attention: it cannot follow a prompt. Choose another checkpoint.")
    return down_config_from_shapes(shapes, metadata, conv_out[0])


def down_config_from_shapes(
    shapes: Shapes, metadata: Mapping[str, str] | None = None, out_channels: int = 4
) -> UNetConfig:
    """The same for a network that has the way down and the middle alone, perhaps without any attention."""
    conv_in = _shape(shapes, "input_blocks.0.0.weight", "denoising network (UNet)")
    channels, depths, blocks = _levels(shapes)
    model_channels = conv_in[0]
    if any(width % model_channels for width in channels):
        raise ValueError(f"The UNet's levels are {channels} channels wide, which are no multiples of {model_channels}.")
    cross = next((key for key in shapes if key.endswith(CROSS_ATTENTION)), None)
    context_dim, linear = 0, True
    if cross is not None:
        context_dim = shapes[cross][1]
        projection = cross.split(".transformer_blocks.")[0] + ".proj_in.weight"
        linear = len(_shape(shapes, projection, "transformer")) == 2
    head_channels = _metadata_int(metadata, "weft.unet.head_channels")
    num_heads = _metadata_int(metadata, "weft.unet.num_heads")
    if num_heads is None and head_channels is None and context_dim == 768:
        num_heads = 8
    return UNetConfig(
        in_channels=conv_in[1],
        out_channels=out_channels,
        model_channels=model_channels,
        channel_mult=tuple(width // model_channels for width in channels),
        num_res_blocks=blocks,
        transformer_depth=tuple(depths),
        middle_depth=_transformer_depth(shapes, "middle_block"),
        context_dim=context_dim,
        adm_channels=shapes["label_emb.0.0.weight"][1] if "label_emb.0.0.weight" in shapes else 0,
        head_channels=None if num_heads else head_channels or 64,
        num_heads=num_heads,
        linear_projection=linear,
        norm_groups=_metadata_int(metadata, "weft.unet.norm_groups") or 32,
    )


def vae_config_from_shapes(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> VAEConfig:
    """Read an autoencoder's configuration off its tensor shapes.

    `shapes`: keys without the prefix `first_stage_model.`. Of `metadata`, `weft.vae.norm_groups` is heeded.
    Raises ValueError, in a sentence for people, when the shapes are those of another kind of network.
    """
    conv_in = _shape(shapes, "encoder.conv_in.weight", "image autoencoder (VAE)")
    levels = count_numbered(shapes, "encoder.down.{}.block.0.conv1.weight")
    widths = [shapes[f"encoder.down.{level}.block.0.conv1.weight"][0] for level in range(levels)]
    if not widths or any(width % conv_in[0] for width in widths):
        raise ValueError(f"The VAE's levels are {widths} channels wide, which are no multiples of {conv_in[0]}.")
    return VAEConfig(
        channels=conv_in[0],
        channel_mult=tuple(width // conv_in[0] for width in widths),
        num_res_blocks=count_numbered(shapes, "encoder.down.0.block.{}.conv1.weight"),
        z_channels=_shape(shapes, "decoder.conv_in.weight", "image autoencoder (VAE)")[1],
        embed_dim=_shape(shapes, "post_quant_conv.weight", "image autoencoder (VAE)")[1],
        in_channels=conv_in[1],
        norm_groups=_metadata_int(metadata, "weft.vae.norm_groups") or 32,
    )
