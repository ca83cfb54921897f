"""Pictures from and to files."""

import math
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import torch

from execution.fields import Files, Help
from execution.node import Context, NodeInputError, Ui, node
from folders.safe_paths import UnsafeNameError
from folders.workspace import OwnFolder, Workspace
from nodes.background import in_background
from nodes.hidden import ExtraPngInfo, Prompt
from nodes.numbering import FileNumbers
from nodes.picture_records import PictureRecords
from nodes.pictures import NO_ALPHA_SIDE, PictureError, load_channel, load_picture, png, to_bytes
from nodes.previews import FullImage
from nodes.saving import Claims, numbered_files, texts_for
from nodes.types import Image, Mask
from nodes.watermark import SavedWatermark, marked_if_possible

NOT_FINITE = "Some pixels are not numbers (NaN or infinite): the model overflowed. They are saved as black or white."

InputPicture = Annotated[
    str,
    Files("input", upload="image"),
    Help("A picture in the input folder; `name [output]` takes one from the output folder."),
]


class ImageAndMask(NamedTuple):
    """A picture and how transparent it is."""

    IMAGE: Image
    MASK: Mask


def picture_file(ctx: Context, name: str, folder: OwnFolder = "input") -> Path:
    """The picture in an own folder that the input `image` names.

    Raises:
        NodeInputError: it is not there, or the name is refused.
    """
    try:
        return ctx.service(Workspace).own_file(name, folder)
    except FileNotFoundError as error:
        raise NodeInputError("image", f"{error.strerror}.") from error
    except UnsafeNameError as error:
        raise NodeInputError("image", str(error)) from error


@node("LoadImage", category="image", display_name="Load Image")
def load_image(*, image: InputPicture, ctx: Context) -> ImageAndMask:
    """Load a picture, upright. The mask is 1 where it is transparent; without transparency it is 64 x 64 zeros.

    The frames of an animation become a batch; frames of another size than the first are left out.
    """
    return loaded_picture(ctx, image, "input")


def loaded_picture(ctx: Context, name: str, folder: OwnFolder) -> ImageAndMask:
    """The picture in an own folder that the input `image` names, and where it is transparent.

    Raises:
        NodeInputError: it is not there, the name is refused, or it is no picture.
    """
    try:
        picture = load_picture(picture_file(ctx, name, folder))
    except PictureError as error:
        raise NodeInputError("image", str(error)) from error
    mask = picture.transparency
    if mask is None:
        mask = torch.zeros(picture.pixels.shape[0], NO_ALPHA_SIDE, NO_ALPHA_SIDE)
    return ImageAndMask(picture.pixels, mask)


@node("LoadImageMask", category="mask", display_name="Load Image (as Mask)")
def load_image_mask(
    *,
    image: InputPicture,
    channel: Annotated[
        Literal["alpha", "red", "green", "blue"], Help("Which channel to take; alpha gives 1 where it is transparent.")
    ],
    ctx: Context,
) -> Mask:
    """Load one channel of a picture as a mask."""
    try:
        return load_channel(picture_file(ctx, image), channel)[None]
    except PictureError as error:
        raise NodeInputError("image", str(error)) from error


async def save_pictures(
    ctx: Context,
    images: torch.Tensor,
    kind: OwnFolder,
    prefix: str,
    prompt: Prompt,
    extra_pnginfo: ExtraPngInfo,
    compress_level: int,
    watermark: SavedWatermark = "none",
) -> Ui:
    """Write a batch [B, H, W, C] as numbered PNG files; each is whole before it has its name.

    Raises:
        NodeInputError: the batch is no picture, or the prefix points outside the folder.
        Cancelled: the user cancelled the run; the files written so far stay.
    """
    check_pictures(images)
    height, width = images.shape[1:3]
    files = numbered_files(ctx, kind, prefix, width, height)
    claims = Claims(ctx, len(images))  # before anything is awaited: calls get their turns in the order of their items
    records = PictureRecords.begin(ctx, prompt)

    def write() -> Ui:
        if not torch.isfinite(images).all():
            ctx.warn(NOT_FINITE)
        texts = texts_for(ctx, prompt, extra_pnginfo)
        saved: list[dict[str, str]] = []
        for number, picture in enumerate(marked_if_possible(ctx, images) if watermark == "sdxl" else images):
            ctx.check_cancelled()
            claim = claims[number]
            earlier = claim.found() if claim is not None else None
            if earlier is None:
                more = records.texts([to_bytes(picture)], number, len(images)) if records is not None else {}
                earlier = files.write(png(picture, texts | more, compress_level), ".png", number, claim)
            saved.append(earlier.to_ui())
        return Ui({"images": saved})

    return await in_background(ctx, write)


@node("SaveImage", category="image", display_name="Save Image", output=True)
async def save_image(
    *,
    images: Annotated[Image, Help("The pictures to save.")],
    filename_prefix: Annotated[
        str,
        Help(
            "Beginning of the file names, with a sub-folder if you like. %width%, %height%, %year%, %month%, %day%, "
            "%hour%, %minute%, %second% and %batch_num% are filled in."
        ),
    ] = "ComfyUI",
    watermark: SavedWatermark = "none",
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save pictures as PNG files in the output folder, with the workflow in them."""
    return await save_pictures(ctx, images, "output", filename_prefix, prompt, extra_pnginfo, 4, watermark)


@node("PreviewImage", category="image", display_name="Preview Image", output=True)
async def preview_image(
    *,
    images: Annotated[Image, Help("The pictures to show.")],
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Show pictures; the files are temporary."""
    return await save_pictures(ctx, images, "temp", temporary_prefix(ctx), prompt, extra_pnginfo, compress_level=1)


def temporary_prefix(ctx: Context) -> str:
    """How this process's temporary files begin: one prefix, so that their folder is looked through once."""
    return (ctx.optional(FileNumbers) or FileNumbers()).temporary_prefix


@node("SaveImageWebsocket", category="api/image", output=True, fingerprint=lambda: math.nan)  # sent in every run
def save_image_websocket(*, images: Annotated[Image, Help("The pictures to send.")], ctx: Context) -> Ui:
    """Send pictures to the client that queued the workflow, as PNG over its websocket, and write no file."""
    check_pictures(images)
    for number, picture in enumerate(images):
        ctx.preview(FullImage(picture))
        ctx.progress(number + 1, len(images))
    return Ui()


def check_pictures(images: torch.Tensor) -> None:
    """Make sure that a batch can be saved.

    Raises:
        NodeInputError: it is no batch of pictures.
    """
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4):
        raise NodeInputError(
            "images", f"Pictures have the shape [batch, height, width, 1, 3 or 4 channels], not {list(images.shape)}."
        )
