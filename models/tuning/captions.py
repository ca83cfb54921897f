"""Who says what a picture shows: a table of the folder, a text beside the picture, or the folder's name.

- Hugging Face image folders: `metadata.jsonl` or `metadata.csv` with the columns `file_name` and `text`
- A1111, kohya: `picture.txt` or `picture.caption` beside `picture.png`; sub-folders `10_some words`, whose pictures
  count ten times and are captioned by the words where they have no text of their own
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

SIDECARS = (".txt", ".caption")
FILE_COLUMNS = ("file_name", "file", "image")
TEXT_COLUMNS = ("text", "caption", "prompt")
TABLES = ("metadata.jsonl", "metadata.csv")
_REPEATED = re.compile(r"(\d{1,4})_(.+)")


@dataclass
class CaptionTables:
    """Captions of whole folders by the pictures' paths, and sentences about what could not be read."""

    captions: dict[Path, str] = field(default_factory=dict[Path, str])
    problems: list[str] = field(default_factory=list[str])


def read_tables(folder: Path) -> CaptionTables:
    """The tables of a folder and the folders below it."""
    tables = CaptionTables()
    for path in sorted(one for name in TABLES for one in folder.rglob(name)):
        rows = _json_rows if path.suffix == ".jsonl" else _csv_rows
        try:
            for line, row in rows(path):
                _add(tables, path, line, row)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            tables.problems.append(f"{path} cannot be read ({error}). Save it as UTF-8 text.")
    return tables


def _json_rows(path: Path) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                yield number, None


def _csv_rows(path: Path) -> Iterator[tuple[int, object]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from enumerate(csv.DictReader(file), 2)


def _add(tables: CaptionTables, path: Path, line: int, row: object) -> None:
    values = cast("Mapping[str, Any]", row) if isinstance(row, Mapping) else {}
    name = next((values[column] for column in FILE_COLUMNS if isinstance(values.get(column), str)), None)
    text = next((values[column] for column in TEXT_COLUMNS if isinstance(values.get(column), str)), None)
    if not name or text is None:
        tables.problems.append(
            f"{path}, line {line}: a picture's {FILE_COLUMNS[0]} and {TEXT_COLUMNS[0]} are expected there."
        )
        return
    picture = path.parent / name
    if not picture.is_file():
        tables.problems.append(f"{path}, line {line}: there is no picture {name!r}. Correct the name or take it out.")
    tables.captions[picture] = " ".join(text.split())


def sidecar(picture: Path) -> str | None:
    """The text beside a picture, its lines joined; None where there is none.

    Raises:
        OSError, UnicodeDecodeError: it cannot be read.
    """
    for suffix in SIDECARS:
        file = picture.with_suffix(suffix)
        if file.is_file():
            return " ".join(file.read_text(encoding="utf-8-sig").split())
    return None


def repeats(picture: Path, top: Path) -> tuple[int, str | None]:
    """How often a picture counts, and the words of its folder: kohya's `10_some words`; else once, and None."""
    for folder in picture.parents:
        if folder == top:
            break
        found = _REPEATED.fullmatch(folder.name)
        if found:
            return int(found[1]), found[2].replace("_", " ").strip()
    return 1, None
