"""Channels that some networks take beside the noisy latent: a mask and what is kept, a picture to edit.

Five of them are those of an inpainting network (Rombach et al. 2022, "High-Resolution Image Synthesis with Latent
Diffusion Models", section 4.5): the mask, then the latent of the picture whose masked part is grey. Four are those of
a network that edits by instruction (Brooks et al. 2023, "InstructPix2Pix", section 3.2): the latent of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from models.compositing import as_mask
from models.resize import resize
from models.sampling.continuous_schedule import EdmSchedule

if TYPE_CHECKING:
    from models.sampling.run_start import RunStart
    from models.types import Model

PICTURE = "concat_latent_image"  # option: [b, 4, h', w'], the latent of what to keep or to edit, in a wire's units
MASK = "concat_mask"  # option: [b, 1, H, W], 1 where to draw anew

# The latent of mid-grey as the autoencoder of Stable Diffusion 1.x makes it, times its scale. It stands in where no
# picture is given, for networks of every family: saved graphs rely on that.
GREY = (0.8223, -0.6876, 0.6364, 0.1380)


def further_channels(model: Model, options: Mapping[str, Any], start: RunStart) -> torch.Tensor | None:
    """Return [B, c, h, w] for one prompt's `options`, or None for a network that takes the latent alone.

    Raises ValueError for a network whose further channels are of a kind that is not known, and for a picture's latent
    that has other channels than the model's.
    """
    own = model.config.out_channels
    further = model.config.in_channels - own
    if not further:
        return None
    picture = _picture(options, own)
    if further == own + 1:
        return _inpainting(model, picture, options.get(MASK, start.mask), start)
    if further == own:
        return _editing(model, picture, start)
    raise ValueError(
        f"This model takes {further} channels beside the latent, of a kind that Weft does not know: it runs models for "
        f"inpainting ({own + 1} more) and for editing by instruction ({own} more). Choose another checkpoint."
    )


def _picture(options: Mapping[str, Any], channels: int) -> torch.Tensor | None:
    picture = options.get(PICTURE)
    if picture is not None and (picture.ndim != 4 or picture.shape[1] != channels):
        raise ValueError(
            f"The conditioning's picture has latents of the shape {list(picture.shape)}, this model takes "
            f"[batch, {channels}, height, width]. Encode the picture with the VAE that belongs to the model."
        )
    return picture


def _inpainting(model: Model, picture: torch.Tensor | None, mask: torch.Tensor | None, start: RunStart) -> torch.Tensor:
    """The mask and the picture; without a mask everything is drawn anew, and no picture is shown."""
    latent = start.latent
    if mask is None:
        grey = torch.tensor(GREY).to(latent)[:, None, None].expand_as(latent)
        return torch.cat([torch.ones_like(latent[:, :1]), grey], dim=1)
    shown = latent if picture is None else _fitted(model.scaled(picture), latent)
    return torch.cat([_fitted(as_mask(mask), latent).round(), shown], dim=1)


def _editing(model: Model, picture: torch.Tensor | None, start: RunStart) -> torch.Tensor:
    """The picture, as loud as the network was shown it in training; silence where none is given.

    That is as the autoencoder makes it, but for CosXL, the one whose noise levels are EDM's: it had the picture in
    the units of what it denoises.
    """
    if picture is None:
        return torch.zeros_like(start.latent)
    cosxl = isinstance(model.schedule, EdmSchedule) and model.schedule.prediction == "v_prediction"
    return _fitted(model.scaled(picture) if cosxl else picture, start.latent)


def _fitted(x: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
    """`x` [b, c, H, W] at the size of `latent` [B, C, h, w], cut to its shape, one entry for each of its own."""
    if x.shape[-2:] != latent.shape[-2:]:
        x = resize(x.float(), latent.shape[-1], latent.shape[-2], "bilinear", "center")
    return _spread(x, len(latent)).to(latent)


def _spread(x: torch.Tensor, count: int) -> torch.Tensor:
    """`count` entries out of x [b, ...], evenly and in order: two for four are the first twice, the second twice."""
    have = len(x)
    if have == count or count <= 1:
        return x[:count]
    if count < have:
        step = (have - 1) / (count - 1)
        return x[[min(round(number * step), have - 1) for number in range(count)]]
    return x[[min(int((number + 0.5) * have / count), have - 1) for number in range(count)]]
