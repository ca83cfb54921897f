"""Draw the pictures that templates begin with: `python -m tests.bundled.template_inputs`.

Each is drawn four times as large as it is saved, so that its edges are smooth.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from models.training.drawing import draw
from models.training.scenes import COLOURS, Framing, Scene

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "input"
SIDE = 128  # pixels, the bundled checkpoints' native size
LARGER = 4
RADIUS = 35  # pixels, of a shape as the bundled checkpoints draw it
TILE = 96  # pixels, of a small picture in a wall of them
WALL = (
    ("star yellow blue", "circle red white", "square green yellow", "ring purple orange"),
    ("triangle orange green", "ring white red", "cross red blue", "circle blue yellow"),
    ("square blue white", "star red black", "circle green purple", "triangle white blue"),
)
WALL_MASKED = (2, 1)  # column and row


def canvas(colour: str, width: int = SIDE) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (width * LARGER, SIDE * LARGER), COLOURS[colour])
    return picture, ImageDraw.Draw(picture)


def smooth(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // LARGER, picture.height // LARGER), Image.Resampling.LANCZOS)


def disc(radius: float) -> tuple[float, float, float, float]:
    """The box of a circle around the middle."""
    return tuple((SIDE / 2 + way * radius) * LARGER for way in (-1, -1, 1, 1))


def sketch() -> Image.Image:
    """A star painted in haste: uneven points, uneven paint."""
    chance = random.Random(5)
    picture, draw = canvas("blue")
    points: list[tuple[float, float]] = []
    for corner in range(10):
        angle = -math.pi / 2 + corner * math.pi / 5 + chance.uniform(-0.2, 0.2)
        reach = (46 if corner % 2 == 0 else 22) * chance.uniform(0.82, 1.1) * LARGER
        points.append((SIDE / 2 * LARGER + reach * math.cos(angle), SIDE / 2 * LARGER + reach * math.sin(angle)))
    draw.polygon(points, fill=(238, 205, 70))
    paint = Image.effect_noise((SIDE // 8, SIDE // 8), 90).resize(picture.size, Image.Resampling.BICUBIC)
    uneven = Image.blend(picture, Image.merge("RGB", (paint, paint, paint)), 0.22)
    return smooth(uneven.filter(ImageFilter.GaussianBlur(LARGER)))


def hole() -> Image.Image:
    """A circle under a mask that is somewhat larger: transparent is what is to be drawn anew."""
    picture, draw = canvas("blue")
    draw.ellipse(disc(RADIUS), fill=COLOURS["red"])
    mask = Image.new("L", picture.size, 255)
    ImageDraw.Draw(mask).ellipse(disc(RADIUS * 1.35), fill=0)
    result = smooth(picture)
    result.putalpha(smooth(mask))
    return result


def cut() -> Image.Image:
    """The left part of a picture of a circle."""
    picture, draw = canvas("white", width=80)
    draw.ellipse(disc(RADIUS), fill=COLOURS["green"])
    return smooth(picture)


def outlines() -> Image.Image:
    """A large star off the middle, whose outlines a ControlNet keeps to."""
    picture, draw = canvas("white")
    points: list[tuple[float, float]] = []
    for corner in range(10):
        angle = -math.pi / 2 + 0.3 + corner * math.pi / 5
        reach = (44 if corner % 2 == 0 else 19) * LARGER
        points.append((70 * LARGER + reach * math.cos(angle), 70 * LARGER + reach * math.sin(angle)))
    draw.polygon(points, fill=COLOURS["black"])
    return smooth(picture)


def scene(shape: str, colour: str, ground: str) -> Image.Image:
    """A picture as the bundled checkpoints draw it."""
    pixels = draw([Scene(shape, colour, ground)], [Framing()])[0]
    return Image.fromarray(((pixels.movedim(0, -1) + 1) * 127.5).round().byte().numpy())


def wall() -> Image.Image:
    """Many small pictures, one of them masked."""
    picture = Image.new("RGB", (TILE * len(WALL[0]), TILE * len(WALL)))
    for row, line in enumerate(WALL):
        for column, one in enumerate(line):
            small = scene(*one.split()).resize((TILE, TILE), Image.Resampling.LANCZOS)
            picture.paste(small, (column * TILE, row * TILE))
    mask = Image.new("L", (picture.width * LARGER, picture.height * LARGER), 255)
    x, y = ((place + 0.5) * TILE * LARGER for place in WALL_MASKED)
    reach = 38 * LARGER
    ImageDraw.Draw(mask).ellipse((x - reach, y - reach, x + reach, y + reach), fill=0)
    picture.putalpha(smooth(mask))
    return picture


def gradient() -> Image.Image:
    """A circle under a mask that gets denser from the left to the right."""
    picture = scene("circle", "red", "blue")
    kept = Image.linear_gradient("L").rotate(90).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    shares = [round(255 * min(1.0, max(0.0, 1 - (level / 255 - 0.3) / 0.65))) for level in range(256)]
    picture.putalpha(kept.point(shares))
    return picture


PICTURES = {
    "weft_example_outlines": outlines,
    "weft_example_sketch": sketch,
    "weft_example_hole": hole,
    "weft_example_cut": cut,
    "weft_example_wall": wall,
    "weft_example_gradient": gradient,
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, drawn in PICTURES.items():
        path = FOLDER / f"{name}.png"
        drawn().save(path, optimize=True)
        sys.stdout.write(f"{path} {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
