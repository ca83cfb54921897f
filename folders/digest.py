"""A digest that tells one model file from another without reading gigabytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

WHOLE_BELOW = 64 * 2**20  # bytes; smaller files are hashed entirely
SAMPLES = 64
SAMPLE_BYTES = 64 * 2**10
HEADER_BYTES = 2 * 2**20  # covers the header of every known safetensors checkpoint


def file_digest(path: Path) -> str:
    """A hexadecimal SHA-256 that changes whenever the file's content does.

    Files below 64 MiB are hashed whole, so equal content has equal digests wherever it lies. Of larger ones the size,
    the first 2 MiB (names, types and offsets of all tensors), 64 samples spread evenly and the time of the last
    change in nanoseconds are hashed: a change that the samples miss shows in the time. The price is that a
    copy of a large file may get another digest, which costs a computation that a cache could have saved and is never
    wrong. A folder's digest is made of those of its files.
    """
    hasher = hashlib.sha256()
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                hasher.update(f"{file.relative_to(path).as_posix()}\0{file_digest(file)}\0".encode())
        return hasher.hexdigest()
    state = path.stat()
    with path.open("rb") as file:
        if state.st_size < WHOLE_BELOW:
            return hashlib.file_digest(file, "sha256").hexdigest()
        hasher.update(f"{state.st_size} {state.st_mtime_ns} ".encode())
        hasher.update(file.read(HEADER_BYTES))
        for sample in range(SAMPLES):
            file.seek(HEADER_BYTES + (state.st_size - HEADER_BYTES - SAMPLE_BYTES) * sample // (SAMPLES - 1))
            hasher.update(file.read(SAMPLE_BYTES))
    return hasher.hexdigest()
