"""Enlarging pictures through a network, in tiles as large as the device's memory allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from models.tiling import tile_count, tiled
from models.upscaling.network import COLOUR, GREY, TRANSPARENT, UpscaleModel

TILE, SMALLEST_TILE, OVERLAP = 512, 128, 32  # pixels of the picture that goes in

Report = Callable[[int, int], None]
"""Told how many tiles are done, and of how many; may raise to stop the work."""


class UpscaleError(ValueError):
    """A picture that cannot be enlarged; the message is a sentence."""


class _Job(NamedTuple):
    """One picture and how many of the batch's came before it and are to come in all."""

    picture: Tensor  # [1, C, H, W]
    before: int
    pictures: int


@torch.no_grad()
def enlarge(model: UpscaleModel, pictures: Tensor, report: Report) -> Tensor:
    """`pictures` [B, H, W, C] in 0..1 as [B, H * scale, W * scale, 3], clamped to 0..1, in main memory.

    One picture at a time, each in tiles of 512 pixels that overlap by 32 and are blended there; where the device's
    memory runs out, in tiles of half the side. C is 1 (grey), 3 or 4 (transparency is dropped). A network for grey
    pictures gets the colours one by one.

    Raises:
        UpscaleError: it is no picture, or even the smallest tiles do not fit.
    """
    _check(pictures)
    batch, height, width = pictures.shape[:3]
    result = torch.empty(batch, height * model.scale, width * model.scale, COLOUR)
    tile = TILE
    with model.memory.resident(model.network):
        for number in range(batch):
            planes = _planes(model, pictures[number : number + 1])
            parts: list[Tensor] = []
            for index, plane in enumerate(planes):
                job = _Job(plane, number * len(planes) + index, batch * len(planes))
                part, tile = _shrinking(model, job, tile, report)
                parts.append(part)
            result[number] = _colours(parts)[0].movedim(0, -1)
    return result


def _shrinking(model: UpscaleModel, job: _Job, tile: int, report: Report) -> tuple[Tensor, int]:
    """The picture enlarged, and the side of the tiles that fitted."""
    while True:
        done = _attempt(model, job, tile, report)
        if done is not None:
            return done, tile
        model.memory.free()
        if tile <= SMALLEST_TILE:
            raise UpscaleError(
                f"The device's memory is full even when the picture is worked on in tiles of {tile} pixels. Close "
                "other programs that use it, choose a smaller model, or run on the CPU."
            )
        tile //= 2


def _attempt(model: UpscaleModel, job: _Job, tile: int, report: Report) -> Tensor | None:
    """The picture enlarged in tiles of that side; None if the memory ran out, with nothing left of the attempt."""
    height, width = job.picture.shape[-2:]
    tiles = tile_count(height, tile, OVERLAP) * tile_count(width, tile, OVERLAP)
    numbers = iter(range(job.before * tiles + 1, job.pictures * tiles + 1))
    apply = partial(_one_tile, model, numbers, job.pictures * tiles, report)
    try:
        return tiled(apply, job.picture, tile=tile, overlap=OVERLAP, up=model.scale, cut_last=True)
    except torch.OutOfMemoryError:
        return None


def _one_tile(model: UpscaleModel, numbers: Iterator[int], total: int, report: Report, part: Tensor) -> Tensor:
    enlarged = model(part.to(model.memory.device, torch.float32)).clamp(0, 1).cpu()
    report(next(numbers), total)
    return enlarged


def _planes(model: UpscaleModel, picture: Tensor) -> list[Tensor]:
    """What the network is given for a picture [1, H, W, C]: [1, input channels, H, W], once or for each colour."""
    colours = picture[..., :COLOUR].movedim(-1, 1).float()
    if model.input_channels == GREY:
        return list(colours.split(1, dim=1))
    colours = colours.expand(-1, COLOUR, -1, -1)
    if model.input_channels == TRANSPARENT:
        colours = torch.nn.functional.pad(colours, (0, 0, 0, 0, 0, 1), value=1.0)
    return [colours]


def _colours(parts: list[Tensor]) -> Tensor:
    """The picture [1, 3, H, W] of what the network gave: for each colour, or once."""
    if len(parts) == COLOUR:
        return torch.cat([part[:, :1] for part in parts], dim=1)
    whole = parts[0]
    return whole[:, :COLOUR] if whole.shape[1] >= COLOUR else whole[:, :1].expand(-1, COLOUR, -1, -1)


def _check(pictures: Tensor) -> None:
    if pictures.ndim != 4 or 0 in pictures.shape or pictures.shape[-1] not in (GREY, COLOUR, TRANSPARENT):
        raise UpscaleError(
            f"A picture has the shape [batch, height, width, 1, 3 or 4 channels], not {list(pictures.shape)}. Connect "
            "an IMAGE here."
        )
