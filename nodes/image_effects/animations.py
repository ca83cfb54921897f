"""Batches of pictures saved as one moving picture each."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image as Pillow
from PIL import ImageSequence, PngImagePlugin

from execution.fields import Help, Range
from execution.node import Context, NodeInputError, Ui, node
from nodes.background import in_background
from nodes.hidden import ExtraPngInfo, Prompt
from nodes.image_files import NOT_FINITE, check_pictures
from nodes.picture_records import PictureRecords
from nodes.pictures import to_bytes
from nodes.saving import Claims, numbered_files, texts_for
from nodes.types import Image
from nodes.watermark import SavedWatermark, marked_if_possible

Frames = Annotated[Image, Help("The frames, in their order.")]
FilePrefix = Annotated[str, Help("Beginning of the file name, with a sub-folder if you like; as in Save Image.")]
FramesPerSecond = Annotated[float, Range(0.01, 1000, step=0.01), Help("Frames shown in a second.")]

EFFORT: Mapping[str, int] = {"default": 4, "fastest": 0, "slowest": 6}
EXIF_MODEL, EXIF_MAKE = 0x0110, 0x010F  # fields in which WEBP files keep the prompt, and downwards the other texts
LONGEST_SIDE: Mapping[str, int] = {".webp": 16383, ".png": 2**31 - 1}  # pixels that the formats can count

Encode = Callable[[Sequence[Pillow.Image], Mapping[str, str], int], bytes]
"""Frames, texts to carry, and milliseconds that each frame lasts -> a file."""


async def save_animation(
    ctx: Context,
    images: torch.Tensor,
    prefix: str,
    fps: float,
    suffix: str,
    encode: Encode,
    prompt: Prompt,
    extra_pnginfo: ExtraPngInfo,
    watermark: SavedWatermark,
    exact: bool = True,
) -> Ui:
    """Write a batch [B, H, W, C] as one numbered file. `exact`: the format keeps every pixel as it is.

    Raises:
        NodeInputError: the batch is no picture or too large for the format, or the prefix points outside the folder.
    """
    check_pictures(images)
    height, width = images.shape[1:3]
    if max(height, width) > LONGEST_SIDE[suffix]:
        raise NodeInputError(
            "images",
            f"Pictures of {width} x {height} pixels are too large for a {suffix} file, whose sides have at most "
            f"{LONGEST_SIDE[suffix]} pixels. Scale them down, or save them as PNG.",
        )
    files = numbered_files(ctx, "output", prefix, width, height)
    claims = Claims(ctx, 1)  # before anything is awaited: calls get their turns in the order of their items
    records = PictureRecords.begin(ctx, prompt)

    def write() -> Ui:
        if not torch.isfinite(images).all():
            ctx.warn(NOT_FINITE)
        claim = claims[0]
        saved = claim.found() if claim is not None else None
        if saved is None:
            frames: list[Pillow.Image] = []
            for picture in marked_if_possible(ctx, images) if watermark == "sdxl" else images:
                ctx.check_cancelled()
                frames.append(_frame(picture))
            lasting = max(1, int(1000 / fps))
            texts = texts_for(ctx, prompt, extra_pnginfo)
            if records is not None:
                pixels = map(np.asarray, frames) if exact else _decoded(encode(frames, {}, lasting))
                texts |= records.texts(pixels, 0, 1)
            saved = files.write(encode(frames, texts, lasting), suffix, claim=claim)
        return Ui({"images": [saved.to_ui()], "animated": [len(images) > 1]})

    return await in_background(ctx, write)


def _frame(picture: torch.Tensor) -> Pillow.Image:
    pixels = to_bytes(picture)
    return Pillow.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def _decoded(content: bytes) -> Iterator[npt.NDArray[np.uint8]]:
    with Pillow.open(io.BytesIO(content)) as file:
        for frame in ImageSequence.Iterator(file):
            yield np.asarray(frame.convert("RGBA"))


@node("SaveAnimatedWEBP", category="image/animation", display_name="SaveAnimatedWEBP", output=True)
async def save_animated_webp(
    *,
    images: Frames,
    filename_prefix: FilePrefix = "ComfyUI",
    fps: FramesPerSecond = 6.0,
    lossless: Annotated[bool, Help("Keep every pixel as it is; larger.")] = True,
    quality: Annotated[int, Range(0, 100), Help("How good it looks; when lossless, how hard to compress.")] = 80,
    method: Annotated[Literal["default", "fastest", "slowest"], Help("How much time to take for a smaller file.")],
    watermark: SavedWatermark = "none",
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save a batch as a moving WEBP picture in the output folder, with the workflow in it."""

    def encode(frames: Sequence[Pillow.Image], texts: Mapping[str, str], lasting: int) -> bytes:
        exif = Pillow.Exif()
        others = (name for name in texts if name != "prompt")
        fields = {"prompt": EXIF_MODEL} | {name: EXIF_MAKE - place for place, name in enumerate(others)}
        for name, text in texts.items():
            exif[fields[name]] = f"{name}:{text}"
        return _written(
            frames, "WEBP", lasting, exif=exif.tobytes(), lossless=lossless, quality=quality, method=EFFORT[method]
        )

    return await save_animation(
        ctx, images, filename_prefix, fps, ".webp", encode, prompt, extra_pnginfo, watermark, lossless
    )


@node("SaveAnimatedPNG", category="image/animation", display_name="SaveAnimatedPNG", output=True)
async def save_animated_png(
    *,
    images: Frames,
    filename_prefix: FilePrefix = "ComfyUI",
    fps: FramesPerSecond = 6.0,
    compress_level: Annotated[int, Range(0, 9), Help("0: fast and large, 9: slow and small.")] = 4,
    watermark: SavedWatermark = "none",
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save a batch as a moving PNG picture (APNG) in the output folder, with the workflow in it."""

    def encode(frames: Sequence[Pillow.Image], texts: Mapping[str, str], lasting: int) -> bytes:
        info = PngImagePlugin.PngInfo()
        for name, text in texts.items():
            info.add_text(name, text)
        return _written(frames, "PNG", lasting, pnginfo=info, compress_level=compress_level)

    return await save_animation(ctx, images, filename_prefix, fps, ".png", encode, prompt, extra_pnginfo, watermark)


def _written(frames: Sequence[Pillow.Image], form: str, lasting: int, **options: object) -> bytes:
    file = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:], "duration": lasting, "loop": 0} if len(frames) > 1 else {}
    frames[0].save(file, form, **more, **options)
    return file.getvalue()
