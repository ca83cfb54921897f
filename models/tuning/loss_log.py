"""The loss of every step in a table, and what a resumed job does with rows beyond its state: takes them out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

FILE = "loss.csv"
HEADER = ("step", "loss", "rate")


class Row(NamedTuple):
    """One step."""

    step: int
    loss: float
    rate: float


class LossLog:
    """The table in a job's folder."""

    def __init__(self, folder: Path, step: int) -> None:
        self.path = folder / FILE
        rows = [row for row in read_losses(self.path) if row.step <= step]
        with self.path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])

    def add(self, row: Row) -> None:
        """Write one more row; it is in the file at once."""
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(row)


def read_losses(path: Path) -> Sequence[Row]:
    """The rows of a table, up to the first that is not whole; none where there is no table."""
    if not path.is_file():
        return []
    rows: list[Row] = []
    with path.open(encoding="utf-8", newline="") as file:
        for cells in list(csv.reader(file))[1:]:
            try:
                rows.append(Row(int(cells[0]), float(cells[1]), float(cells[2])))
            except (ValueError, IndexError):
                break
    return rows
