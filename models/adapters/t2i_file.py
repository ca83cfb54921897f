"""T2I-Adapter files of every layout, under their authors' names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import torch

from models.adapters.t2i_network import AdapterNetwork, adapter_config
from models.checkpoints.assemble import build_module
from models.checkpoints.weights import Weights

MARKS = ("body.0.block1.weight", "body.0.body.0.block1.weight", "body.0.resnets.0.block1.weight")
PREFIXES = ("", "adapter.")
DIFFUSERS_MARK = "body.0.resnets.0.block1.weight"
LIGHT_MARK = "body.0.out_conv.weight"
IN_BLOCK = re.compile(r"body\.(\d+)\.resnets\.(\d+)\.(.+)")
IN_LEVEL = re.compile(r"body\.(\d+)\.(in_conv\..+)")


def find_adapter(weights: Weights) -> Weights | None:
    """An adapter's tensors under their authors' names, or None where there is none."""
    for prefix in PREFIXES:
        if any(prefix + mark in weights.shapes for mark in MARKS):
            found = weights.under(prefix)
            return found.renamed(_original_names(found.shapes.keys())) if DIFFUSERS_MARK in found.shapes else found
    return None


def read_adapter(weights: Weights, dtype: torch.dtype) -> AdapterNetwork:
    """The network of an adapter's tensors, named as by `find_adapter`.

    Raises:
        CheckpointError: if they are not those of a whole adapter.
    """
    return build_module(lambda: AdapterNetwork(adapter_config(weights.shapes)), weights, dtype, "the T2I-Adapter")


def _original_names(names: Collection[str]) -> Mapping[str, str]:
    """Authors' name -> diffusers name, which counts blocks by level."""
    if LIGHT_MARK in names:
        return {IN_BLOCK.sub(r"body.\1.body.\2.\3", name): name for name in names}
    blocks = sum(bool(re.fullmatch(r"body\.0\.resnets\.\d+\.block1\.weight", name)) for name in names)

    def original(name: str) -> str:
        if block := IN_BLOCK.fullmatch(name):
            return f"body.{int(block[1]) * blocks + int(block[2])}.{block[3]}"
        if level := IN_LEVEL.fullmatch(name):
            return f"body.{int(level[1]) * blocks}.{level[2]}"
        return name

    return {original(name): name for name in names}
