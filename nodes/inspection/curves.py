"""Rows of numbers, such as noise levels and strengths over time, which say more as a line than as a histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor

LONGEST = 1_024  # numbers of a row that is given whole
SHOWN = 6  # noise levels that are named at most


def curve_of(value: Any) -> list[float] | None:
    """The numbers of a row of 2 to 1,024 finite ones in their order; None: it is none."""
    numbers: Sequence[Any] = ()
    if isinstance(value, Tensor):
        countable = value.layout is torch.strided and value.device.type != "meta" and not value.is_complex()
        if value.ndim == 1 and countable and len(value) <= LONGEST:
            numbers = [float(number) for number in value.detach().double().cpu()]
    elif isinstance(value, (list, tuple)):
        numbers = cast("Sequence[Any]", value)
    if not 1 < len(numbers) <= LONGEST or not all(_is_number(number) for number in numbers):
        return None
    return [float(number) for number in numbers]


def steps_of(levels: Sequence[float]) -> str:
    """A row of noise levels in words: how many steps, and where they lead."""
    steps = len(levels) - 1
    named = [f"{level:.4g}" for level in levels]
    shown = named if steps < SHOWN else [*named[: SHOWN // 2], "...", *named[-SHOWN // 2 :]]
    falls = all(first > second for first, second in pairwise(levels))
    rises = all(first < second for first, second in pairwise(levels))
    way = "falling" if falls else "rising" if rises else "neither falling nor rising throughout"
    return f"{steps} step{'' if steps == 1 else 's'} of sampling, {way}: {', '.join(shown)}"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
