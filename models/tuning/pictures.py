"""A folder of pictures with captions, looked through before anything is learned from it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from models.sdxl.buckets import Size
from models.tuning.captions import CaptionTables, read_tables, repeats, sidecar
from models.tuning.errors import PicturesError
from models.tuning.framing import WIDEST, Buckets, Framing

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif"})
LARGEST = 250_000_000  # pixels; more is taken for a file that means harm

Looked = Callable[[int, int], None]
"""Called with the pictures looked at, and all."""


@dataclass(frozen=True)
class Example:
    """One picture, what it shows and how it is cut."""

    path: Path
    name: str  # path below the folder, with forward slashes
    caption: str
    repeats: int
    framing: Framing


def find_examples(
    folder: Path, buckets: Buckets, enlarge: float, caption: str = "", looked: Looked | None = None
) -> list[Example]:
    """Every picture in a folder and those below it, in the order of their names.

    `enlarge`: how many times larger a picture may be made; `caption`: that of pictures without one.

    Raises:
        PicturesError: with a sentence for each picture that cannot be learned from, all at once.
    """
    if not folder.is_dir():
        raise PicturesError(f"There is no folder {folder}. data.folder names the folder of your pictures.")
    paths = list(_pictures(folder))
    if not paths:
        raise PicturesError(
            f"There are no pictures in {folder}. Put some there ({', '.join(sorted(SUFFIXES))}), each with its caption "
            "in a .txt file of the same name."
        )
    tables = read_tables(folder)
    problems, examples = list(tables.problems), list[Example]()
    for number, path in enumerate(paths):
        if looked is not None:
            looked(number, len(paths))
        try:
            examples.append(_example(path, folder, tables, buckets, enlarge, caption))
        except PicturesError as error:
            problems.extend(error.problems)
    if problems:
        raise PicturesError(*problems)
    return examples


def _pictures(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in SUFFIXES and path.is_file():
            yield path


def _example(
    path: Path, folder: Path, tables: CaptionTables, buckets: Buckets, enlarge: float, caption: str
) -> Example:
    name = path.relative_to(folder).as_posix()
    original = Size(*open_upright(path, name).size)
    framing = buckets.framing(original, name)
    problems: list[str] = []
    if not buckets.allows(original):
        problems.append(
            f"{name} has {original.width}x{original.height} pixels: one side is more than {WIDEST:g} times the other, "
            "and there is no bucket of that shape. Crop it."
        )
    elif framing.enlarged > enlarge:
        problems.append(
            f"{name} has {original.width}x{original.height} pixels and would be enlarged {framing.enlarged:.1f} times "
            f"to {framing.bucket.width}x{framing.bucket.height}. Take a larger picture, a lower data.resolution, or "
            f"raise data.enlarge (now {enlarge:g})."
        )
    count, words = repeats(path, folder)
    text = tables.captions.get(path)
    if text is None:
        try:
            text = sidecar(path)
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"The caption beside {name} cannot be read ({error}). Save it as UTF-8 text.")
            text = caption
    text = text or words or caption
    if not text and not problems:
        problems.append(
            f"{name} has no caption. Write one into {Path(name).with_suffix('.txt').name} beside it, or set "
            "data.caption for all pictures without one."
        )
    if not count:
        problems.append(f"{name} lies in a folder that counts 0 times. Begin the folder's name with a larger number.")
    if problems:
        raise PicturesError(*problems)
    return Example(path, name, text, count, framing)


def open_upright(path: Path, name: str) -> Image.Image:
    """The whole picture, turned as its EXIF notes say, RGB; transparent parts are white.

    Raises:
        PicturesError: it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own limit only warns; ours refuses
            with Image.open(path) as image:
                if image.width * image.height > LARGEST:
                    raise PicturesError(f"{name} has {image.width}x{image.height} pixels. Make it smaller first.")
                upright = ImageOps.exif_transpose(image)
                if upright.has_transparency_data:
                    upright = upright.convert("RGBA")
                    ground = Image.new("RGBA", upright.size, "white")
                    return Image.alpha_composite(ground, upright).convert("RGB")
                return upright.convert("RGB")
    except PicturesError:
        raise
    except Exception as error:  # Pillow raises anything for damaged files
        what = "is empty" if path.is_file() and not path.stat().st_size else f"cannot be read ({error})"
        raise PicturesError(f"{name} {what}. Replace the picture or take it away.") from error


def framed(path: Path, name: str, framing: Framing) -> Tensor:
    """The picture's part that is learned from, [1, H, W, 3] in 0..1, of the bucket's size."""
    image = open_upright(path, name)
    box = (framing.left, framing.top, framing.left + framing.bucket.width, framing.top + framing.bucket.height)
    cut = image.resize(framing.resized, Image.Resampling.LANCZOS).crop(box)
    return torch.from_numpy(np.asarray(cut, dtype=np.uint8).copy())[None].float() / 255
