"""The loss over the steps as a picture: every step pale, the running mean strong, which shows where it goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from models.training.files import replacing
from models.tuning.loss_log import Row

FILE = "loss.png"
WIDTH, HEIGHT = 900, 480
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 40, 48
GROUND, GRID, INK, PALE, STRONG = "#ffffff", "#e4e4ea", "#3a3a46", "#b9cdf2", "#1f5fd0"


def draw_losses(rows: Sequence[Row], path: Path, title: str) -> Path:
    """Draw the table and write it as a PNG; returns its path."""
    picture = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), GROUND)  # drawn at twice the size for smooth lines
    chart = _Chart(ImageDraw.Draw(picture), rows)
    chart.draw(title)
    with replacing(path) as temporary:
        picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(temporary, "PNG")
    return path


def running_mean(losses: Sequence[float]) -> list[float]:
    """The mean of the steps around each one, of a twentieth of all of them."""
    reach = max(1, len(losses) // 40)
    means: list[float] = []
    for place in range(len(losses)):
        near = losses[max(0, place - reach) : place + reach + 1]
        means.append(sum(near) / len(near))
    return means


class _Chart:
    def __init__(self, draw: ImageDraw.ImageDraw, rows: Sequence[Row]) -> None:
        self._draw, self._rows = draw, rows
        self._font = ImageFont.load_default(26)
        self._last = max((row.step for row in rows), default=1)
        losses = sorted(row.loss for row in rows) or [1.0]
        self._step = _nice(losses[min(len(losses) - 1, int(len(losses) * 0.99))] * 1.1 / 5)
        self._top = self._step * 5

    def draw(self, title: str) -> None:
        self._axes(title)
        losses = [row.loss for row in self._rows]
        self._line(losses, PALE, 2)
        self._line(running_mean(losses), STRONG, 5)

    def _at(self, step: float, loss: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * step / self._last
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(loss, self._top) / self._top)
        return 2 * x, 2 * y

    def _axes(self, title: str) -> None:
        for number in range(6):
            loss, step = self._step * number, self._last * number / 5
            self._draw.line([self._at(0, loss), self._at(self._last, loss)], GRID, 2)
            self._draw.text(self._left_of(loss), f"{loss:.3g}", INK, self._font, anchor="rm")
            x, y = self._at(step, 0)
            self._draw.text((x, y + 18), f"{step:.0f}", INK, self._font, anchor="mt")
        self._draw.text((2 * LEFT, 2 * TOP - 24), f"{title}: loss by step", INK, self._font, anchor="ls")

    def _left_of(self, loss: float) -> tuple[float, float]:
        x, y = self._at(0, loss)
        return x - 14, y

    def _line(self, losses: Sequence[float], colour: str, width: int) -> None:
        points = [self._at(row.step, loss) for row, loss in zip(self._rows, losses, strict=True)]
        if len(points) > 1:
            self._draw.line(points, colour, width, joint="curve")


def _nice(number: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    if not math.isfinite(number) or number <= 0:
        return 0.2
    power = 10 ** math.floor(math.log10(number))
    return next(share * power for share in (1, 2, 2.5, 5, 10) if share * power >= number * 0.999)
