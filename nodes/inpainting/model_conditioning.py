"""Conditioning for networks that are shown a picture: to fill its masked part, or to edit it as told."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import torch

from execution.fields import Help, Name
from execution.node import Context, NodeInputError, node
from models.checkpoint import CheckpointError
from models.inpainting.blanking import blanked
from models.sampling.further_channels import MASK, PICTURE
from models.vae_codec import VaeInputError, encode_image
from nodes.conditioning import with_options
from nodes.inpainting.mask_checks import check_over
from nodes.types import Conditioning, Image, Latent, LatentValue, Mask, Vae

Positive = Annotated[Conditioning, Help("What the picture should show.")]
Negative = Annotated[Conditioning, Help("What it should not show.")]
Codec = Annotated[Vae, Help("The VAE that goes with the model.")]


class Prepared(NamedTuple):
    """Prompts that know the picture, and latents to sample."""

    positive: Annotated[Conditioning, Name("positive")]
    negative: Annotated[Conditioning, Name("negative")]
    latent: Annotated[Latent, Name("latent")]


@node("InpaintModelConditioning", category="conditioning/inpaint")
def inpaint_model_conditioning(
    *,
    positive: Positive,
    negative: Negative,
    vae: Codec,
    pixels: Annotated[Image, Help("The pictures to change a part of; sides are cut to multiples of 8.")],
    mask: Annotated[Mask, Help("What to draw anew: 1 yes, 0 keep it. Stretched over the picture.")],
    noise_mask: Annotated[
        bool,
        Help("Hold what is not masked to the picture while sampling; off: the model alone sees to it, without seams."),
    ] = True,
    ctx: Context,
) -> Prepared:
    """Show a model made for inpainting what is around the mask. Other models take the latents and their mask alone."""
    check_over(pixels, mask, "pixels", ctx)
    prepared = blanked(pixels, mask)
    visible = _encoded(vae, prepared.visible)
    latent: LatentValue = {"samples": _encoded(vae, prepared.pixels)}
    if noise_mask:
        latent["noise_mask"] = prepared.mask
    options = {PICTURE: visible, MASK: prepared.mask}
    return Prepared(with_options(positive, **options), with_options(negative, **options), latent)


@node("InstructPixToPixConditioning", category="conditioning/instructpix2pix")
def instruct_pix_to_pix_conditioning(
    *,
    positive: Annotated[Conditioning, Help("What to do with the picture.")],
    negative: Negative,
    vae: Codec,
    pixels: Annotated[Image, Help("The pictures to edit; sides are cut to multiples of 8.")],
) -> Prepared:
    """Show a model that edits by instruction (InstructPix2Pix, CosXL Edit) the picture to edit."""
    shown = _encoded(vae, pixels)
    return Prepared(
        with_options(positive, **{PICTURE: shown}),
        with_options(negative, **{PICTURE: shown}),
        {"samples": torch.zeros_like(shown)},
    )


def _encoded(vae: Vae, pixels: torch.Tensor) -> torch.Tensor:
    return blaming_encoder(lambda: encode_image(vae, pixels))


def blaming_encoder(work: Callable[[], torch.Tensor]) -> torch.Tensor:
    """What `work` gives.

    Raises:
        NodeInputError: the picture cannot be encoded, or the checkpoint came without a VAE.
    """
    try:
        return work()
    except VaeInputError as error:
        raise NodeInputError("pixels", str(error)) from error
    except CheckpointError as error:
        raise NodeInputError("vae", str(error)) from error
