"""Pictures to latents and back through a VAE, a picture at a time, in tiles where the device's memory runs out.

Pictures are float32 [B, H, W, 3] in 0..1 and latents float32 [B, 4, H/8, W/8], not scaled; both in main memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from models.checkpoints.origin import weight_at_home
from models.sdxl.vae import AutoencoderKL
from models.tiling import tiled
from models.types import Vae

TILE, OVERLAP = 512, 64  # pixels: small enough for 4 GB, with an overlap wider than any seam


Warn = Callable[[str], None]
"""Takes a sentence that the user should know."""


OVERFLOWED = (
    "The VAE's values do not fit into float16, so it was run again in float32, which takes longer. A VAE made for "
    "float16, such as sdxl-vae-fp16-fix, saves that."
)


class VaeInputError(ValueError):
    """A picture or latent that the VAE cannot take; the message is a sentence."""


def encode_image(vae: Vae, image: Tensor, *, warn: Warn | None = None) -> Tensor:
    """The posterior's mode for each picture.

    `image` [B, H, W, C] with C = 1 (grey), 3 or 4 (alpha is dropped). Sides that are no multiples of 8 are cropped
    evenly.

    `warn` is told where float16 did not do.

    Raises:
        VaeInputError: if the tensor is no picture or smaller than 8x8.
    """
    whole, tile = _encode, _tile_encoder(vae, TILE, OVERLAP)
    return _each(vae, _pixels(vae, image), whole, tile, warn)


def encode_image_tiled(
    vae: Vae, image: Tensor, tile: int = TILE, overlap: int = OVERLAP, *, warn: Warn | None = None
) -> Tensor:
    """As `encode_image`, always in tiles of `tile` pixels, which makes latents slightly different."""
    encode = _tile_encoder(vae, tile, overlap)
    return _each(vae, _pixels(vae, image), encode, encode, warn)


def decode_latent(vae: Vae, samples: Tensor, *, warn: Warn | None = None) -> Tensor:
    """The picture of each latent of `samples` [B, 4, h, w], clamped to 0..1.

    `warn` is told where float16 did not do.

    Raises:
        VaeInputError: if the tensor is no latent of this VAE.
    """
    _check_latent(vae, samples)
    whole, tile = _decode, _tile_decoder(vae, TILE, OVERLAP)
    return _picture(_each(vae, samples, whole, tile, warn))


def decode_latent_tiled(
    vae: Vae, samples: Tensor, tile: int = TILE, overlap: int = OVERLAP, *, warn: Warn | None = None
) -> Tensor:
    """As `decode_latent`, always in tiles of `tile` pixels, which makes colours slightly different."""
    _check_latent(vae, samples)
    decode = _tile_decoder(vae, tile, overlap)
    return _picture(_each(vae, samples, decode, decode, warn))


_Step = Callable[[Vae, Tensor], Tensor]


@torch.no_grad()
def _each(vae: Vae, batch: Tensor, whole: _Step, in_tiles: _Step, warn: Warn | None) -> Tensor:
    """`whole` of each entry by itself (a batch would only need more memory), or `in_tiles` where it does not fit.

    From the first entry on whose values float16 cannot hold, everything is computed in float32.
    """
    results: list[Tensor] = []
    for entry in batch.split(1):
        result = _one(vae, entry, whole, in_tiles)
        if vae.dtype == torch.float16 and not result.isfinite().all() and entry.isfinite().all():
            vae = _in_float32(vae)
            result = _one(vae, entry, whole, in_tiles)
            if warn is not None:
                warn(OVERFLOWED)
        results.append(result)
    return torch.cat(results)


def _one(vae: Vae, entry: Tensor, whole: _Step, in_tiles: _Step) -> Tensor:
    with vae.memory.resident(vae.network):
        return vae.memory.retry_smaller(lambda: whole(vae, entry), lambda: in_tiles(vae, entry)).float().cpu()


def _in_float32(vae: Vae) -> Vae:
    """The same autoencoder with weights in float32, as its file has them; a second copy for as long as it is used."""
    network = vae.network
    with torch.device("meta"):
        precise = AutoencoderKL(vae.config)
    with torch.inference_mode(False):
        names = [name for name, _ in network.named_parameters()]
        state = {name: weight_at_home(network, vae.memory, name).float() for name in names}
        precise.load_state_dict(state, assign=True)
    precise.requires_grad_(False)
    return replace(vae, network=precise.eval(), dtype=torch.float32)


def _encode(vae: Vae, pixels: Tensor) -> Tensor:
    network: Any = vae.network
    return network.encode(pixels.to(vae.memory.device, vae.dtype))


def _decode(vae: Vae, latent: Tensor) -> Tensor:
    network: Any = vae.network
    return network.decode(latent.to(vae.memory.device, vae.dtype))


def _tile_encoder(vae: Vae, tile: int, overlap: int) -> _Step:
    scale = vae.config.downscale
    tile, overlap = max(tile // scale, 2) * scale, overlap // scale * scale

    def encode(vae: Vae, pixels: Tensor) -> Tensor:
        return tiled(lambda part: _encode(vae, part), pixels, tile=tile, overlap=min(overlap, tile // 2), down=scale)

    return encode


def _tile_decoder(vae: Vae, tile: int, overlap: int) -> _Step:
    scale = vae.config.downscale
    tile, overlap = max(tile // scale, 2), overlap // scale

    def decode(vae: Vae, latent: Tensor) -> Tensor:
        return tiled(lambda part: _decode(vae, part), latent, tile=tile, overlap=min(overlap, tile // 2), up=scale)

    return decode


def _pixels(vae: Vae, image: Tensor) -> Tensor:
    """[B, 3, H, W] in -1..1, cropped to what the VAE can halve."""
    if image.ndim != 4 or image.shape[0] == 0 or image.shape[-1] not in (1, 3, 4):
        raise VaeInputError(
            f"A picture has the shape [batch, height, width, 1, 3 or 4 channels], not {list(image.shape)}. "
            "Connect an IMAGE here."
        )
    scale = vae.config.downscale
    height, width = (side // scale * scale for side in image.shape[1:3])
    if not height or not width:
        raise VaeInputError(
            f"A picture of {image.shape[2]}x{image.shape[1]} pixels is too small for the VAE, which needs "
            f"{scale}x{scale} at least. Enlarge it first."
        )
    top, left = (image.shape[1] - height) // 2, (image.shape[2] - width) // 2
    cropped = image[:, top : top + height, left : left + width, :3].expand(-1, -1, -1, 3)
    return cropped.permute(0, 3, 1, 2).float() * 2 - 1


def _check_latent(vae: Vae, samples: Tensor) -> None:
    channels = vae.config.embed_dim
    if samples.ndim != 4 or 0 in samples.shape or samples.shape[1] != channels:
        raise VaeInputError(
            f"This VAE decodes latents of the shape [batch, {channels}, height/8, width/8], not {list(samples.shape)}. "
            "Use the VAE that goes with the model that made the latent."
        )


def _picture(pixels: Tensor) -> Tensor:
    """[B, H, W, 3] in 0..1."""
    return ((pixels + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).contiguous()
