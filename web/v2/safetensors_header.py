"""Whether a file is what a safetensors file must be, told by its header alone.

The format: 8 bytes, the header's length as a little-endian integer; the header, a JSON object from tensor names to
`{"dtype", "shape", "data_offsets"}`; the tensors' bytes, without gaps. https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any, cast

MOST_HEADER_BYTES = 100_000_000  # the limit of the format's own reader
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


class NotSafetensorsError(ValueError):
    """The file is no sound safetensors file; the text says what is wrong with it."""


def check_safetensors(path: Path) -> int:
    """How many tensors a file holds.

    Raises:
        NotSafetensorsError: it is not sound.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or not 2 <= length <= min(size - 8, MOST_HEADER_BYTES):
            raise NotSafetensorsError("it does not begin with a header's length")
        try:
            header: Any = json.loads(file.read(length).decode("utf-8"))
        except (ValueError, RecursionError):
            raise NotSafetensorsError("its header is not JSON") from None
    if not isinstance(header, dict):
        raise NotSafetensorsError("its header is not a JSON object")
    entries = cast("dict[str, Any]", header)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise NotSafetensorsError("its metadata is not a JSON object")
    end = 0
    for begin, finish in sorted(_span(name, entry) for name, entry in entries.items()):
        if begin != end:
            raise NotSafetensorsError("its tensors overlap or leave gaps")
        end = finish
    if end != size - 8 - length:
        raise NotSafetensorsError(f"its tensors end at byte {end} of {size - 8 - length}: it is cut off or padded")
    return len(entries)


def _span(name: str, entry: Any) -> tuple[int, int]:
    """Where a tensor's bytes begin and end, checked against its type and shape."""
    known = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    shape, offsets = _counts(known.get("shape")), _counts(known.get("data_offsets"))
    bits = BITS.get(str(known.get("dtype")))
    if bits is None or shape is None or offsets is None or len(offsets) != 2:
        raise NotSafetensorsError(f"its tensor {name[:80]!r} has no known type, shape or place")
    begin, finish = offsets
    if (finish - begin) * 8 != prod(shape) * bits:
        raise NotSafetensorsError(f"its tensor {name[:80]!r} does not fill its place")
    return begin, finish


def _counts(value: Any) -> list[int] | None:
    """A list of whole numbers from 0, if it is one."""
    if not isinstance(value, list):
        return None
    items = cast("list[Any]", value)
    return items if all(type(item) is int and item >= 0 for item in items) else None
