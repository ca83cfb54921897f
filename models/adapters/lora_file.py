"""A LoRA file of any layout, read into differences and where each belongs."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from models.adapters.deltas import Delta, Difference, Factor, Hadamard, Kronecker, LowRank
from models.adapters.lora_names import Part, Place, place
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal
from models.checkpoints.weights import Weights, open_weights

PEFT_METADATA = "lora_adapter_metadata"  # under which diffusers keeps PEFT's settings in the file's header
PEFT_PARTS: Mapping[str, Part] = {"unet": "unet", "text_encoder": "text", "text_encoder_2": "text g"}
OTHERWISE = "Choose a LoRA for Stable Diffusion: LoRA, LoCon, LoHa, LoKr or DoRA."

Factors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Entry:
    """One difference of a file."""

    place: Place
    parameter: str  # "weight" or "bias"
    delta: Delta
    scale: float  # alpha / rank
    lengths: Tensor | None  # DoRA's, as in the file
    by_rows: bool  # whether `lengths` are those of rows, whatever their shape
    tensors: int  # of the file that it is made of


@dataclass(frozen=True)
class LoraFile:
    """What a file holds."""

    name: str
    entries: Sequence[Entry]
    total: int  # tensors in the file


def read_lora(path: Path) -> LoraFile:
    """Read a file of kohya's, LyCORIS's, diffusers' or PEFT's making. Tensors stay in the mapped file until used.

    Raises:
        CheckpointError: if it is damaged, or no LoRA.
    """
    weights = open_weights(path)
    groups: defaultdict[Place, dict[str, str]] = defaultdict(dict)
    for name in weights.shapes:
        found = place(name)
        if found is not None:
            groups[found[0]][found[1]] = name
    alphas = _peft_alphas(weights)
    entries = [entry for where, names in groups.items() for entry in _entries(where, names, weights, alphas)]
    if not entries:
        raise CheckpointError(refusal(path.name, weights.shapes.keys(), "LoRA", OTHERWISE))
    return LoraFile(path.name, entries, len(weights.shapes))


def _entries(where: Place, names: Mapping[str, str], weights: Weights, alphas: Alphas) -> list[Entry]:
    """A layer's differences: of its weight, of its bias, or none that are known."""
    factors = {factor: weights.tensor(name) for factor, name in names.items()}
    for factor, name in names.items():
        _check_shape(factors[factor], factor == "alpha", f"{weights.path.name}: the tensor {name[:200]!r}")
    entries: list[Entry] = []
    delta = next((make(factors) for needs, make in FORMS if needs <= factors.keys()), None)
    if delta is not None:
        alpha = factors["alpha"].float().item() if "alpha" in factors else alphas.of(where)
        rows = factors.get("rows")
        count = len(factors) - ("diff_b" in factors)
        scale = _scale(alpha, delta.rank, weights.path.name)
        lengths = factors.get("lengths") if rows is None else rows
        entries.append(Entry(where, "weight", delta, scale, lengths, rows is not None, count))
    if "diff_b" in factors:
        entries.append(Entry(where, "bias", Difference(factors["diff_b"]), 1.0, None, False, 1))
    return entries


def _check_shape(tensor: Tensor, is_number: bool, what: str) -> None:
    """Refuse a tensor without values, a number that is several, and factors that are but one number."""
    if not tensor.numel():
        raise CheckpointError(f"{what} is empty. Download the file again.")
    if tensor.numel() > 1 if is_number else not tensor.ndim:
        raise CheckpointError(f"{what} has the shape {list(tensor.shape)}. The file is damaged: download it again.")


def _scale(alpha: float | None, rank: int | None, file: str) -> float:
    if alpha is None or rank is None:
        return 1.0
    if not math.isfinite(alpha):
        raise CheckpointError(f"{file}: an alpha is {alpha}, which is no number. Download the file again.")
    return alpha / rank


def _low_rank(factors: Factors) -> Delta:
    return LowRank(factors["up"], factors["down"], factors.get("middle"))


def _hadamard(factors: Factors) -> Delta:
    cores = (factors["hada_t1"], factors["hada_t2"]) if {"hada_t1", "hada_t2"} <= factors.keys() else None
    first, second = (factors["hada_w1_a"], factors["hada_w1_b"]), (factors["hada_w2_a"], factors["hada_w2_b"])
    return Hadamard(first, second, cores)


def _factor(factors: Factors, name: str) -> Factor:
    if name in factors:
        return Factor((factors[name],))
    core = factors.get("lokr_t2") if name == "lokr_w2" else None
    return Factor((factors[f"{name}_a"], factors[f"{name}_b"]), core)


def _kronecker(factors: Factors) -> Delta:
    return Kronecker(_factor(factors, "lokr_w1"), _factor(factors, "lokr_w2"))


FORMS: tuple[tuple[frozenset[str], Callable[[Factors], Delta]], ...] = (
    (frozenset({"up", "down"}), _low_rank),
    (frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}), _hadamard),
    (frozenset({"lokr_w1", "lokr_w2"}), _kronecker),
    (frozenset({"lokr_w1", "lokr_w2_a", "lokr_w2_b"}), _kronecker),
    (frozenset({"lokr_w1_a", "lokr_w1_b", "lokr_w2"}), _kronecker),
    (frozenset({"lokr_w1_a", "lokr_w1_b", "lokr_w2_a", "lokr_w2_b"}), _kronecker),
    (frozenset({"diff"}), lambda factors: Difference(factors["diff"])),
)
"""Factors that make a difference, and what they make."""


class Alphas:
    """The alphas that PEFT keeps in the file's header instead of in tensors."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def of(self, where: Place) -> float | None:
        """A layer's alpha, or None where the header says nothing."""
        for part, meant in PEFT_PARTS.items():
            if meant == where.part and f"{part}.lora_alpha" in self._settings:
                return self._layers_own(part, where.layer) or _number(self._settings[f"{part}.lora_alpha"])
        return None

    def _layers_own(self, part: str, layer: str) -> float | None:
        patterns = self._settings.get(f"{part}.alpha_pattern")
        if not isinstance(patterns, dict):
            return None
        for pattern, alpha in patterns.items():
            if layer.endswith(str(pattern).replace(".", "_")):
                return _number(alpha)
        return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _peft_alphas(weights: Weights) -> Alphas:
    try:
        settings = json.loads(weights.metadata.get(PEFT_METADATA, "{}"))
    except (ValueError, RecursionError):
        settings = {}  # a note of the trainer's, without which the tensors are as good as without any note
    return Alphas(settings if isinstance(settings, dict) else {})
