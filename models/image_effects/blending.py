"""Blend modes of two pictures (W3C, "Compositing and Blending Level 1", section 10.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor

BlendMode = Literal["normal", "multiply", "screen", "overlay", "soft_light", "difference"]


def blend(below: Tensor, above: Tensor, share: float, mode: BlendMode) -> Tensor:
    """`below` with `share` (0..1) of what the mode makes of the two; values in 0..1, any equal shapes."""
    return torch.lerp(below, MODES[mode](below, above), share).clamp(0, 1)


def _normal(_below: Tensor, above: Tensor) -> Tensor:
    return above


def _multiply(below: Tensor, above: Tensor) -> Tensor:
    return below * above


def _screen(below: Tensor, above: Tensor) -> Tensor:
    return 1 - (1 - below) * (1 - above)


def _overlay(below: Tensor, above: Tensor) -> Tensor:
    return torch.where(below <= 0.5, 2 * below * above, 1 - 2 * (1 - below) * (1 - above))


def _soft_light(below: Tensor, above: Tensor) -> Tensor:
    """Darkens where `above` is below one half and lightens where it is above, gently."""
    lightest = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, below.sqrt())
    darker = below - (1 - 2 * above) * below * (1 - below)
    lighter = below + (2 * above - 1) * (lightest - below)
    return torch.where(above <= 0.5, darker, lighter)


def _difference(below: Tensor, above: Tensor) -> Tensor:
    """With its sign, unlike elsewhere, as saved graphs have it: what is negative becomes black after mixing."""
    return below - above


MODES: Mapping[BlendMode, Callable[[Tensor, Tensor], Tensor]] = {
    "normal": _normal,
    "multiply": _multiply,
    "screen": _screen,
    "overlay": _overlay,
    "soft_light": _soft_light,
    "difference": _difference,
}
