"""`comfy.comfy_types`: names that packs annotate their node classes with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypedDict

from packs.lacking import lacking

from .node_typing import IO, CheckLazyMixin, ComfyNodeABC, InputTypeDict

__all__ = ["IO", "CheckLazyMixin", "ComfyNodeABC", "InputTypeDict", "UnetApplyConds", "UnetApplyFunction", "UnetParams"]

__getattr__ = lacking(__name__)

UnetApplyFunction = Callable[..., Any]


class UnetApplyConds(TypedDict):
    """What a wrapped denoising network is given besides the latent."""

    c_concat: Any
    c_crossattn: Any
    control: Any
    transformer_options: Any


class UnetParams(TypedDict):
    """One call of a wrapped denoising network."""

    input: Any
    timestep: Any
    c: UnetApplyConds
    cond_or_uncond: Any


class UnetWrapperFunction(Protocol):
    """Wraps a denoising network."""

    def __call__(self, model_function: UnetApplyFunction, params: UnetParams, /) -> Any: ...
