"""What there is to say of a tensor's numbers, computed in main memory and in pieces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

BINS = 64
PIECE = 2**22  # entries looked at in one go
MOST = 2**26  # entries; of a larger tensor every n-th is looked at
WIDE = 1e30  # beyond it, float32 cannot hold the width of a histogram

Range = tuple[float, float]


def statistics(tensor: Tensor, around: Range | None = None) -> dict[str, Any]:
    """Smallest, largest, mean, deviation, a histogram of 64 bins, how many are NaN or infinite, which do not count.

    `around`: values that the histogram spans at the least. All but the counts are None where no number is finite.
    """
    values = _looked_at(tensor)
    pieces = [values[start : start + PIECE] for start in range(0, len(values), PIECE)]
    count, total, squares, nan, inf = 0, 0.0, 0.0, 0, 0
    low, high = math.inf, -math.inf
    for piece in pieces:
        finite, nans, infinities = _finite(piece)
        nan, inf = nan + nans, inf + infinities
        if not len(finite):
            continue
        numbers = finite.double()
        low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
        count += len(numbers)
        total += float(numbers.sum())
        squares += float((numbers * numbers).sum())
    told: dict[str, Any] = {"min": None, "max": None, "mean": None, "std": None}
    if count:
        mean = total / count
        deviation = math.sqrt(max(0.0, squares / count - mean * mean))
        told = {"min": low, "max": high, "mean": mean, "std": deviation}
    histogram = _histogram(pieces, _span(low, high, around)) if count else None
    return {**told, "nan": nan, "inf": inf, "histogram": histogram}


def channels(tensor: Tensor, axis: int, names: Sequence[str], around: Range | None = None) -> list[dict[str, Any]]:
    """The same of each channel along an axis, as far as it has a name."""
    told: list[dict[str, Any]] = []
    for name, part in zip(names, tensor.unbind(axis), strict=False):
        about = statistics(part, around)
        told.append({"name": name, **{key: about[key] for key in ("min", "max", "mean", "histogram")}})
    return told


def _looked_at(tensor: Tensor) -> Tensor:
    """The entries that count, in a row, in main memory."""
    flat = tensor.detach().reshape(-1)
    step = -(-flat.numel() // MOST)
    return (flat[::step] if step > 1 else flat).cpu()


def _finite(piece: Tensor) -> tuple[Tensor, int, int]:
    """The finite numbers of a piece, and how many are NaN and infinite."""
    if not piece.dtype.is_floating_point:
        return piece, 0, 0
    numbers = piece.float() if piece.dtype is not torch.float64 else piece
    finite = torch.isfinite(numbers)
    kept = int(finite.sum())
    if kept == len(numbers):
        return numbers, 0, 0
    nan = int(torch.isnan(numbers).sum())
    return numbers[finite], nan, len(numbers) - kept - nan


def _span(low: float, high: float, around: Range | None) -> Range:
    if around is not None:
        low, high = min(low, around[0]), max(high, around[1])
    if low == high:
        return low - 0.5, high + 0.5
    return low, high


def _histogram(pieces: Sequence[Tensor], span: Range) -> dict[str, Any]:
    low, high = span
    exact = max(abs(low), abs(high)) > WIDE
    counts = torch.zeros(BINS, dtype=torch.float64)
    for piece in pieces:
        finite, _, _ = _finite(piece)
        if len(finite):
            numbers = finite.double() if exact else finite.float()
            counts += torch.histc(numbers, BINS, low, high).double()
    return {"from": low, "to": high, "counts": [int(counts[index]) for index in range(BINS)]}
