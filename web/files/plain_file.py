"""A file as it lies on the disk."""

from __future__ import annotations

import os
from pathlib import Path

from aiohttp import web


class PlainFile(web.FileResponse):
    """Answers with a file's own bytes: HEAD, ranges and conditional requests included.

    Its base class would send `x.png.gz` in place of `x.png` where both lie in a folder, as web servers do with files
    that they compressed beforehand; among what people upload, that would be another file's content.
    """

    def _get_file_path_stat_encoding(self, accept_encoding: str) -> tuple[Path | None, os.stat_result, str | None]:
        return super()._get_file_path_stat_encoding("")
