"""What a training learns: parameters, how they take part in a prediction, and the file that they become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from torch import Tensor, nn

from models.sdxl.text import Clip
from models.tuning.prompts import Word
from models.types import Model

ResultKind = Literal["loras", "embeddings", "checkpoints", "diffusers"]
"""The model folder in which a result is found."""

Values = Mapping[str, Tensor]


@dataclass(frozen=True)
class Product:
    """A finished result on its way to a file, or with the suffix "" to a folder."""

    kind: ResultKind
    suffix: str
    size: int  # bytes
    make: Callable[[Path], None]


@dataclass(frozen=True)
class Told:
    """What a result's notes say of how it came about."""

    title: str
    steps: int
    pictures: int


class Lesson(Protocol):
    """One kind of learning. Between calls the networks are as they were, except those that are learned as a whole."""

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All that is learned, float32 on the device; names stay the same from run to run."""
        ...

    @property
    def of_text(self) -> frozenset[str]:
        """The names of those that belong to text encoders."""
        ...

    @property
    def word(self) -> Word | None:
        """The word that is learned, if one is."""
        ...

    @property
    def reads_text(self) -> bool:
        """Whether captions have to be encoded at every step, because that is what changes."""
        ...

    def vectors(self) -> Mapping[str, Tensor] | None:
        """The learned word's vectors by encoder."""
        ...

    def learning(self) -> AbstractContextManager[None]:
        """Inside the `with` block the networks compute with what is learned, and gradients reach it."""
        ...

    def showing(self, values: Values) -> AbstractContextManager[tuple[Model, Clip]]:
        """Handles that compute with `values`, for sample pictures; valid inside the `with` block."""
        ...

    def prompt(self, text: str) -> str:
        """A sample's prompt as the handles of `showing` read it."""
        ...

    def product(self, values: Values, told: Told) -> Product:
        """The result of `values`."""
        ...
