"""Writing a safetensors file tensor by tensor, whatever its size, with no copy of it in memory.

Format: https://github.com/huggingface/safetensors (8 bytes with the length of a JSON header, the header, the values
without gaps). The hash among the notes is ModelSpec's: the SHA-256 of all that follows the header. It is known last,
so room of its very length is left for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch

from models.export.tensors import ExportError, Outgoing, Tensors

HASH = "modelspec.hash_sha256"
_NO_HASH = f"0x{'0' * 64}"
ALIGNMENT = 8  # of the first value, as the format recommends

DTYPES: Mapping[torch.dtype, str] = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip

Told = Callable[[int, int], None]
"""Called with the bytes written and all bytes, before each tensor; may raise to stop."""


def write_tensors(path: Path, tensors: Tensors, metadata: Mapping[str, str], told: Told | None = None) -> None:
    """Write a new file and have it on the disk. If something is raised, what is at `path` is unfinished.

    `metadata` may hold the key `modelspec.hash_sha256`; its value is put in here.

    Raises:
        ExportError: a tensor is of a format that files cannot hold.
        OSError: the disk refuses it.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))  # keeps every value aligned
    header = _header({name: tensors[name] for name in order}, metadata)
    size = sum(one.size for one in tensors.values())
    digest, written = hashlib.sha256(), 0
    with path.open("xb") as file:
        file.write(struct.pack("<Q", len(header)))
        file.write(header)
        for name in order:
            if told is not None:
                told(written, size)
            written += _write(file, name, tensors[name], digest)
        if HASH in metadata:
            file.seek(8 + header.index(_NO_HASH.encode()))
            file.write(f"0x{digest.hexdigest()}".encode())
        file.flush()
        os.fsync(file.fileno())
    if told is not None:
        told(size, size)


def _header(tensors: Tensors, metadata: Mapping[str, str]) -> bytes:
    entries: dict[str, Any] = {}
    if metadata:
        # the hash first, so that no other note can hold what is looked for before it
        others = {name: text for name, text in metadata.items() if name != HASH}
        entries["__metadata__"] = {HASH: _NO_HASH, **others} if HASH in metadata else others
    begin = 0
    for name, one in tensors.items():
        if one.dtype not in DTYPES:
            raise ExportError(f"The tensor {name} is of the format {one.dtype}, which safetensors files cannot hold.")
        offsets = [begin, begin + one.size]
        entries[name] = {"dtype": DTYPES[one.dtype], "shape": list(one.shape), "data_offsets": offsets}
        begin += one.size
    header = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    return header + b" " * (-(len(header)) % ALIGNMENT)


def _write(file: BinaryIO, name: str, one: Outgoing, digest: Any) -> int:
    value = one.make().detach().cpu().contiguous()
    if value.dtype != one.dtype or tuple(value.shape) != one.shape:
        raise ExportError(
            f"The tensor {name} came out as {value.dtype} {list(value.shape)} instead of {one.dtype} {list(one.shape)}."
        )
    if not value.numel():
        return 0
    content: Any = value.reshape(-1).view(torch.uint8).numpy()
    digest.update(content)
    file.write(content)
    return one.size
