"""Pictures that nodes show while they work, made into files for clients."""

import io
from dataclasses import dataclass
from typing import Literal

import torch
from PIL import Image as Pillow

from nodes.pictures import png, to_bytes
from nodes.preview_colours import PreviewColours

PreviewMethod = Literal["none", "auto", "latent2rgb", "taesd"]

SIDE = 512  # pixels of a preview's longer side
QUALITY = 85  # of its JPEG

NO_TAESD = "Previews by TAESD are not there in this version: they are made by the VAE's own colours (latent2rgb)."


@dataclass(frozen=True)
class LatentPreview:
    """What a sampler shows while it works; the consumer makes a picture of it, or not."""

    denoised: torch.Tensor  # [B, 4, h, w], the clean latent as predicted now, not scaled
    step: int  # steps done, 1 .. total
    total: int
    model: str = ""  # digest of the model's file, which tells whose latents they are


@dataclass(frozen=True)
class FullImage:
    """A finished picture for the client that queued the run, as the image of a `Preview` event. Never left out."""

    pixels: torch.Tensor  # [H, W, 1, 3 or 4], 0..1

    def png(self) -> bytes:
        """The picture as a file, in its full size."""
        return png(self.pixels, {}, compress_level=1)


class PreviewEncoder:
    """Makes a file of the image of a `Preview` event. May be used on any thread.

    `size`: pixels of the longer side; small latents are scaled up to it, as clients expect.
    """

    def __init__(self, method: PreviewMethod, colours: PreviewColours, size: int = SIDE) -> None:
        self._shown = method != "none"
        self._colours = colours
        self._size = size
        self.notice = NO_TAESD if method == "taesd" else None

    def is_full(self, image: object) -> bool:
        """Whether it is a picture for its own sake and not a glimpse of work in progress."""
        return isinstance(image, FullImage)

    def encode(self, image: object) -> tuple[str, bytes] | None:
        """Media type and file; None where there is nothing to show, or nobody wants it shown.

        Other than our own, pictures of Pillow's are taken, which node packs show.
        """
        if isinstance(image, FullImage):
            return "image/png", image.png()
        if not self._shown:
            return None
        if isinstance(image, LatentPreview):
            return self._latent(image)
        if isinstance(image, Pillow.Image):
            return "image/jpeg", self._jpeg(image.convert("RGB"))
        return None

    def _latent(self, image: LatentPreview) -> tuple[str, bytes] | None:
        colours = self._colours.of(image.model, image.denoised.shape[1])
        if colours is None:
            return None
        return "image/jpeg", self._jpeg(Pillow.fromarray(to_bytes(colours.picture(image.denoised[0]))))

    def _jpeg(self, picture: Pillow.Image) -> bytes:
        scale = self._size / max(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        file = io.BytesIO()
        picture.resize((width, height), Pillow.Resampling.BILINEAR).save(file, "JPEG", quality=QUALITY)
        return file.getvalue()
