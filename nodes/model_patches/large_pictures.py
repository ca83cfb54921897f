"""Patches for pictures larger than a model was trained on: faster attention, and a layout that holds together."""

from typing import Annotated, get_args

from execution.fields import Choices, Help, Range
from execution.node import Context, node
from models import types as handles
from models.patches.deep_shrink import DeepShrink
from models.patches.hypertile import HyperTile
from models.patches.token_merging import TokenMerging
from models.resize import LatentMethod
from nodes.conditioning import Percent
from nodes.model_patches.guidance import Guided
from nodes.types import Fraction, Model

METHODS = ("bicubic", "nearest-exact", "bilinear", "area", "bislerp")
assert set(METHODS) == set(get_args(LatentMethod))


def _first_attention(model: handles.Model) -> int:
    """The first level, of halved sizes, whose features attend to themselves."""
    return next((level for level, depth in enumerate(model.config.transformer_depth) if depth), 0)


@node("HyperTile", category="model_patches/unet")
def hyper_tile(
    *,
    model: Guided,
    tile_size: Annotated[int, Range(1, 2048), Help("The least side of a tile, in pixels.")] = 256,
    swap_size: Annotated[int, Range(1, 128), Help("How many ways of cutting are chosen among in each step.")] = 2,
    max_depth: Annotated[int, Range(0, 10), Help("The deepest level that is tiled: SDXL's attention begins at 1.")] = 0,
    scale_depth: Annotated[bool, Help("Larger tiles on deeper levels.")] = False,
    ctx: Context,
) -> Model:
    """Let parts of a large picture be worked on within tiles, which is faster. Tiles as large as it: no change."""
    first = _first_attention(model)
    if max_depth < first:
        ctx.warn(
            f"HyperTile changes nothing here: this model's attention begins at depth {first}. Set max_depth to it."
        )
    return model.with_tweak("HyperTile", network=(HyperTile(tile_size, swap_size, max_depth, scale_depth),))


@node("TomePatchModel", category="model_patches/unet")
def tome_patch_model(
    *,
    model: Guided,
    ratio: Annotated[Fraction, Help("The share of places that are merged with others alike: 0 none.")] = 0.3,
    ctx: Context,
) -> Model:
    """Work on places that look alike only once, which is faster for SD1.x and SD2.x; SDXL has no such attention."""
    if _first_attention(model):
        ctx.warn("TomePatchModel changes nothing here: this model has no attention at the size of its latents.")
    return model.with_tweak("TomePatchModel", network=(TokenMerging(ratio),))


@node(
    "PatchModelAddDownscale",
    category="model_patches/unet",
    display_name="PatchModelAddDownscale (Kohya Deep Shrink)",
)
def patch_model_add_downscale(
    *,
    model: Guided,
    block_number: Annotated[int, Range(1, 32, step=1), Help("After which input block of the network: 3 is usual.")] = 3,
    downscale_factor: Annotated[
        float, Range(0.1, 9, step=0.001), Help("How many times smaller the network sees the picture inside.")
    ] = 2.0,
    start_percent: Annotated[Percent, Help("From which share of the denoising on: 0 the noise.")] = 0.0,
    end_percent: Annotated[Percent, Help("Up to which share; the rest adds details at full size.")] = 0.35,
    downscale_after_skip: Annotated[bool, Help("What passes the smaller part by keeps its size.")] = True,
    downscale_method: Annotated[LatentMethod, Choices(METHODS), Help("How it is made smaller.")],
    upscale_method: Annotated[LatentMethod, Choices(METHODS), Help("How it is enlarged again.")],
    ctx: Context,
) -> Model:
    """Draw pictures larger than the model was trained on without doubled things: it begins at a smaller size inside."""
    blocks = sum(model.config.num_res_blocks + 1 for _ in model.config.channel_mult)
    if block_number >= blocks:
        ctx.warn(f"PatchModelAddDownscale changes nothing here: this model's last input block is {blocks - 1}.")
    to_sigma = model.schedule.percent_to_sigma
    shrink = DeepShrink(
        block_number,
        downscale_factor,
        to_sigma(start_percent),
        to_sigma(end_percent),
        downscale_after_skip,
        downscale_method,
        upscale_method,
    )
    return model.with_tweak("PatchModelAddDownscale", network=(shrink,))
