"""What travels on wires as bytes, for the disk tier of the cache: tensors by safetensors, structure by JSON.

LATENT, CONDITIONING, IMAGE, MASK, SIGMAS, numbers and texts can be kept: tensors in main memory in dicts, lists,
tuples and named tuples. MODEL, CLIP and VAE handles, and objects of node packs, cannot: their nodes run again.
"""

from __future__ import annotations

import base64
import json
import struct
import sys
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

HEAD = struct.Struct(">Q")  # bytes of the structure, which comes before the tensors
DEEPEST = 50  # levels of containers
LARGEST_INT = 2**2048  # JSON writes larger ones in more digits than Python reads back
MOST_VALUES = 100_000  # writing more of them would take the interpreter from the nodes for long
SMALL = 32  # bytes that a value is taken to need in the structure

DTYPES = frozenset(
    {
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
        torch.int8, torch.uint8, torch.bool,
    }
)  # fmt: skip


class Unstorable(ValueError):
    """A value that cannot be kept on disk."""


class TensorCodec:
    """The codec of `execution.store.DiskStore` for values made of tensors and plain data."""

    def size(self, outputs: list[list[Any]]) -> int | None:
        """Bytes of the outputs, about; None when they hold something else."""
        written = _Structure()
        try:
            written.plain(outputs)
        except Unstorable:
            return None
        return written.size

    def encode(self, outputs: list[list[Any]]) -> bytes:
        """The outputs as bytes.

        Raises:
            Unstorable: they hold something that cannot be kept.
        """
        written = _Structure()
        structure = json.dumps(written.plain(outputs)).encode()
        tensors = {name: _own(tensor) for name, tensor in written.tensors.items()}
        return b"".join((HEAD.pack(len(structure)), structure, save(tensors)))

    def decode(self, data: bytes) -> list[list[Any]]:
        """The outputs again.

        Raises:
            ValueError: these are no outputs that `encode` wrote, or a type in them is no longer there.
        """
        try:
            (length,) = HEAD.unpack_from(data)
            structure: Any = json.loads(data[HEAD.size : HEAD.size + length])
            return _value(structure, load(data[HEAD.size + length :]))
        except (struct.error, SafetensorError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(f"These are no outputs of a node ({error}).") from error


class _Structure:
    """Writes a value as JSON: containers as `{kind: items}`, a tensor as its name among `tensors`."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.size = 0
        self._values = 0

    def plain(self, value: Any, depth: int = 0) -> Any:
        """The JSON of a value.

        Raises:
            Unstorable: it holds something else, or is too deep or too large.
        """
        self._values += 1
        self.size += SMALL
        kind = type(value)
        if kind in (type(None), bool, float, str) or (kind is int and abs(value) < LARGEST_INT):
            self.size += len(value) if kind is str else 0
            return value
        if kind is bytes:
            self.size += len(value)
            return {"bytes": base64.b64encode(value).decode()}
        if kind is Tensor:
            return {"tensor": self._tensor(value)}
        if depth >= DEEPEST or self._values > MOST_VALUES:
            raise Unstorable("It is too deep, or has too many values.")
        if kind is dict:
            items = cast("dict[Any, Any]", value).items()
            return {"dict": [[self.plain(part, depth + 1) for part in item] for item in items]}
        if kind is list or kind is tuple:
            return {kind.__name__: [self.plain(item, depth + 1) for item in value]}
        if _is_named(value):
            items = [self.plain(item, depth + 1) for item in value]
            return {"named": [kind.__module__, kind.__qualname__], "items": items}
        raise Unstorable(f"{kind.__name__} is no plain value.")

    def _tensor(self, tensor: Tensor) -> str:
        plain = tensor.device.type == "cpu" and tensor.layout is torch.strided and tensor.dtype in DTYPES
        if not plain or tensor.requires_grad:
            raise Unstorable("The tensor is not in main memory, or of a kind of its own.")
        name = str(id(tensor))
        if name not in self.tensors:
            self.tensors[name] = tensor
            self.size += tensor.nbytes
        return name


def _own(tensor: Tensor) -> Tensor:
    """The tensor alone in its memory, which safetensors asks for."""
    tensor = tensor.detach().contiguous()
    return tensor if tensor.untyped_storage().nbytes() == tensor.nbytes else tensor.clone()


def _is_named(value: Any) -> bool:
    kind = type(value)
    return kind.__bases__ == (tuple,) and _named(kind.__module__, kind.__qualname__) is kind


def _named(module: str, name: str) -> Any:
    """The named tuple of that name in a module that is loaded already; None if there is none."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) and issubclass(found, tuple) and hasattr(found, "_fields") else None


def _value(plain: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(plain, dict):
        return plain
    found = cast("dict[str, Any]", plain)
    if "tensor" in found:
        return tensors[found["tensor"]]
    if "bytes" in found:
        return base64.b64decode(found["bytes"])
    if "dict" in found:
        return {_value(key, tensors): _value(item, tensors) for key, item in found["dict"]}
    if "list" in found:
        return [_value(item, tensors) for item in found["list"]]
    items = tuple(_value(item, tensors) for item in found["items" if "named" in found else "tuple"])
    if "named" not in found:
        return items
    kind = _named(*found["named"])
    if kind is None:
        raise ValueError(f"{found['named']} is no named tuple any more.")
    return kind(*items)
