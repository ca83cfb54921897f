"""Laying pictures with transparency over one another (Porter and Duff, "Compositing Digital Images", 1984).

The twelve operators of the paper, and the six that programs have added to them, by the formulas of Android's
documentation of PorterDuff.Mode, which saved graphs count on. Where only one layer is opaque, its LIGHTEN doubles that
one's colours and its OVERLAY gives black.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor

CLEAR = 1e-5  # opacity below which a pixel has no colour that could be told

Operator = Literal[
    "ADD", "CLEAR", "DARKEN", "DST", "DST_ATOP", "DST_IN", "DST_OUT", "DST_OVER", "LIGHTEN", "MULTIPLY", "OVERLAY",
    "SCREEN", "SRC", "SRC_ATOP", "SRC_IN", "SRC_OUT", "SRC_OVER", "XOR",
]  # fmt: skip


class Layer(NamedTuple):
    """Colours [..., C] multiplied by their opacity, and the opacity [..., 1]; both in 0..1."""

    colour: Tensor
    opacity: Tensor


def composite(source: Layer, destination: Layer, operator: Operator) -> Layer:
    """What the operator makes of two layers; colours and opacity in 0..1, multiplied as those that came in."""
    made = OPERATORS[operator](source, destination)
    return Layer(made.colour, made.opacity.clamp(0, 1))


def layer(colour: Tensor, opacity: Tensor) -> Layer:
    """A layer of colours [..., C] that are not multiplied yet."""
    return Layer(colour * opacity, opacity)


def straight(made: Layer) -> Tensor:
    """The layer's colours, no longer multiplied by the opacity; black where it is clear."""
    told = made.opacity > CLEAR
    return torch.where(told, made.colour / made.opacity.clamp(min=CLEAR), torch.zeros_like(made.colour)).clamp(0, 1)


Formula = Callable[[Layer, Layer], Layer]
Share = Callable[[Tensor, Tensor], Tensor | float]


def _shares(of_source: Share, of_destination: Share) -> Formula:
    """An operator of the paper: how much shows of each layer, by the opacities of source and destination."""

    def formula(s: Layer, d: Layer) -> Layer:
        a, b = of_source(s.opacity, d.opacity), of_destination(s.opacity, d.opacity)
        return Layer(a * s.colour + b * d.colour, a * s.opacity + b * d.opacity)

    return formula


def _united(colour: Callable[[Layer, Layer], Tensor]) -> Formula:
    """A blend mode: opaque wherever one of the layers is."""
    return lambda s, d: Layer(colour(s, d), s.opacity + d.opacity - s.opacity * d.opacity)


def _added(s: Layer, d: Layer) -> Layer:
    return Layer((s.colour + d.colour).clamp(0, 1), s.opacity + d.opacity)


def _uncovered(s: Layer, d: Layer) -> Tensor:
    """The colours where only one of the layers is."""
    return (1 - d.opacity) * s.colour + (1 - s.opacity) * d.colour


def _overlaid(s: Layer, d: Layer) -> Tensor:
    dark = 2 * s.colour * d.colour
    light = s.opacity * d.opacity - 2 * (d.opacity - d.colour) * (s.opacity - s.colour)
    return torch.where(2 * d.colour < d.opacity, dark, light)


def _none(_s: Tensor, _d: Tensor) -> float:
    return 0.0


def _all(_s: Tensor, _d: Tensor) -> float:
    return 1.0


def _where_source(s: Tensor, _d: Tensor) -> Tensor:
    return s


def _where_destination(_s: Tensor, d: Tensor) -> Tensor:
    return d


def _beside_source(s: Tensor, _d: Tensor) -> Tensor:
    return 1 - s


def _beside_destination(_s: Tensor, d: Tensor) -> Tensor:
    return 1 - d


OPERATORS: Mapping[Operator, Formula] = {
    "ADD": _added,
    "CLEAR": _shares(_none, _none),
    "DARKEN": _united(lambda s, d: _uncovered(s, d) + torch.minimum(s.colour, d.colour)),
    "DST": _shares(_none, _all),
    "DST_ATOP": _shares(_beside_destination, _where_source),
    "DST_IN": _shares(_none, _where_source),
    "DST_OUT": _shares(_none, _beside_source),
    "DST_OVER": _shares(_beside_destination, _all),
    "LIGHTEN": _united(lambda s, d: _uncovered(s, d) + torch.maximum(s.colour, d.colour)),
    "MULTIPLY": lambda s, d: Layer(s.colour * d.colour, s.opacity * d.opacity),
    "OVERLAY": _united(_overlaid),
    "SCREEN": _united(lambda s, d: s.colour + d.colour - s.colour * d.colour),
    "SRC": _shares(_all, _none),
    "SRC_ATOP": _shares(_where_destination, _beside_source),
    "SRC_IN": _shares(_where_destination, _none),
    "SRC_OUT": _shares(_beside_destination, _none),
    "SRC_OVER": _shares(_all, _beside_source),
    "XOR": _shares(_beside_destination, _beside_source),
}
