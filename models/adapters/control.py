"""Pictures that steer a model: what they have in common, whatever kind of network reads them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from models.compositing import as_mask
from models.resize import resize
from models.sdxl.unet import Residuals
from models.types import Model

PIXELS = 8  # of a hint's side for each value of a latent's side

Prepared = tuple[Tensor, ...]
"""What a network makes of a picture once for all steps, each [B, ...]."""


class Steering(Protocol):
    """A network that steers one model."""

    def prepare(self, picture: Tensor, height: int, width: int) -> Prepared:
        """Make of a picture [B, 3, H, W] what latents of (height, width) are steered by."""
        ...

    def residuals(
        self, prepared: Prepared, x: Tensor, timesteps: Tensor, context: Tensor, label: Tensor | None
    ) -> Residuals:
        """What it adds inside the model's network, whose arguments follow `prepared`."""
        ...


class Steerer(Protocol):
    """What travels on CONTROL_NET wires: a network that can steer models. It is never changed."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, for caches that add up bytes."""
        ...

    def for_model(self, model: Model) -> Steering:
        """Make it ready for a model.

        Raises:
            ValueError: it was made for a model of another shape; the message is a sentence.
        """
        ...

    def of_kind(self, kind: int | None) -> Steerer:
        """One that reads pictures of that kind; None: of a kind it is not told.

        Raises:
            ValueError: it knows a single kind, or not that one; the message is a sentence.
        """
        ...


@dataclass(frozen=True, eq=False)
class Control:
    """One picture that steers, as conditioning holds it. Several in a row add up."""

    net: Steerer
    hint: Tensor  # [B, H, W, 3] in 0..1
    strength: float
    start_percent: float = 0.0
    end_percent: float = 1.0

    @property
    def picture(self) -> Tensor:
        """The hint as networks take pictures, [B, 3, H, W]."""
        return self.hint.movedim(-1, 1)


@dataclass(frozen=True, eq=False)
class MaskedSteerer:
    """A network that steers where a mask says."""

    inner: Steerer
    mask: Tensor  # [b, H, W], 1 steered fully, 0 not at all

    @property
    def name(self) -> str:
        """The file's name."""
        return self.inner.name

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights and the mask, for caches that add up bytes."""
        yield from self.inner.memory_parts()
        yield id(self.mask), self.mask.nbytes

    def for_model(self, model: Model) -> MaskedSteering:
        """As `Steerer.for_model`."""
        return MaskedSteering(self.inner.for_model(model), self.mask)

    def of_kind(self, kind: int | None) -> MaskedSteerer:
        """As `Steerer.of_kind`."""
        return MaskedSteerer(self.inner.of_kind(kind), self.mask)


@dataclass(frozen=True, eq=False)
class MaskedSteering:
    """The same for one model. The mask is cut and resized as the hint is."""

    inner: Steering
    mask: Tensor

    def prepare(self, picture: Tensor, height: int, width: int) -> Prepared:
        """As `Steering.prepare`; the mask comes last."""
        mask = resize(as_mask(self.mask), width * PIXELS, height * PIXELS, "bilinear", "center")
        return (*self.inner.prepare(picture, height, width), mask)

    def residuals(
        self, prepared: Prepared, x: Tensor, timesteps: Tensor, context: Tensor, label: Tensor | None
    ) -> Residuals:
        """As `Steering.residuals`."""
        *given, mask = prepared
        added = self.inner.residuals(tuple(given), x, timesteps, context, label)
        return each_residual(added, lambda one: one * resize(mask, one.shape[-1], one.shape[-2], "area").to(one))


def each_residual(residuals: Residuals, change: Callable[[Tensor], Tensor]) -> Residuals:
    """The same residuals, each changed."""

    def all_of(tensors: Sequence[Tensor | None]) -> list[Tensor | None]:
        return [None if one is None else change(one) for one in tensors]

    middle = None if residuals.middle is None else change(residuals.middle)
    return Residuals(all_of(residuals.skips), middle, all_of(residuals.inputs))
