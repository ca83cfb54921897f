"""Hypernetwork files: `.pt` as A1111's web interface and kohya's scripts write them.

A dictionary that holds, by the width of the tokens, the tensors of two networks, and a few facts by name. The tensors'
numbers of dimensions tell linear layers from normalisation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.checkpoints.errors import CheckpointError
from models.checkpoints.pickles import load_pickle
from models.patches.hypernetwork import KeyValueNetworks

_ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leakyrelu": nn.LeakyReLU,
    "elu": nn.ELU,
    "swish": nn.Hardswish,  # so the web interface calls it
    "hardswish": nn.Hardswish,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "selu": nn.SELU,
    "celu": nn.CELU,
    "relu6": nn.ReLU6,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "mish": nn.Mish,
}


def read_hypernetwork(path: Path, dtype: torch.dtype) -> KeyValueNetworks:
    """Read a file; its numbers are converted to `dtype`.

    Raises:
        CheckpointError: damaged, no hypernetwork, or of a kind that is not known.
    """
    found = load_pickle(path)
    pairs = {str(key): pair for key, pair in found.items() if _is_width(key)} if isinstance(found, Mapping) else {}
    if not pairs:
        raise CheckpointError(
            f"{path.name} holds no networks by the width of tokens: it is no hypernetwork. Choose a .pt file that was "
            "made as one."
        )
    activation = str(found.get("activation_func") or "linear").lower()
    if activation not in _ACTIVATIONS:
        raise CheckpointError(
            f"{path.name} has the activation {activation[:50]!r}, which Weft does not know; it knows "
            f"{', '.join(_ACTIVATIONS)}. Choose another hypernetwork."
        )
    make, at_end = _ACTIVATIONS[activation], bool(found.get("activate_output", False))
    networks = KeyValueNetworks()
    for width, pair in pairs.items():
        if not isinstance(pair, Sequence) or len(pair) != 2 or not all(isinstance(one, Mapping) for one in pair):
            raise CheckpointError(f"{path.name} holds no pair of networks for width {width}: it is damaged.")
        made = [_network(path, int(width), tensors, make, at_end=at_end) for tensors in pair]
        networks[width] = nn.ModuleList(made)
    return networks.to(dtype).requires_grad_(False).eval()


def _is_width(key: Any) -> bool:
    return isinstance(key, int | str) and str(key).isascii() and str(key).isdigit()


def _network(
    path: Path, width: int, tensors: Mapping[str, Any], make: Callable[[], nn.Module], *, at_end: bool
) -> nn.Module:
    """Layers in the order in which the file has them; an activation follows each linear one but the last."""
    named = {name: one for name, one in tensors.items() if isinstance(one, Tensor)}
    weights = [name for name in named if name.endswith(".weight")]
    linear = [name for name in weights if named[name].ndim == 2]
    layers: list[nn.Module] = []
    now = width
    for name in weights:
        weight, bias = named[name], named.get(name.removesuffix("weight") + "bias")
        if weight.ndim not in (1, 2) or weight.shape[-1] != now or (bias is not None and len(bias) != len(weight)):
            raise CheckpointError(
                f"{path.name}: the layer {name[:100]!r} has a weight of shape {list(weight.shape)} where tokens are "
                f"{now} wide: the file is damaged."
            )
        now = weight.shape[0]
        layers.append(_filled(weight, bias))
        if weight.ndim == 2 and (name != linear[-1] or at_end):
            layers.append(make())
    if not linear or now != width:
        raise CheckpointError(f"{path.name}: the networks for width {width} give tokens of width {now}: it is damaged.")
    return nn.Sequential(*layers)


def _filled(weight: Tensor, bias: Tensor | None) -> nn.Module:
    """A linear layer, or for a weight of one dimension a normalisation."""
    with torch.device("meta"):
        layer = nn.LayerNorm(len(weight)) if weight.ndim == 1 else nn.Linear(weight.shape[1], weight.shape[0])
    for name, tensor in (("weight", weight), ("bias", bias)):
        layer.register_parameter(name, None if tensor is None else nn.Parameter(tensor, requires_grad=False))
    return layer
