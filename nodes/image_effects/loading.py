"""Pictures from the output folder, and whole folders of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import torch

from execution.fields import Files, Help, Optional, Range
from execution.node import Context, NodeInputError, node
from folders.safe_paths import UnsafeNameError
from folders.workspace import IMAGE_SUFFIXES, INPUT_FOLDERS, Workspace
from models.image_effects.arranging import framed
from nodes.image_files import ImageAndMask, loaded_picture
from nodes.image_scale import resized
from nodes.pictures import PictureError, load_picture
from nodes.text import encode
from nodes.types import Clip, Conditioning, ConditioningValue, Image

Fit = Literal["None", "Stretch", "Crop", "Pad"]
FolderName = Annotated[str, Files(INPUT_FOLDERS), Help("A folder in the input folder.")]
Resizing = Annotated[
    Fit,
    Optional(),
    Help("How pictures of another size are made to fit: None refuses them, Crop cuts, Pad fills up with black."),
]
DatasetSide = Annotated[int, Range(-1, 10_000, step=1), Optional()]
FROM_THE_FIRST = -1

CAPTION_SUFFIX = ".txt"


class Captioned(NamedTuple):
    """Pictures and what they show."""

    IMAGE: Image
    CONDITIONING: Conditioning


@node("LoadImageOutput", category="image", display_name="Load Image (from Outputs)")
def load_image_output(
    *,
    image: Annotated[str, Files("output", upload="image"), Help("A picture in the output folder, newest first.")],
    ctx: Context,
) -> ImageAndMask:
    """Load a picture that was saved before, as Load Image does with one of the input folder."""
    return loaded_picture(ctx, image, "output")


@node("LoadImageSetFromFolderNode", category="loaders", display_name="Load Image Dataset from Folder")
def load_image_set(*, folder: FolderName, resize_method: Resizing = "None", ctx: Context) -> Image:
    """Load all pictures of a folder as one batch, in the order of their names; the first one's size holds for all."""
    return _batch(ctx, list(_pictures(_folder(ctx, folder))), resize_method, None)


@node("LoadImageTextSetFromFolderNode", category="loaders", display_name="Load Image and Text Dataset from Folder")
def load_image_text_set(
    *,
    folder: FolderName,
    clip: Annotated[Clip, Help("The text encoders that read the captions.")],
    resize_method: Resizing = "None",
    width: Annotated[DatasetSide, Help("Width of all, in pixels; -1: that of the first one.")] = FROM_THE_FIRST,
    height: Annotated[DatasetSide, Help("Height of all, in pixels; -1: that of the first one.")] = FROM_THE_FIRST,
    ctx: Context,
) -> Captioned:
    """Load all pictures of a folder and what the text files of the same names say of them, one prompt for each.

    A sub-folder whose name begins with a number and an underscore ("10_cat") counts as often as the number says.
    """
    files = list(_pictures(_folder(ctx, folder)))
    for inner in sorted(path for path in _folder(ctx, folder).iterdir() if path.is_dir()):
        number = inner.name.partition("_")[0]
        files += list(_pictures(inner)) * (int(number) if number.isdecimal() and len(number) < 5 else 1)
    size = (width, height) if width > 0 and height > 0 else None
    pictures = _batch(ctx, files, resize_method, size)
    prompts: ConditioningValue = []
    for number, file in enumerate(files):
        ctx.progress(number, len(files))
        prompts += encode(clip, lambda file=file: clip.tokenize(_caption(file)), {}, ctx)
    return Captioned(pictures, prompts)


def _folder(ctx: Context, name: str) -> Path:
    try:
        return ctx.service(Workspace).own_folder(name)
    except FileNotFoundError as error:
        raise NodeInputError("folder", f"{error.strerror}.") from error
    except UnsafeNameError as error:
        raise NodeInputError("folder", str(error)) from error


def _pictures(folder: Path) -> Iterator[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    yield from (path for path in files if path.suffix.lower() in IMAGE_SUFFIXES)


def _batch(ctx: Context, files: list[Path], fit: Fit, size: tuple[int, int] | None) -> torch.Tensor:
    """The first frames of picture files as a batch, all of a `size` (width, height), or else of the first one's."""
    if not files:
        raise NodeInputError("folder", "There are no pictures in this folder. Put some there, or choose another.")
    pictures: list[torch.Tensor] = []
    for number, file in enumerate(files):
        ctx.progress(number, len(files))
        try:
            picture = load_picture(file).pixels[:1]
        except PictureError as error:
            raise NodeInputError("folder", str(error)) from error
        size = size or (picture.shape[2], picture.shape[1])
        pictures.append(_fitted(file, picture, fit, *size))
    return torch.cat(pictures)


def _fitted(file: Path, picture: torch.Tensor, fit: Fit, width: int, height: int) -> torch.Tensor:
    if (picture.shape[2], picture.shape[1]) == (width, height):
        return picture
    if fit == "None":
        raise NodeInputError(
            "resize_method",
            f"{file.name} has {picture.shape[2]} x {picture.shape[1]} pixels and not {width} x {height}, which all of "
            "a batch must have. Choose how to make it fit.",
        )
    if fit == "Pad":
        return framed(picture, width, height, 0.0, "lanczos")
    return resized(picture, width, height, "lanczos", "center" if fit == "Crop" else "disabled")


def _caption(file: Path) -> str:
    """What the text file beside a picture says; nothing without one."""
    text = file.with_suffix(CAPTION_SUFFIX)
    return text.read_text("utf-8", errors="replace").strip() if text.is_file() else ""
