"""What a training picture shows, and how it came to its 128x128 pixels."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.training.shapes import SHAPES

NATIVE_SIZE = 128  # pixels of a side

# eight colours far apart, RGB 0..255
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 40),
    "green": (40, 160, 70),
    "blue": (35, 70, 220),
    "yellow": (250, 225, 50),
    "orange": (250, 130, 20),
    "purple": (130, 45, 165),
    "black": (15, 15, 15),
    "white": (248, 248, 248),
}

# where the shape's centre is, in units of the side; "" is the centre, which a caption need not mention
POSITIONS: dict[str, tuple[float, float]] = {
    "": (0.5, 0.5),
    "top left": (0.3, 0.3),
    "top": (0.5, 0.3),
    "top right": (0.7, 0.3),
    "left": (0.3, 0.5),
    "right": (0.7, 0.5),
    "bottom left": (0.3, 0.7),
    "bottom": (0.5, 0.7),
    "bottom right": (0.7, 0.7),
}

# the shape's radius in units of the side; "" is the size that a caption need not mention
SCALES: dict[str, float] = {"": 0.27, "small": 0.16, "large": 0.38}

_LARGEST_CROP = 48  # pixels
# sizes that prompts arrive with when nobody set them: nodes default to them, so they must mean "sharp"
_USUAL_SIZES = (768, 1024, 2048, 4096)


@dataclass(frozen=True)
class Scene:
    """One shape on one ground."""

    shape: str
    colour: str
    background: str
    position: str = ""
    scale: str = ""
    jitter: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of x, y and radius, in units of the side

    @property
    def centre(self) -> tuple[float, float]:
        """x and y in units of the side."""
        x, y = POSITIONS[self.position]
        return x + self.jitter[0], y + self.jitter[1]

    @property
    def radius(self) -> float:
        """In units of the side."""
        return SCALES[self.scale] + self.jitter[2]


@dataclass(frozen=True)
class Framing:
    """How a picture was cut and resized: SDXL's micro-conditioning (Podell et al., section 2.2)."""

    original: tuple[int, int] = (NATIVE_SIZE, NATIVE_SIZE)  # height, width before resizing
    crop: tuple[int, int] = (0, 0)  # top, left: pixels cut away
    target: tuple[int, int] = (NATIVE_SIZE, NATIVE_SIZE)  # height, width that was wanted
    drawn: int = NATIVE_SIZE  # side that the picture was really drawn at, then enlarged


def random_scene(rng: random.Random) -> Scene:
    """A scene; more than half are plain (centred, of middling size), for that is what most prompts ask."""
    colour, background = rng.sample(list(COLOURS), 2)
    position = scale = ""
    kind = rng.random()
    if kind > 0.6:
        position = rng.choice(list(POSITIONS)[1:])
    if 0.45 < kind < 0.6:
        scale = rng.choice(["small", "large"])
    elif kind > 0.9:
        scale = "small"
    jitter = (rng.uniform(-0.012, 0.012), rng.uniform(-0.012, 0.012), rng.uniform(-0.015, 0.015))
    return Scene(rng.choice(SHAPES), colour, background, position, scale, jitter)


def _sharp_size(rng: random.Random) -> int:
    kind = rng.random()
    if kind < 0.5:
        return NATIVE_SIZE
    if kind < 0.85:
        return rng.choice(_USUAL_SIZES)
    return rng.randint(NATIVE_SIZE, 4096)


def random_framing(rng: random.Random) -> Framing:
    """A quarter are cropped, a fifth enlarged from small originals, the rest sharp and whole."""
    size, target = _sharp_size(rng), _sharp_size(rng)
    if rng.random() < 0.5:
        target = size
    crop, drawn = (0, 0), NATIVE_SIZE
    if rng.random() < 0.25:
        crop = (rng.choice([0, rng.randint(1, _LARGEST_CROP)]), rng.choice([0, rng.randint(1, _LARGEST_CROP)]))
    if rng.random() < 0.2:
        size = drawn = rng.randint(16, 72)
        target = NATIVE_SIZE
    return Framing((size, size), crop, (target, target), drawn)
