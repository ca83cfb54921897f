"""What a LoRA file adds to one weight, in each of the forms that people train.

LoRA: Hu et al., arXiv 2106.09685. LoCon, LoHa and LoKr: Yeh et al., "Navigating Text-To-Image Customization: From
LyCORIS Fine-Tuning to Model Evaluation" (arXiv 2309.14859). DoRA: Liu et al., arXiv 2402.09353.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Delta(Protocol):
    """A difference to a weight, made anew each time it is asked for."""

    @property
    def rank(self) -> int | None:
        """What alpha is divided by; None where nothing was taken apart and alpha does not count."""
        ...

    def full(self, device: torch.device) -> Tensor:
        """All values in float32, [out, ...] in the order of the weight's; the further axes are the caller's to set.

        Raises:
            RuntimeError: if the factors do not go together.
        """
        ...

    def tensors(self) -> Iterator[Tensor]:
        """What it is made of."""
        ...


def _at(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.to(device, torch.float32)


def _core_product(core: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """A convolution's weight from its core [r, s, k, l] between left [r, out] and right [s, in] (Tucker)."""
    return torch.einsum("rskl,ro,si->oikl", core, left, right)


@dataclass(frozen=True)
class LowRank:
    """LoRA and LoCon: up @ down, with a small convolution between the two where `middle` is given."""

    up: Tensor  # [out, r] or [out, r, 1, 1]
    down: Tensor  # [r, in], [r, in, k, k], or [r, in, 1, 1] beside `middle`
    middle: Tensor | None = None  # [r, r, k, k]

    @property
    def rank(self) -> int:
        """The inner width."""
        return self.down.shape[0]

    def full(self, device: torch.device) -> Tensor:
        """The product."""
        up, down = _at(self.up, device).flatten(1), _at(self.down, device).flatten(1)
        if self.middle is None:
            return up @ down
        return _core_product(_at(self.middle, device), up.T, down)

    def tensors(self) -> Iterator[Tensor]:
        """All factors."""
        yield from (tensor for tensor in (self.up, self.down, self.middle) if tensor is not None)


@dataclass(frozen=True)
class Hadamard:
    """LoHa: two low-rank products, multiplied value by value."""

    first: tuple[Tensor, Tensor]  # [out, r] and [r, in ...]; beside a core [r, out] and [r, in]
    second: tuple[Tensor, Tensor]
    cores: tuple[Tensor, Tensor] | None = None  # each [r, r, k, k]

    @property
    def rank(self) -> int:
        """The inner width."""
        return self.first[1].shape[0]

    def full(self, device: torch.device) -> Tensor:
        """The product of products."""
        factors = [(_at(left, device), _at(right, device)) for left, right in (self.first, self.second)]
        if self.cores is None:
            one, other = (left.flatten(1) @ right.flatten(1) for left, right in factors)
        else:
            one, other = (
                _core_product(_at(core, device), *pair) for core, pair in zip(self.cores, factors, strict=True)
            )
        return one * other

    def tensors(self) -> Iterator[Tensor]:
        """All factors."""
        yield from (*self.first, *self.second, *(self.cores or ()))


@dataclass(frozen=True)
class Factor:
    """One side of a Kronecker product: whole, or itself a low-rank product."""

    parts: tuple[Tensor, ...]  # one: the whole; two: left and right
    core: Tensor | None = None  # [r, r, k, k], then left is [r, out] and right [r, in]

    @property
    def rank(self) -> int | None:
        """The inner width, if it was taken apart."""
        return self.parts[1].shape[0] if len(self.parts) == 2 else None

    def full(self, device: torch.device) -> Tensor:
        """The whole, [out, in] or [out, in, k, k]."""
        parts = [_at(part, device) for part in self.parts]
        if len(parts) == 1:
            return parts[0]
        if self.core is not None:
            return _core_product(_at(self.core, device), *parts)
        return parts[0].flatten(1) @ parts[1].flatten(1)


@dataclass(frozen=True)
class Kronecker:
    """LoKr: the Kronecker product of a small matrix and a larger one."""

    small: Factor
    large: Factor

    @property
    def rank(self) -> int | None:
        """The inner width of the factor that was taken apart, the larger one's first."""
        return self.large.rank or self.small.rank

    def full(self, device: torch.device) -> Tensor:
        """The product."""
        small, large = self.small.full(device), self.large.full(device)
        return torch.kron(small.reshape(*small.shape[:2], *[1] * (large.ndim - 2)), large)

    def tensors(self) -> Iterator[Tensor]:
        """All factors."""
        for factor in (self.small, self.large):
            yield from (*factor.parts, *(() if factor.core is None else (factor.core,)))


@dataclass(frozen=True)
class Difference:
    """The difference itself, as full fine-tunes are kept."""

    values: Tensor

    @property
    def rank(self) -> None:
        """It has none."""

    def full(self, device: torch.device) -> Tensor:
        """The difference."""
        return _at(self.values, device)

    def tensors(self) -> Iterator[Tensor]:
        """The difference."""
        yield self.values
