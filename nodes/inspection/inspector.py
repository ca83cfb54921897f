"""Everything that can be said and shown of what an output of a node gave."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from execution.sizes import measure
from execution.workers.flows import NotThereError
from nodes.inspection import pictures, statistics
from nodes.inspection.curves import curve_of, steps_of
from nodes.inspection.kinds import COLOURS, Item, items_of
from nodes.inspection.prompts import TokenReader
from nodes.inspection.rendering import dtype_of, long, short
from nodes.preview_colours import PreviewColours
from nodes.prompt_notes import OPTION

MOST_ITEMS = 64  # of a list output that are described
MOST_CHANNELS = 16
MOST_OPTIONS = 64

UNKNOWN = (
    "shape", "dtype", "device", "min", "max", "mean", "std", "histogram", "channels", "curve", "text", "tokens",
    "options",
)  # fmt: skip
"""What is not told of every kind."""

PictureFile = tuple[dict[str, str], bytes]
"""What to say of it, by header's name, and the PNG."""


class ValueInspector:
    """Looks at values in main memory, where it takes nothing from the device but a copy of what lies there.

    `device` is the one that jobs run on; `colours` show what latents stand for.
    """

    def __init__(self, device: torch.device, colours: PreviewColours) -> None:
        self._device = device
        self._colours = colours
        self._tokens = TokenReader()

    def describe(self, items: list[Any], type: str) -> Mapping[str, Any]:
        """The first 64 `items`, and how many are left out."""
        with self._looking():
            found = items_of(items, type)
            told = [self._described(item, type) for item in found[:MOST_ITEMS]]
        return {"items": told, "items_left_out": max(0, len(found) - MOST_ITEMS)}

    def difference(self, items: list[Any], others: list[Any], type: str) -> Mapping[str, Any] | None:
        """Largest and mean distance of all numbers, and the signal-to-noise ratio of pictures in decibels."""
        with self._looking():
            return _difference(items_of(items, type), items_of(others, type))

    def picture(self, items: list[Any], type: str, item: int, batch: int, size: int) -> PictureFile:
        """One picture, its longer side at most `size` pixels.

        Raises:
            NotThereError: there is no such picture.
        """
        with self._looking():
            made = self._pixels(_chosen(items_of(items, type), item), batch, size)
            return {"X-Weft-Picture": made.how}, pictures.png_of(made.pixels, size)

    def difference_picture(
        self, items: list[Any], others: list[Any], type: str, item: int, batch: int, size: int
    ) -> PictureFile:
        """How far one picture is from an earlier one, made so bright that the largest difference is white.

        Raises:
            NotThereError: one of them is not there, or they have different sizes.
        """
        with self._looking():
            new, old = (self._pixels(_chosen(items_of(one, type), item), batch, size) for one in (items, others))
            if new.pixels.shape != old.pixels.shape:
                said = "The two pictures have different sizes, so that there is no difference to show."
                raise NotThereError(404, said)
            made, gain = pictures.difference(new.pixels, old.pixels)
            told = {"X-Weft-Picture": f"difference of {new.how}", "X-Weft-Gain": f"{gain:.6g}"}
            return told, pictures.png_of(made, size)

    @contextmanager
    def _looking(self) -> Generator[None]:
        """What a thread enters to compute with values that nodes made."""
        with torch.inference_mode():
            if self._device.type != "cuda":
                yield
                return
            with torch.cuda.device(self._device):
                yield

    def _pixels(self, item: Item, batch: int, size: int) -> pictures.Made:
        if not item.pictures:
            raise NotThereError(404, f"A value of kind {item.kind} is no picture.")
        if batch >= item.pictures:
            raise NotThereError(404, f"There is no picture {batch} in this batch: it has {item.pictures}.")
        return pictures.pixels_of(item, batch, size, self._colours)

    def _described(self, item: Item, type: str) -> dict[str, Any]:
        tensor = item.tensor
        told: dict[str, Any] = {"kind": item.kind, **dict.fromkeys(UNKNOWN)}
        told |= {"bytes": 0, "nan": 0, "inf": 0, "pictures": item.pictures}
        if tensor is None:
            return told | _plain(item)
        told |= {"shape": list(tensor.shape), "dtype": dtype_of(tensor), "device": str(tensor.device)}
        told |= {"bytes": tensor.numel() * tensor.element_size(), **_numbers(item, tensor)}
        told["curve"] = curve_of(tensor)
        if type == "SIGMAS" and told["curve"] is not None:
            told["text"] = steps_of(told["curve"])
        elif tensor is not item.value and item.kind == "other":
            told["text"] = long(item.value)
        names = [name for name in item.options if name != OPTION][:MOST_OPTIONS]
        if item.kind in ("latent", "conditioning"):
            told["options"] = {str(name): short(item.options[name]) for name in names}
        if item.kind == "conditioning":
            told["tokens"] = self._tokens.rows(item.options)
        return told


def _plain(item: Item) -> dict[str, Any]:
    """What is told of a value without numbers of its own."""
    told: dict[str, Any] = {"text": long(item.value), "bytes": sum(part for _, part in measure(item.value))}
    told["curve"] = curve_of(item.value)
    if item.kind == "number" and math.isfinite(_as_float(item.value)):
        told |= {"min": item.value, "max": item.value, "mean": item.value, "std": 0.0}
    return told


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _numbers(item: Item, tensor: Tensor) -> dict[str, Any]:
    if not _countable(tensor):
        return {}
    around = (0.0, 1.0) if item.kind in ("image", "mask") else None
    told = statistics.statistics(tensor, around)
    if item.kind == "image":
        told["channels"] = statistics.channels(tensor, -1, COLOURS[tensor.shape[-1]], around)
    elif item.kind == "latent":
        names = [str(number) for number in range(min(tensor.shape[1], MOST_CHANNELS))]
        told["channels"] = statistics.channels(tensor, 1, names)
    return told


def _countable(tensor: Tensor) -> bool:
    """Whether it holds numbers that lie somewhere, in an order."""
    return tensor.layout is torch.strided and tensor.device.type != "meta" and not tensor.is_complex()


def _chosen(items: Sequence[Item], item: int) -> Item:
    if item >= len(items):
        raise NotThereError(404, f"There is no item {item}: this output gave {len(items)}.")
    return items[item]


def _difference(items: Sequence[Item], others: Sequence[Item]) -> dict[str, Any] | None:
    pairs = [(_values(one), _values(other)) for one, other in zip(items, others, strict=False)]
    largest, total, squares, count = 0.0, 0.0, 0.0, 0
    if not pairs or len(items) != len(others):
        return None
    for new, old in pairs:
        if new is None or old is None or new.shape != old.shape or not new.numel():
            return None
        for start in range(0, new.numel(), statistics.PIECE):
            apart = (_piece(new, start) - _piece(old, start)).abs()
            largest = max(largest, float(apart.max()))
            total += float(apart.sum())
            squares += float((apart * apart).sum())
        count += new.numel()
    if not math.isfinite(total):
        return None
    pictures_only = all(item.kind in ("image", "mask") for item in items)
    error = squares / count
    ratio = -10 * math.log10(error) if pictures_only and error > 0 else None
    return {"max_abs": largest, "mean_abs": total / count, "psnr": ratio}


def _values(item: Item) -> Tensor | None:
    if item.tensor is not None:
        return item.tensor.detach().reshape(-1) if _countable(item.tensor) else None
    return torch.tensor([_as_float(item.value)], dtype=torch.float64) if item.kind == "number" else None


def _piece(tensor: Tensor, start: int) -> Tensor:
    return tensor[start : start + statistics.PIECE].cpu().double()
