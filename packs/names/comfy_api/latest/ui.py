"""`comfy_api.latest.ui`: what newer-style nodes show under themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from folders.workspace import OwnFolder
from nodes import image_files
from nodes.mask import mask_to_image
from packs.extension import completed
from packs.lacking import lacking

from ... import host

__getattr__ = lacking(__name__)

_FOLDERS: Mapping[str, OwnFolder] = {"input": "input", "output": "output", "temp": "temp"}


class SavedResult(dict[str, Any]):
    """A file that was written."""

    def __init__(self, filename: str, subfolder: str, type: Any) -> None:
        super().__init__(filename=filename, subfolder=subfolder, type=getattr(type, "value", type))

    @property
    def filename(self) -> str:
        return self["filename"]

    @property
    def subfolder(self) -> str:
        return self["subfolder"]

    @property
    def type(self) -> str:
        return self["type"]


class SavedImages:
    """Pictures that were written."""

    def __init__(self, results: Sequence[Mapping[str, Any]], is_animated: bool = False) -> None:
        self.results = list(results)
        self.is_animated = is_animated

    def as_dict(self) -> dict[str, Any]:
        """As the editor is told."""
        shown: dict[str, Any] = {"images": [dict(one) for one in self.results]}
        return {**shown, "animated": (True,)} if self.is_animated else shown


class PreviewImage(SavedImages):
    """Shows pictures [B, H, W, C]; the files are temporary."""

    def __init__(self, image: torch.Tensor, animated: bool = False, cls: Any = None, **_options: Any) -> None:
        saved = _saved(image, "temp", image_files.temporary_prefix(host.context()), cls, 1)
        super().__init__(saved, animated)


class PreviewMask(PreviewImage):
    """Shows masks [B, H, W] in grey."""

    def __init__(self, mask: torch.Tensor, animated: bool = False, cls: Any = None, **_options: Any) -> None:
        super().__init__(mask_to_image(mask=mask), animated, cls)


class PreviewText:
    """Shows a text."""

    def __init__(self, value: str, **_options: Any) -> None:
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        """As the editor is told."""
        return {"text": (self.value,)}


class ImageSaveHelper:
    """Saves pictures."""

    @staticmethod
    def save_images(
        images: torch.Tensor, filename_prefix: str, folder_type: Any, cls: Any = None, compress_level: int = 4
    ) -> list[SavedResult]:
        """Write pictures [B, H, W, C] as PNG files into one of the user's folders."""
        folder = _FOLDERS.get(str(getattr(folder_type, "value", folder_type)), "output")
        return _saved(images, folder, filename_prefix, cls, compress_level)

    @staticmethod
    def get_save_images_ui(
        images: torch.Tensor, filename_prefix: str, cls: Any = None, compress_level: int = 4
    ) -> SavedImages:
        """Write pictures into the output folder and show them."""
        return SavedImages(_saved(images, "output", filename_prefix, cls, compress_level))


def _saved(images: torch.Tensor, folder: OwnFolder, prefix: str, cls: Any, level: int) -> list[SavedResult]:
    hidden: Any = getattr(cls, "hidden", None)
    prompt, extra = getattr(hidden, "prompt", None), getattr(hidden, "extra_pnginfo", None)
    work = image_files.save_pictures(host.context(), images, folder, prefix, prompt, extra, level)
    return [SavedResult(**one) for one in completed(work).data["images"]]
