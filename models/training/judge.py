"""A judge of pictures by rule: dominant colours and the outline of what stands out. No network is asked."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.training.scenes import COLOURS
from models.training.shapes import SHAPES, coverage

_BORDER = 1 / 12  # of the side: pixels that must be background
_FLAT = 1 / 8  # of the side: how wide a border is flat around a centred shape of middling size
_LEAST_AREA = 0.02  # of the picture: anything smaller is no shape
_LEAST_OVERLAP = 0.7  # intersection over union with the shape's template
_SCALES = (0.9, 1.0, 1.1)
_SHIFTS = (-0.03, 0.0, 0.03)  # of the side


@dataclass(frozen=True)
class Verdict:
    """What the rules see in one picture."""

    background: str
    colour: str | None  # None where nothing stands out
    shape: str | None  # None where the outline is like no shape


def _palette() -> Tensor:
    return torch.tensor(list(COLOURS.values())) / 255  # [8, 3]


def _linear(rgb: Tensor) -> Tensor:
    return torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def to_lab(rgb: Tensor) -> Tensor:
    """sRGB `[..., 3]` in 0..1 to CIE L*a*b* (D65), where distance is about what eyes see."""
    matrix = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = _linear(rgb.clamp(0, 1)) @ matrix.T / torch.tensor([0.9505, 1.0, 1.089])
    f = torch.where(xyz > 216 / 24389, xyz.clamp(min=1e-8) ** (1 / 3), (24389 / 27 * xyz + 16) / 116)
    return torch.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def _dominant(lab: Tensor) -> str:
    """The name that most of the pixels `[N, 3]` are nearest to."""
    votes = torch.cdist(lab, to_lab(_palette())).argmin(1).bincount(minlength=len(COLOURS))
    return list(COLOURS)[int(votes.argmax())]


def _outline(mask: Tensor) -> str | None:
    """The shape whose template, laid over the mask `[S, S]` with its area and centre, overlaps it best."""
    mask = mask[::2, ::2]  # half the resolution tells outlines apart as well, in a quarter of the time
    size = mask.shape[0]
    at = (torch.arange(size) + 0.5) / size
    area = mask.float().mean()
    x = (mask.float().mean(0) @ at) / area / size
    y = (mask.float().mean(1) @ at) / area / size
    best, best_overlap = None, _LEAST_OVERLAP
    tries = torch.tensor([(s, dx, dy) for s in _SCALES for dx in _SHIFTS for dy in _SHIFTS])
    for shape in SHAPES:
        half = torch.tensor([0.5])
        model = coverage(shape, half, half, half / 2, size)[0]
        # the centre of a triangle's or a star's area is not the centre it is drawn around
        offset = ((model.mean(1) @ at) / model.mean() / size - 0.5) / 0.25
        radius = 0.25 * (area / model.mean()).sqrt()
        templates = coverage(
            shape, x + tries[:, 1], y - offset * radius + tries[:, 2], radius * tries[:, 0], size
        )  # [27, S, S]
        solid = templates > 0.5
        overlap = ((solid & mask).sum((1, 2)) / (solid | mask).sum((1, 2))).max().item()
        if overlap > best_overlap:
            best, best_overlap = shape, overlap
    return best


def look(picture: Tensor) -> Verdict:
    """Judge one square picture, `[3, S, S]` in 0..1.

    The background is the dominant colour of the border. What stands out are pixels nearer to the dominant other
    colour than to the background's.
    """
    size = picture.shape[-1]
    lab = to_lab(picture.permute(1, 2, 0))  # [S, S, 3]
    edge = max(1, round(size * _BORDER))
    border = torch.ones(size, size, dtype=torch.bool)
    border[edge:-edge, edge:-edge] = False
    background = _dominant(lab[border])
    ground = lab[border].median(0).values
    names = torch.cdist(lab.flatten(0, 1), to_lab(_palette())).argmin(1).view(size, size)
    distant = (lab - ground).norm(dim=-1) > 25
    other = distant & (names != list(COLOURS).index(background))
    if other.float().mean() < _LEAST_AREA:
        return Verdict(background, None, None)
    colour = _dominant(lab[other])
    figure = lab[other & (names == list(COLOURS).index(colour))].median(0).values
    mask = (lab - figure).norm(dim=-1) < (lab - ground).norm(dim=-1)
    return Verdict(background, colour, _outline(mask))


def flat_grain(picture: Tensor) -> float:
    """Grain of a picture `[3, S, S]` in 0..1 along its border, where all should be flat.

    The mean square of what a 17x17 average takes away (a latent's grain is 8 pixels coarse), times 255 squared: 1.0 is
    one grey level of grain.
    """
    size = picture.shape[-1]
    edge = max(1, round(size * _FLAT))
    smooth = torch.nn.functional.avg_pool2d(picture[None], 17, stride=1, padding=8, count_include_pad=False)[0]
    rest = (picture - smooth).square().mean(0) * 255**2
    border = torch.ones(size, size, dtype=torch.bool)
    border[edge:-edge, edge:-edge] = False
    return rest[border].mean().item()
