"""Pictures to latents and back."""

from collections.abc import Callable
from typing import Annotated

import torch

from execution.fields import Help, Range
from execution.node import Context, NodeInputError, node
from models.checkpoint import CheckpointError
from models.compositing import grow_by_box
from models.inpainting.blanking import blanked
from models.vae_codec import VaeInputError, decode_latent, decode_latent_tiled, encode_image, encode_image_tiled
from nodes.inpainting.mask_checks import check_over
from nodes.types import Image, Latent, Mask, Vae

Pixels = Annotated[Image, Help("The pictures to encode.")]
Samples = Annotated[Latent, Help("The latents to decode.")]
Codec = Annotated[Vae, Help("The VAE that goes with the model.")]
EncodeTile = Annotated[int, Range(64, 4096, step=64), Help("Side of a tile, in pixels.")]
DecodeTile = Annotated[int, Range(64, 4096, step=32), Help("Side of a tile, in pixels.")]
Overlap = Annotated[int, Range(0, 4096, step=32), Help("By how many pixels neighbouring tiles overlap.")]
Frames = Annotated[int, Range(8, 4096, step=4), Help("Only for video models, which Weft does not run: no effect.")]
FrameOverlap = Annotated[
    int, Range(4, 4096, step=4), Help("Only for video models, which Weft does not run: no effect.")
]

NOBODY = Context()
"""Hears no warnings: for calls that run in no workflow."""


@node("VAEDecode", category="latent", display_name="VAE Decode")
def vae_decode(*, samples: Samples, vae: Codec, ctx: Context = NOBODY) -> Image:
    """Turn latents into pictures."""
    return _blaming("samples", lambda: decode_latent(vae, samples["samples"], warn=ctx.warn))


@node("VAEEncode", category="latent", display_name="VAE Encode")
def vae_encode(*, pixels: Pixels, vae: Codec, ctx: Context = NOBODY) -> Latent:
    """Turn pictures into latents; transparency is dropped, sides are cut to multiples of 8."""
    return {"samples": _blaming("pixels", lambda: encode_image(vae, pixels, warn=ctx.warn))}


@node("VAEDecodeTiled", category="_for_testing", display_name="VAE Decode (Tiled)")
def vae_decode_tiled(
    *,
    samples: Samples,
    vae: Codec,
    tile_size: DecodeTile = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
    ctx: Context = NOBODY,
) -> Image:
    """Turn latents into pictures in tiles, which takes less memory and makes colours slightly different."""
    del temporal_size, temporal_overlap
    return _blaming("samples", lambda: decode_latent_tiled(vae, samples["samples"], tile_size, overlap, warn=ctx.warn))


@node("VAEEncodeTiled", category="_for_testing", display_name="VAE Encode (Tiled)")
def vae_encode_tiled(
    *,
    pixels: Pixels,
    vae: Codec,
    tile_size: EncodeTile = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
    ctx: Context = NOBODY,
) -> Latent:
    """Turn pictures into latents in tiles, which takes less memory."""
    del temporal_size, temporal_overlap
    return {"samples": _blaming("pixels", lambda: encode_image_tiled(vae, pixels, tile_size, overlap, warn=ctx.warn))}


@node("VAEEncodeForInpaint", category="latent/inpaint", display_name="VAE Encode (for Inpainting)")
def vae_encode_for_inpaint(
    *,
    pixels: Pixels,
    vae: Codec,
    mask: Annotated[Mask, Help("What to draw anew: 1 yes, 0 keep it. Stretched over the picture.")],
    grow_mask_by: Annotated[
        int, Range(0, 64, step=1), Help("By how many pixels the mask grows, so that seams get drawn over.")
    ] = 6,
    ctx: Context,
) -> Latent:
    """Turn pictures into latents with what the mask covers greyed out, for models made for inpainting."""
    check_over(pixels, mask, "pixels", ctx)
    prepared = blanked(pixels, mask)
    latent = _blaming("pixels", lambda: encode_image(vae, prepared.visible))
    return {"samples": latent, "noise_mask": grow_by_box(prepared.mask, grow_mask_by).round()}


def _blaming(input_name: str, work: Callable[[], torch.Tensor]) -> torch.Tensor:
    try:
        return work()
    except VaeInputError as error:
        raise NodeInputError(input_name, str(error)) from error
    except CheckpointError as error:  # the checkpoint came without a VAE
        raise NodeInputError("vae", str(error)) from error
