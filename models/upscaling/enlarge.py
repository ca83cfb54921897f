"""Enlarging pictures through a network, in tiles as large as the device's memory allows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
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
    """What the network is given at once, and how many such planes came before it and are to come in all."""

    plane: Tensor  # [1, input channels, H, W]
    into: Tensor  # [1, 1 or 3, H * scale, W * scale]
    before: int
    planes: int


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
    result = torch.empty(batch, COLOUR, height * model.scale, width * model.scale)
    tile = TILE
    with model.memory.resident(model.network):
        for job in _jobs(model, pictures, result):
            tile = _shrinking(model, job, tile, report)
    return result.movedim(1, -1)


def _jobs(model: UpscaleModel, pictures: Tensor, result: Tensor) -> Iterator[_Job]:
    """What is to be done: for each picture one job, or one for each colour if the network is for grey pictures."""
    by_colour = model.input_channels == GREY
    parts = COLOUR if by_colour and pictures.shape[-1] > GREY else 1
    for number, picture in enumerate(pictures.split(1)):
        colours = picture[..., :COLOUR].movedim(-1, 1).float()
        if not by_colour:
            colours = colours.expand(-1, COLOUR, -1, -1)
        if model.input_channels == TRANSPARENT:
            colours = torch.nn.functional.pad(colours, (0, 0, 0, 0, 0, 1), value=1.0)
        into = result[number : number + 1]
        for index in range(parts):
            plane, place = (colours[:, index : index + 1], into[:, index : index + 1]) if parts > 1 else (colours, into)
            yield _Job(plane, place, number * parts + index, len(pictures) * parts)


def _shrinking(model: UpscaleModel, job: _Job, tile: int, report: Report) -> int:
    """Do the job in tiles of that side, or of the largest smaller ones that fit; the side of those."""
    while not _attempt(model, job, tile, report):
        model.memory.free()
        if tile <= SMALLEST_TILE:
            raise UpscaleError(
                f"The device's memory is full even when the picture is worked on in tiles of {tile} pixels. Close "
                "other programs that use it, choose a smaller model, or run on the CPU."
            )
        tile //= 2
    return tile


def _attempt(model: UpscaleModel, job: _Job, tile: int, report: Report) -> bool:
    """Do the job in tiles of that side; False if the memory ran out, with nothing left of the attempt."""
    height, width = job.plane.shape[-2:]
    tiles = tile_count(height, tile, OVERLAP) * tile_count(width, tile, OVERLAP)
    done = itertools.count(job.before * tiles + 1)

    def apply(part: Tensor) -> Tensor:
        made = model(part.to(model.memory.device, torch.float32)).clamp(0, 1)
        report(next(done), job.planes * tiles)
        return made[:, : job.into.shape[1]] if made.shape[1] >= COLOUR else made[:, :1]  # one channel goes into all

    try:
        tiled(apply, job.plane, tile=tile, overlap=OVERLAP, up=model.scale, cut_last=True, into=job.into)
    except torch.OutOfMemoryError:
        return False
    return True


def _check(pictures: Tensor) -> None:
    if pictures.ndim != 4 or 0 in pictures.shape or pictures.shape[-1] not in (GREY, COLOUR, TRANSPARENT):
        raise UpscaleError(
            f"A picture has the shape [batch, height, width, 1, 3 or 4 channels], not {list(pictures.shape)}. Connect "
            "an IMAGE here."
        )
