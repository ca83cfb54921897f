"""`node_helpers`: small helps for nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from packs.lacking import lacking

T = TypeVar("T")

__getattr__ = lacking(__name__)


def conditioning_set_values(
    conditioning: list[list[Any]], values: Mapping[str, Any] | None = None, append: bool = False
) -> list[list[Any]]:
    """Conditioning with options set; `append`: behind a list that an option has already. The given one is kept."""
    made: list[list[Any]] = []
    for states, options in conditioning:
        changed: dict[str, Any] = dict(options)
        for name, value in (values or {}).items():
            before = changed.get(name)
            changed[name] = before + value if append and before is not None else value
        made.append([states, changed])
    return made


def pillow(fn: Callable[..., T], arg: Any) -> T:
    """`fn(arg)` of Pillow, which reads files that are cut off if it must."""
    from PIL import ImageFile, UnidentifiedImageError

    try:
        return fn(arg)
    except (OSError, UnidentifiedImageError, ValueError):
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            return fn(arg)
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def hasher() -> Callable[..., Any]:
    """The hash that tells files apart."""
    return hashlib.sha256


def string_to_torch_dtype(string: str) -> Any:
    """A torch dtype by its short name; None for another text."""
    import torch

    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}.get(string)


def image_alpha_fix(destination: Any, source: Any) -> tuple[Any, Any]:
    """Two pictures [B, H, W, C] with the destination's number of channels; a missing alpha is opaque."""
    import torch

    if destination.shape[-1] < source.shape[-1]:
        source = source[..., : destination.shape[-1]]
    elif destination.shape[-1] > source.shape[-1]:
        source = torch.nn.functional.pad(source, (0, destination.shape[-1] - source.shape[-1]), value=1.0)
    return destination, source
