"""Contact sheets: pictures in rows and columns with words beside them."""

from typing import Annotated, Any

import numpy as np

from execution.fields import Default, Help, Range
from execution.node import NodeInputError, node
from nodes.logic.sheet_drawing import Sheet, draw_sheet
from nodes.pictures import rgb, to_bytes
from nodes.types import MAX_SIDE, Image

MOST_PICTURES = 10_000

Labels = Annotated[list[Any] | None, Help("Words or numbers, one for each; a text of several lines counts as several.")]


@node("WeftContactSheet", category="logic/lists", display_name="Contact sheet")
def contact_sheet(
    *,
    images: Annotated[list[Image], Help("The pictures, row by row.")],
    columns: Annotated[
        list[int],
        Range(0, MOST_PICTURES),
        Default(0),
        Help("How many stand side by side; 0: as many as there are column labels, else about as many as rows."),
    ],
    column_labels: Labels = None,
    row_labels: Labels = None,
    labels: Annotated[list[Any] | None, Help("Words below each picture.")] = None,
    title: Annotated[list[str], Default(""), Help("A line at the top.")],
    gap: Annotated[list[int], Range(0, 512), Default(8), Help("Pixels between the pictures.")],
    text_size: Annotated[
        list[int], Range(0, 256), Default(0), Help("Height of the words in pixels; 0: fitting to the pictures.")
    ],
) -> Image:
    """One picture of many: an XY grid (XY plot), when the list came of all pairs of two lists."""
    cells = [np.ascontiguousarray(to_bytes(frame[..., :3])) for batch in images for frame in batch]
    if not cells:
        raise NodeInputError("images", "The list is empty, so there is nothing to lay out.")
    across, down = _texts(column_labels), _texts(row_labels)
    count = columns[0] or len(across) or _about_square(len(cells), len(down))
    if row_labels is not None and len(down) > -(-len(cells) // count):
        rows = -(-len(cells) // count)
        raise NodeInputError(
            "row_labels", f"There are {len(down)} labels for {rows} rows of {count} pictures. Change labels or columns."
        )
    if len(across) > count:
        raise NodeInputError("column_labels", f"There are {len(across)} labels for {count} columns.")
    sheet = Sheet(
        tuple(cells), count, tuple(across), tuple(down), tuple(_texts(labels)), title[0], gap[0], text_size[0]
    )
    width, height = sheet.size
    if max(width, height) > MAX_SIDE:
        raise NodeInputError(
            "images",
            f"The sheet would have {width} x {height} pixels; {MAX_SIDE} are the most. Scale the pictures down.",
        )
    return rgb(draw_sheet(sheet))[None]


def _texts(values: list[Any] | None) -> list[str]:
    """Labels as they are written: numbers without needless zeros."""
    if values is None:
        return []
    if len(values) == 1 and isinstance(values[0], str):
        return values[0].splitlines()
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in values]


def _about_square(count: int, rows: int) -> int:
    return -(-count // rows) if rows else int(np.ceil(np.sqrt(count)))
