"""Prompts, tables and texts in files, and texts saved to files."""

import csv
import io
from typing import Annotated, Any, Literal, NamedTuple

from execution.fields import Files, Help, Multiline, Name, Range
from execution.node import Context, NodeInputError, WithUi, node
from folders.safe_paths import UnsafeNameError
from folders.workspace import Workspace
from nodes.logic.lists import divided
from nodes.saving import Claims, numbered_files

LARGEST = 16 * 2**20  # bytes of a text file

TextFile = Annotated[
    str,
    Files("input/text"),
    Help("A .txt, .csv, .tsv, .json or .md file in the input folder; `name [output]` takes one of the output folder."),
]
First = Annotated[int, Range(0, 1_000_000), Help("How many are left out at the beginning.")]
Most = Annotated[int, Range(0, 1_000_000), Help("How many are taken at most; 0: all.")]
ColumnName = Annotated[str, Help("What the column is called in the first row, or its number from 1. Empty: none.")]


class Prompts(NamedTuple):
    """The prompts of a file."""

    prompts: Annotated[list[str], Name("prompts")]
    length: Annotated[int, Name("length")]


class Columns(NamedTuple):
    """Columns of a table, each a list with an item for each row."""

    column_1: Annotated[list[str], Name("column_1")]
    column_2: Annotated[list[str], Name("column_2")]
    column_3: Annotated[list[str], Name("column_3")]
    column_4: Annotated[list[str], Name("column_4")]
    length: Annotated[int, Name("length")]


@node("WeftLoadText", category="logic/files", display_name="Load text")
def load_text(*, file: TextFile, ctx: Context) -> Annotated[str, Name("text")]:
    """The content of a text file."""
    return _content(ctx, file)


@node("WeftPromptsFromFile", category="logic/files", display_name="Prompts from file")
def prompts_from_file(
    *,
    file: TextFile,
    divided_at: Annotated[
        Literal["lines", "blank lines"], Help("Whether each line is a prompt, or each block of lines.")
    ] = "lines",
    skip: First = 0,
    count: Most = 0,
    ctx: Context,
) -> Prompts:
    """The prompts of a text file as a list: what follows runs for each. Lines that begin with # are left out."""
    lines = [line for line in _content(ctx, file).splitlines() if not line.lstrip().startswith("#")]
    prompts = divided("\n".join(lines), divided_at, keep_empty=False)[skip:]
    taken = prompts[:count] if count else prompts
    if not taken:
        raise NodeInputError("file", f"{file} has no prompts there. Write one a line, or skip fewer.")
    return Prompts(taken, len(taken))


@node("WeftTableFromFile", category="logic/files", display_name="Columns from CSV")
def table_from_file(
    *,
    file: TextFile,
    column_1: ColumnName = "prompt",
    column_2: ColumnName = "",
    column_3: ColumnName = "",
    column_4: ColumnName = "",
    skip: First = 0,
    count: Most = 0,
    ctx: Context,
) -> Columns:
    """Columns of a table as lists: a CSV file whose first row says what they are called.

    Commas, semicolons or tabs divide them, as the first row shows. An output whose column has no name is empty.
    """
    header, rows = _table(_content(ctx, file), file)
    rows = rows[skip:][: count or None]
    columns: list[list[str]] = []
    for name, wanted in (
        ("column_1", column_1),
        ("column_2", column_2),
        ("column_3", column_3),
        ("column_4", column_4),
    ):
        place = _place(name, wanted.strip(), header)
        columns.append([row[place].strip() if place < len(row) else "" for row in rows] if place is not None else [])
    return Columns(columns[0], columns[1], columns[2], columns[3], len(rows))


@node("WeftSaveText", category="logic/files", display_name="Save text", output=True)
def save_text(
    *,
    text: Annotated[Any, Multiline(), Help("A text, or a number.")],
    filename_prefix: Annotated[str, Help("Beginning of the file name, with a sub-folder if you like.")] = "texts/Weft",
    kind: Annotated[Literal[".txt", ".csv", ".json", ".md"], Help("How the file name ends.")] = ".txt",
    ctx: Context,
) -> WithUi[Annotated[str, Name("text")]]:
    """Save a text in the output folder. It also goes on."""
    content = str(text)
    claim = Claims(ctx, 1)[0]
    saved = claim.found() if claim is not None else None
    if saved is None:
        saved = numbered_files(ctx, "output", filename_prefix).write(content.encode(), kind, claim=claim)
    return WithUi(content, {"text": [content], "files": [saved.to_ui()]})


def _content(ctx: Context, file: str) -> str:
    try:
        path = ctx.service(Workspace).own_file(file)
        size = path.stat().st_size
        if size > LARGEST:
            raise NodeInputError("file", f"{file} has {size} bytes; {LARGEST} are the most. Divide it.")
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise NodeInputError("file", f"{error.strerror}.") from error
    except UnsafeNameError as error:
        raise NodeInputError("file", str(error)) from error
    except UnicodeDecodeError as error:
        raise NodeInputError("file", f"{file} is no text in UTF-8. Save it in that encoding.") from error


def _table(text: str, file: str) -> tuple[list[str], list[list[str]]]:
    """The first row and the others."""
    first = text.split("\n", 1)[0]
    divider = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=divider) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise NodeInputError("file", f"{file} is no table: {error}.") from error
    if not rows:
        raise NodeInputError("file", f"{file} is empty. Write what the columns are called into its first row.")
    return [cell.strip() for cell in rows[0]], rows[1:]


def _place(name: str, wanted: str, header: list[str]) -> int | None:
    if not wanted:
        return None
    lowered = [cell.lower() for cell in header]
    if wanted.lower() in lowered:
        return lowered.index(wanted.lower())
    if wanted.isdecimal() and 1 <= int(wanted) <= len(header):
        return int(wanted) - 1
    raise NodeInputError(name, f"There is no column {wanted!r}. The table has: {', '.join(header)}.")
