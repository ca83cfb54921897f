"""Computing in another format of numbers than the weights are kept in, without a second copy of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from models.types import Model


def computed_in(model: Model, dtype: torch.dtype | None) -> Model:
    """A handle to the same weights that computes in `dtype`; None: in the format that the weights are kept in."""
    kept = next(model.network.parameters()).dtype
    dtype = dtype or kept
    others = tuple(one for one in model.tweaks.calling if not isinstance(one, ConvertedWeights))
    calling = others if dtype == kept else (*others, ConvertedWeights(dtype))
    return replace(model, dtype=dtype, tweaks=replace(model.tweaks, calling=calling))


@dataclass(frozen=True)
class ConvertedWeights:
    """A `NetworkCaller`: each layer's weights are converted when it is used, and dropped again."""

    dtype: torch.dtype

    def __call__(self, network: nn.Module, run: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """See `NetworkCaller`."""

        def converted(*inputs: Any, **named: Any) -> Tensor:
            with _converted_at_use(network, self.dtype):
                return run(*inputs, **named)

        return converted


@contextmanager
def _converted_at_use(network: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    layers = [layer for layer in network.modules() if next(layer.parameters(recurse=False), None) is not None]
    earlier = [layer.__dict__.get("forward") for layer in layers]
    try:
        for layer in layers:
            # a layer's own `forward` is found before that of its class
            layer.__dict__["forward"] = partial(_forward, layer, layer.forward, dtype)
        yield
    finally:
        for layer, forward in zip(layers, earlier, strict=True):
            if forward is None:
                layer.__dict__.pop("forward", None)
            else:
                layer.__dict__["forward"] = forward


def _forward(layer: nn.Module, forward: Callable[..., Any], dtype: torch.dtype, *inputs: Any, **named: Any) -> Any:
    own: dict[str, Any] = layer._parameters
    kept = dict(own)
    try:
        own.update({name: None if value is None else value.data.to(dtype) for name, value in kept.items()})
        return forward(*inputs, **named)
    finally:
        own.update(kept)
