"""How a picture is cut to a size that the model trains on, and what of that SDXL is told.

Buckets of about equal area, and micro-conditioning: Podell et al., arXiv 2307.01952, sections 2.2 and 2.3.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from models.sdxl.buckets import Size, size_for

WIDEST = 4.0  # of a bucket's longer side to its shorter, as in SDXL's own
SMALL_MODEL = 512  # pixels; models that are at home below have finer buckets


@dataclass(frozen=True)
class Framing:
    """A picture's way to its bucket."""

    original: Size  # as it stands in the file, turned upright
    resized: Size  # covers the bucket
    left: int  # pixels of the resized picture that are cut away there
    top: int
    bucket: Size

    @property
    def enlarged(self) -> float:
        """How much larger the picture is made; below 1: smaller."""
        return self.resized.width / self.original.width


@dataclass(frozen=True)
class Buckets:
    """Which sizes there are."""

    resolution: int  # side of a square with as many pixels as every bucket has, about
    step: int  # sides are multiples of it
    crop: Literal["center", "random"] = "center"
    seed: int = 0

    @classmethod
    def of(cls, resolution: int, step: int, crop: Literal["center", "random"] = "center", seed: int = 0) -> Buckets:
        """With a step that suits the resolution where none (0) is wanted."""
        return cls(resolution, step or (64 if resolution >= SMALL_MODEL else 16), crop, seed)

    def allows(self, original: Size) -> bool:
        """Whether there is a bucket of about a picture's shape."""
        return max(original) <= WIDEST * min(original)

    def framing(self, original: Size, name: str) -> Framing:
        """A picture's framing; a random crop is that of its name and the seed, always the same."""
        bucket = size_for(original.width / original.height, self.resolution**2, self.step)
        scale = max(bucket.width / original.width, bucket.height / original.height)
        resized = Size(
            max(bucket.width, round(original.width * scale)), max(bucket.height, round(original.height * scale))
        )
        spare = (resized.width - bucket.width, resized.height - bucket.height)
        if self.crop == "center":
            left, top = spare[0] // 2, spare[1] // 2
        else:
            rng = random.Random(f"{self.seed} {name}")
            left, top = rng.randint(0, spare[0]), rng.randint(0, spare[1])
        return Framing(original, resized, left, top, bucket)
