"""Picture files <-> tensors: any file that Pillow reads, PNG out."""

import io
import struct
import warnings
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image as Pillow
from PIL import ImageOps, ImageSequence, PngImagePlugin, UnidentifiedImageError

MAX_TOTAL_PIXELS = 2**28  # of all frames of an animation; of a single frame Pillow's own limit holds
NO_ALPHA_SIDE = 64  # the mask of a picture without transparency is 64 x 64 zeros, as graphs expect


Channel = Literal["alpha", "red", "green", "blue"]
COLOURS = ("red", "green", "blue")

DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError,
    struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise over damaged files, found by damaging files at random."""


class PictureError(ValueError):
    """A file that is no picture Weft can use; the text is a sentence for people."""


class Picture(NamedTuple):
    """A picture file, or all frames of an animation that have the first one's size."""

    pixels: torch.Tensor  # [B, H, W, 3], 0..1
    transparency: torch.Tensor | None  # [B, H, W], 0 opaque .. 1 clear; None: the file has no transparency


def load_picture(path: Path) -> Picture:
    """Read a picture, upright as its EXIF orientation says.

    Raises:
        PictureError: it is no picture, damaged, or so large that it would fill the memory.
    """
    pixels: list[torch.Tensor] = []
    clear: list[torch.Tensor | None] = []
    with opened(path) as file:
        for upright in _frames(path, file):
            colours = rgb(upright)
            if pixels and colours.shape != pixels[0].shape:
                continue
            pixels.append(colours)
            clear.append(1 - alpha(upright) if upright.has_transparency_data else None)
    if all(one is None for one in clear):
        return Picture(torch.stack(pixels), None)
    opaque = torch.zeros(pixels[0].shape[:2])
    return Picture(torch.stack(pixels), torch.stack([opaque if one is None else one for one in clear]))


def load_channel(path: Path, channel: Channel) -> torch.Tensor:
    """One channel of a picture's first frame, [H, W] in 0..1; of alpha, how clear (not how opaque) it is.

    Raises:
        PictureError: as `load_picture`.
    """
    with opened(path) as file:
        upright = next(_frames(path, file))
        return 1 - alpha(upright) if channel == "alpha" else rgb(upright)[..., COLOURS.index(channel)]


@contextmanager
def opened(path: Path) -> Generator[Pillow.Image]:
    """The picture file, for as long as the block lasts; whatever goes wrong with it there is a sentence.

    Raises:
        PictureError: as `load_picture`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd EXIF data, and pictures half as large as what is refused
            with Pillow.open(path) as file:
                yield file
    except UnidentifiedImageError as error:
        raise PictureError(f"{path.name} is not a picture in a format that Weft reads. Save it as a PNG.") from error
    except Pillow.DecompressionBombError as error:
        raise PictureError(f"{path.name} would unpack to far too many pixels. Make it smaller.") from error
    except PictureError:
        raise
    except DAMAGE as error:
        reason = str(error).partition("\n")[0][:200] or error.__class__.__name__
        raise PictureError(f"{path.name} is damaged ({reason}). Save it again from its source.") from error


def _frames(path: Path, file: Pillow.Image) -> Iterator[Pillow.Image]:
    """The frames, upright; a photograph that carries further views of itself (MPO) has one."""
    for number, frame in enumerate(ImageSequence.Iterator(file), start=1):
        if number > 1 and file.format == "MPO":
            return
        if frame.width * frame.height * number > MAX_TOTAL_PIXELS:
            raise PictureError(f"The frames of {path.name} take more memory than Weft gives a picture. Shorten it.")
        yield ImageOps.exif_transpose(frame)


def rgb(frame: Pillow.Image) -> torch.Tensor:
    """The colours of a frame, [H, W, 3] in 0..1; 16-bit grey keeps its precision, transparency is dropped."""
    if frame.mode.startswith("I;16") or frame.mode == "I":
        grey = np.asarray(frame.convert("I"), dtype=np.float32) / 65535
        return torch.as_tensor(grey).clamp(0, 1)[..., None].expand(-1, -1, 3).contiguous()
    if frame.mode == "F":
        grey = np.array(frame, dtype=np.float32)
        return torch.as_tensor(grey).nan_to_num().clamp(0, 1)[..., None].expand(-1, -1, 3).contiguous()
    if frame.mode == "P" and frame.has_transparency_data:
        frame = frame.convert("RGBA")  # a palette's own transparency confuses the direct way to RGB
    return _unit(np.asarray(frame.convert("RGB")))


def alpha(frame: Pillow.Image) -> torch.Tensor:
    """The opacity of a frame, [H, W] in 0..1; ones where the picture has none."""
    return _unit(np.asarray(frame.convert("RGBA").getchannel("A")))


def _unit(values: npt.NDArray[np.uint8]) -> torch.Tensor:
    return torch.as_tensor(values.astype(np.float32) / 255)


def to_bytes(picture: torch.Tensor) -> npt.NDArray[np.uint8]:
    """[H, W, C] in 0..1 -> 8 bits, cut off and not rounded: 0.5 gives 127, as existing pictures have it."""
    scaled = picture.detach().cpu().float().nan_to_num().mul(255).clamp(0, 255)
    return scaled.numpy().astype(np.uint8)


def png(picture: torch.Tensor, texts: Mapping[str, str], compress_level: int = 4) -> bytes:
    """A picture [H, W, 1, 3 or 4] in 0..1 as a PNG file with text chunks.

    Raises:
        PictureError: another number of channels.
    """
    pixels = to_bytes(picture)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise PictureError(f"A picture of shape {list(pixels.shape)} is not [height, width, 1, 3 or 4 channels].")
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    file = io.BytesIO()
    flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    Pillow.fromarray(np.ascontiguousarray(flat)).save(file, "PNG", pnginfo=info, compress_level=compress_level)
    return file.getvalue()
