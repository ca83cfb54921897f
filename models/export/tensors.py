"""Tensors on their way to a file: what they will be is known before they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from models.checkpoints.weights import Weights


class ExportError(ValueError):
    """A model that cannot be written; the message is a sentence."""


@dataclass(frozen=True)
class Outgoing:
    """One tensor of a file to be written."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    make: Callable[[], Tensor]  # computed or read anew at each call, in main memory or on a device

    @property
    def size(self) -> int:
        """Bytes in the file."""
        count = self.dtype.itemsize
        for side in self.shape:
            count *= side
        return count

    def of_type(self, dtype: torch.dtype | None) -> Outgoing:
        """The same in another format; None, and whole numbers, stay as they are.

        Making it raises ExportError where a value is too large for the format.
        """
        if dtype is None or dtype == self.dtype or not self.dtype.is_floating_point:
            return self
        return Outgoing(dtype, self.shape, partial(_converted, self.make, dtype))

    def reshaped(self, *shape: int) -> Outgoing:
        """The same values in another shape."""
        make = self.make
        return replace(self, shape=shape, make=lambda: make().reshape(shape))


def _converted(make: Callable[[], Tensor], dtype: torch.dtype) -> Tensor:
    value = make()
    changed = value.to(dtype)
    if not changed.isfinite().all() and value.isfinite().all():
        raise ExportError(
            f"The model has a value of {value.abs().max().item():g}, which {dtype} cannot hold. Choose another format, "
            "such as bf16."
        )
    return changed


Tensors = Mapping[str, Outgoing]
"""What a file will hold, by name."""


def of_tensor(tensor: Tensor) -> Outgoing:
    """A tensor that is there already."""
    return Outgoing(tensor.dtype, tuple(tensor.shape), lambda: tensor)


def of_weights(weights: Weights) -> dict[str, Outgoing]:
    """The tensors of a file that was opened; they stay in it until they are written."""
    return {name: _of_file(weights, name) for name in weights.shapes}


def _of_file(weights: Weights, name: str) -> Outgoing:
    found = weights.tensor(name)
    return Outgoing(found.dtype, tuple(found.shape), partial(weights.tensor, name))


def prefixed(prefix: str, tensors: Tensors) -> dict[str, Outgoing]:
    """The tensors with `prefix` before each name."""
    return {prefix + name: value for name, value in tensors.items()}


def total_size(tensors: Tensors) -> int:
    """Bytes of all of them."""
    return sum(one.size for one in tensors.values())
