"""Drawing a contact sheet with Pillow and the typeface that comes with it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

BACKGROUND = (255, 255, 255)
INK = (28, 28, 30)
LEAST_TEXT, MOST_TEXT = 12, 64  # pixels
MOST_LINES = 3  # of a label
WIDEST_ROW_LABELS = 0.6  # of a picture's width

Pixels = npt.NDArray[np.uint8]  # [H, W, 3]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Sheet:
    """What stands on a sheet, and where."""

    cells: tuple[Pixels, ...]
    columns: int
    column_labels: tuple[str, ...]
    row_labels: tuple[str, ...]
    labels: tuple[str, ...]
    title: str
    gap: int
    text_size: int  # 0: fitting

    @cached_property
    def cell(self) -> tuple[int, int]:
        """Width and height of the largest picture."""
        return max(one.shape[1] for one in self.cells), max(one.shape[0] for one in self.cells)

    @cached_property
    def rows(self) -> int:
        return -(-len(self.cells) // self.columns)

    @cached_property
    def font(self) -> Font:
        fitting = min(max(self.cell[0] // 12, LEAST_TEXT), MOST_TEXT)
        return ImageFont.load_default(self.text_size or fitting)

    @cached_property
    def line(self) -> int:
        """Height of a line of text."""
        _, top, _, bottom = self.font.getbbox("Åg")
        return int((bottom - min(top, 0)) * 1.2)

    @cached_property
    def left(self) -> int:
        """Pixels before the first column."""
        if not self.row_labels:
            return self.gap
        widest = max(self.font.getlength(line) for text in self.row_labels for line in self.row_lines(text))
        return int(widest) + 1 + 2 * max(self.gap, self.line // 2)

    @cached_property
    def top(self) -> int:
        """Pixels above the first row."""
        lines = max((len(self.column_lines(text)) for text in self.column_labels), default=0)
        heading = (self.line + self.gap) if self.title else 0
        return self.gap + heading + (lines * self.line + self.gap if lines else 0)

    @cached_property
    def below(self) -> int:
        """Pixels for the words below each picture."""
        lines = max((len(self.column_lines(text)) for text in self.labels), default=0)
        return lines * self.line + self.line // 4 if lines else 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.cell
        return (
            self.left + self.columns * (width + self.gap),
            self.top + self.rows * (height + self.below + self.gap),
        )

    def corner(self, place: int) -> tuple[int, int]:
        """Left and top of a cell."""
        row, column = divmod(place, self.columns)
        width, height = self.cell
        return self.left + column * (width + self.gap), self.top + row * (height + self.below + self.gap)

    def column_lines(self, text: str) -> list[str]:
        return wrapped(text, self.font, self.cell[0])

    def row_lines(self, text: str) -> list[str]:
        return wrapped(text, self.font, max(self.cell[0] * WIDEST_ROW_LABELS, 4 * self.line))


def draw_sheet(sheet: Sheet) -> Pillow.Image:
    """The sheet as a picture, RGB."""
    drawn = Pillow.new("RGB", sheet.size, BACKGROUND)
    pen = ImageDraw.Draw(drawn)
    width, height = sheet.cell
    if sheet.title:
        text = wrapped(sheet.title, sheet.font, sheet.size[0] - 2 * sheet.gap)[0]
        _write(pen, sheet, [text], (sheet.size[0] / 2, sheet.gap))
    for column, text in enumerate(sheet.column_labels):
        lines = sheet.column_lines(text)
        x, y = sheet.corner(column)
        _write(pen, sheet, lines, (x + width / 2, y - sheet.gap - len(lines) * sheet.line))
    for row, text in enumerate(sheet.row_labels):
        lines = sheet.row_lines(text)
        y = sheet.corner(row * sheet.columns)[1]
        _write(pen, sheet, lines, ((sheet.left) / 2, y + (height - len(lines) * sheet.line) / 2))
    for place, cell in enumerate(sheet.cells):
        x, y = sheet.corner(place)
        drawn.paste(Pillow.fromarray(cell), (x + (width - cell.shape[1]) // 2, y + (height - cell.shape[0]) // 2))
        if place < len(sheet.labels):
            _write(pen, sheet, sheet.column_lines(sheet.labels[place]), (x + width / 2, y + height + sheet.line // 4))
    return drawn


def wrapped(text: str, font: Font, width: float) -> list[str]:
    """A label in at most three lines that fit a width; what does not fit ends in three dots."""
    lines: list[str] = []
    rest = text.split()
    while rest and len(lines) < MOST_LINES:
        count = next((n for n in range(len(rest), 1, -1) if font.getlength(" ".join(rest[:n])) <= width), 1)
        lines.append(" ".join(rest[:count]))
        rest = rest[count:]
    if rest:
        lines[-1] = f"{lines[-1]} {rest[0]}..."
    return [_cut(line, font, width) for line in lines]


def _cut(line: str, font: Font, width: float) -> str:
    if font.getlength(line) <= width:
        return line
    bare = line.removesuffix("...")
    while bare and font.getlength(f"{bare}...") > width:
        bare = bare[:-1]
    return f"{bare.rstrip()}..."


def _write(pen: ImageDraw.ImageDraw, sheet: Sheet, lines: list[str], at: tuple[float, float]) -> None:
    """Lines of text, centred at x, from y downwards."""
    x, y = at
    for number, line in enumerate(lines):
        pen.text((x - sheet.font.getlength(line) / 2, y + number * sheet.line), line, fill=INK, font=sheet.font)
