"""Multipart bodies that are read from the disk as they are sent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from typing import BinaryIO

CHUNK = 2**18


class FormBody:
    """Fields and one file, as bytes to be sent: iterable, with its length known."""

    def __init__(self, fields: Mapping[str, str], name: str, file_name: str, file: BinaryIO) -> None:
        boundary = f"weft-{secrets.token_hex(16)}"
        disposition = f"--{boundary}\r\nContent-Disposition: form-data; name="
        parts = [f'{disposition}"{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
        shown = file_name.replace("\\", "_").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        parts.append(f'{disposition}"{name}"; filename="{shown}"\r\nContent-Type: application/octet-stream\r\n\r\n')
        self._head = "".join(parts).encode("utf-8")
        self._tail = f"\r\n--{boundary}--\r\n".encode("ascii")
        self._file = file
        start = file.tell()
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        self.headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(self._head) + size + len(self._tail)),
        }

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        while chunk := self._file.read(CHUNK):
            yield chunk
        yield self._tail
