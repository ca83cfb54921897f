"""The header of a safetensors file, checked in every number before anything is mapped into memory.

Format (https://github.com/huggingface/safetensors): 8 bytes little-endian length of the header, the header as JSON
`{name: {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {str: str}}`, then the tensors' bytes without
gaps. A file that says anything else is refused with a sentence: nothing is guessed, nothing is read past its end.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from models.checkpoints.errors import CheckpointError

MAX_HEADER_BYTES = 100_000_000  # the format's own limit
MAX_DIMENSIONS = 16

ITEM_BYTES: Mapping[str, int] = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1,
    "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip


class TensorEntry(NamedTuple):
    """What the header says of one tensor; bytes `begin` to `end` count from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """A checked header: every entry lies inside the file, overlaps no other and has the size of its shape."""

    entries: Mapping[str, TensorEntry]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """The checked header of a safetensors file.

    Raises:
        CheckpointError: for anything but a whole and consistent safetensors file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise CheckpointError(f"{path.name} has only {size} bytes: it is not a model. Download it again.")
        length = struct.unpack("<Q", start)[0]
        if length > min(size - 8, MAX_HEADER_BYTES):
            raise CheckpointError(
                f"{path.name} is no whole safetensors file: its header claims {length} bytes and the file has {size}. "
                "Download it again, or convert it from its original format."
            )
        raw = file.read(length)
    items = _parse(path, raw)
    metadata = _metadata(path, items.pop("__metadata__", None))
    entries = {name: _entry(path, name, item) for name, item in items.items()}
    _check_layout(path, entries, size - 8 - length)
    return Header(entries, metadata)


def _parse(path: Path, raw: bytes) -> dict[str, Any]:
    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            raise CheckpointError(
                f"{path.name} names {twice[:200]!r} twice in its header. Get the file from another source."
            )
        return found

    try:
        items = json.loads(raw, object_pairs_hook=no_duplicates)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, dict):
        raise CheckpointError(
            f"{path.name} is no safetensors file: its header is not a JSON object. Download it again, or convert it "
            "from its original format."
        )
    return items


def _metadata(path: Path, found: Any) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise CheckpointError(f"{path.name} has metadata that are not texts. Save it again with a current tool.")
    return found


def _entry(path: Path, name: str, item: Any) -> TensorEntry:
    def refuse(reason: str) -> CheckpointError:
        return CheckpointError(f"{path.name}: tensor {name[:200]!r} {reason}. The file is damaged: download it again.")

    if not isinstance(item, dict) or set(item) != {"dtype", "shape", "data_offsets"}:
        raise refuse("is not described by dtype, shape and data_offsets")
    dtype, shape, offsets = item["dtype"], item["shape"], item["data_offsets"]
    if dtype not in ITEM_BYTES:
        raise CheckpointError(
            f"{path.name}: tensor {name[:200]!r} has the type {str(dtype)[:40]!r}, which cannot be read. Use a "
            "float16, bfloat16 or float32 version of the model."
        )
    if not _is_counts(shape) or len(shape) > MAX_DIMENSIONS:
        raise refuse("has an impossible shape")
    if not _is_counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise refuse("has impossible offsets")
    count = ITEM_BYTES[dtype]
    for side in shape:
        count *= side
    if count != offsets[1] - offsets[0]:
        raise refuse(f"has {offsets[1] - offsets[0]} bytes where its shape {shape} needs {count}")
    return TensorEntry(dtype, tuple(shape), offsets[0], offsets[1])


def _is_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int and number >= 0 for number in value)


def _check_layout(path: Path, entries: Mapping[str, TensorEntry], available: int) -> None:
    end, last = 0, "the header"
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != end:
            what = "overlap" if entry.begin < end else "leave a gap"
            raise CheckpointError(
                f"{path.name}: {last[:200]} and {name[:200]} {what} in the file. It is damaged: download it again."
            )
        end, last = entry.end, name
    if end > available:
        raise CheckpointError(
            f"{path.name} is cut off: {end - available:,} of its bytes are missing. Download it again."
        )
    if end < available:
        raise CheckpointError(
            f"{path.name} has {available - end:,} bytes after its last tensor. It is damaged: download it again."
        )
