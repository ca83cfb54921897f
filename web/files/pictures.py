"""What /view and the uploads do to pictures. Runs in threads; Pillow is imported when the first one comes."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from web.files.thumbnails import Rendered
from web.refusal import Refusal

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 2**27
"""134 million, as 16384 x 8192 has: more is refused before it is decoded. A few bytes can claim to be any size."""

MAX_SIDE = 4096  # pixels of a preview that is asked for by size

DAMAGED = (
    OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, OverflowError, AttributeError,
    MemoryError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise for files that are not what they claim to be."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a picture is asked to become."""

    format: str | None = None  # "webp" | "jpeg": a preview; None: PNG
    quality: int = 90
    channel: str = ""  # "rgb": without alpha; "a": black with the alpha; else as it is
    size: int | None = None  # longest side in pixels, of previews; never made larger


FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Of the pictures that /view shows. Pillow knows dozens more, and hands some of them (EPS) to other programs."""


def read_rendering(preview: str | None, channel: str, size: str | None) -> Rendering | None:
    """What the query of /view asks for; None: the file itself.

    Raises:
        Refusal: 400, the size is no number from 1 to 4096.
    """
    longest: int | None = None
    if size:
        if not (size.isascii() and size.isdigit() and len(size) < 6 and 1 <= int(size) <= MAX_SIDE):
            what = f"The size of a preview is a number of pixels from 1 to {MAX_SIDE}."
            raise Refusal(400, "invalid_size", what, "Ask for size=256, for example.")
        longest = int(size)
    if preview is None and longest is None:
        return Rendering(channel=channel) if channel in ("rgb", "a") else None
    format, *further = (preview or "").split(";")
    quality = further[-1] if further else ""
    number = int(quality) if quality.isascii() and quality.isdigit() and len(quality) < 5 else 90
    if format not in ("webp", "jpeg") or "a" in channel:
        format = "webp"
    return Rendering(format, min(max(number, 1), 100), channel, longest)


def render(path: Path, rendering: Rendering) -> Rendered:
    """Convert a picture.

    Raises:
        Refusal: it cannot be read, or has too many pixels.
        FileNotFoundError: it has gone.
    """
    from PIL import ImageOps

    with path.open("rb") as file:
        try:
            image = open_checked(file)
            if rendering.size and rendering.format:
                image.draft("RGB", (rendering.size, rendering.size))  # JPEG: decoded small, an eighth of the work
            image = ImageOps.exif_transpose(image)
            if rendering.size:
                image.thumbnail((rendering.size, rendering.size))
            return _encode(_channel(_eight_bits(image), rendering), rendering)
        except DAMAGED as error:
            raise unreadable() from error


def open_checked(file: BinaryIO) -> Image.Image:
    """A picture whose header was read and not more.

    Raises:
        Refusal: it has too many pixels.
        OSError, ValueError, ...: see `DAMAGED`.
    """
    from PIL import Image

    try:
        image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_many_pixels() from None
    if image.width * image.height > MAX_PIXELS:
        raise too_many_pixels()
    return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits by its upper 8; Pillow itself would make all but the darkest of it white."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point([value >> 8 for value in range(65536)], "L")


def _channel(image: Image.Image, rendering: Rendering) -> Image.Image:
    from PIL import Image

    if rendering.channel == "rgb" or rendering.format == "jpeg":
        return image.convert("RGB")
    if rendering.channel == "a" and rendering.format is None:
        black = Image.new("L", image.size, 0)
        alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
        return Image.merge("RGBA", (black, black, black, alpha or Image.new("L", image.size, 255)))
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _encode(image: Image.Image, rendering: Rendering) -> Rendered:
    data = io.BytesIO()
    match rendering.format:
        case "jpeg":
            image.save(data, "JPEG", quality=rendering.quality)
            return Rendered(data.getvalue(), "image/jpeg")
        case "webp":
            image.save(data, "WEBP", quality=rendering.quality, method=2)
            return Rendered(data.getvalue(), "image/webp")
        case _:
            image.save(data, "PNG", compress_level=4)
            return Rendered(data.getvalue(), "image/png")


def check_upload(path: Path) -> None:
    """Refuse an uploaded picture that would unpack to more pixels than are taken.

    What is no picture, or a damaged one, passes: the node that loads it says so.

    Raises:
        Refusal: it has too many pixels.
    """
    with path.open("rb") as file:
        try:
            open_checked(file)
        except DAMAGED:
            return


def with_alpha(original: Path, mask: Path) -> bytes:
    """The original picture, upright, as a PNG with the mask picture's alpha; its text chunks (the workflow) are kept.

    Raises:
        Refusal: one of the two cannot be read or has too many pixels.
        FileNotFoundError: the original has gone.
    """
    from PIL import ImageOps
    from PIL.PngImagePlugin import PngInfo

    with original.open("rb") as first, mask.open("rb") as second:
        try:
            picture, painted = open_checked(first), open_checked(second)
            picture.load()  # text may stand after the pixels
            picture = ImageOps.exif_transpose(picture)
            texts = PngInfo()
            for key, value in picture.info.items():
                if isinstance(key, str) and isinstance(value, str) and 0 < len(key) < 80:
                    texts.add_text(key, value)
            alpha = painted.convert("RGBA").getchannel("A")
            result = _eight_bits(picture).convert("RGBA")
            if alpha.size != result.size:
                alpha = alpha.resize(result.size)
            result.putalpha(alpha)
            data = io.BytesIO()
            result.save(data, "PNG", compress_level=4, pnginfo=texts)
            return data.getvalue()
        except DAMAGED as error:
            raise unreadable() from error


def unreadable() -> Refusal:
    return Refusal(422, "unreadable_picture", "The file is no picture that can be read.", "Give a PNG, JPEG or WEBP.")


def too_many_pixels() -> Refusal:
    what = f"The picture has more than {MAX_PIXELS // 10**6} million pixels."
    return Refusal(413, "too_many_pixels", what, "Make it smaller.")
