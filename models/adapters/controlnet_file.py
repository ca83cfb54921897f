"""ControlNet files of every layout, under the names of ControlNet's authors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from models.adapters.control_network import HINT_CHANNELS, ControlNetwork, hint_widths
from models.adapters.union_network import UnionNetwork
from models.checkpoints.assemble import build_module
from models.checkpoints.diffusers_keys import inverse, rename, unet_table
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal
from models.checkpoints.weights import Weights
from models.numbered_names import count_numbered
from models.sdxl.config import down_config_from_shapes

ORIGINAL_PREFIXES = ("control_model.", "")
ORIGINAL_MARK = "input_hint_block.0.weight"
DIFFUSERS_MARK = "controlnet_cond_embedding.conv_in.weight"
HINT_BLOCKS = 6  # convolutions between the first and the last of the hint's
DIFFERENCE_MARK = "difference"  # an empty tensor: the file's weights are to be added to the model's
UNION_MARK = "task_embedding"  # learned vectors for the kinds of pictures
UNION_PARTS = (UNION_MARK, "transformer_layes", "spatial_ch_projs", "control_add_embedding")
OTHERWISE = "Choose a ControlNet for Stable Diffusion XL, 1.x or 2.x."

Base = Callable[[str], Tensor | None]
"""A model's weight by its official name, or None for what the model does not have."""


def read_controlnet(weights: Weights, dtype: torch.dtype, base: Base | None = None) -> ControlNetwork:
    """The network of a file's tensors. `base` gives the model's weights to files that hold differences to them.

    Raises:
        CheckpointError: if it is damaged, of another kind, or holds differences and there is no `base`.
    """
    path, weights = weights.path, original_names(weights)
    if DIFFERENCE_MARK in weights.shapes:
        if base is None:
            raise CheckpointError(
                f"{path.name} holds differences to a model's weights. Load it with DiffControlNetLoader, which takes "
                "the model as well."
            )
        weights = _added(weights, base)

    def make() -> ControlNetwork:
        channels = weights.shapes[ORIGINAL_MARK][1]
        if channels != HINT_CHANNELS:
            raise ValueError(f"It takes hints of {channels} channels; Weft gives it pictures, of {HINT_CHANNELS}.")
        config = down_config_from_shapes(weights.shapes, weights.metadata)
        short = not any(name.startswith("middle_block.1.") for name in weights.shapes)
        widths = hint_widths(weights.shapes)
        if UNION_MARK not in weights.shapes:
            return ControlNetwork(config, widths, short_middle=short)
        layers = count_numbered(weights.shapes.keys(), "transformer_layes.{}.ln_1.weight")
        kinds = weights.shapes[UNION_MARK][0]
        return UnionNetwork(config, widths, short_middle=short, kinds=kinds, layers=layers)

    return build_module(make, weights, dtype, "the ControlNet")


def original_names(weights: Weights) -> Weights:
    """The tensors under the authors' names, from any layout; CheckpointError if they are of another kind."""
    for prefix in ORIGINAL_PREFIXES:
        if prefix + ORIGINAL_MARK in weights.shapes:
            found = weights.under(prefix)
            if DIFFERENCE_MARK in weights.shapes:
                found = replace(found, shapes={**found.shapes, DIFFERENCE_MARK: weights.shapes[DIFFERENCE_MARK]})
            return found
    if DIFFUSERS_MARK in weights.shapes:
        return weights.renamed(_official_names(weights.shapes.keys()))
    raise CheckpointError(refusal(weights.path.name, weights.shapes.keys(), "ControlNet", OTHERWISE))


def _official_names(names: Collection[str]) -> dict[str, str]:
    """official name -> diffusers name, for the tensors of a ControlNet saved by diffusers."""
    levels = count_numbered(names, "down_blocks.{}.resnets.0.conv1.weight")
    res_blocks = count_numbered(names, "down_blocks.0.resnets.{}.conv1.weight")
    attention = [level for level in range(levels) if f"down_blocks.{level}.attentions.0.norm.weight" in names]
    table = {**unet_table(levels, res_blocks, attention), **dict(_own_modules(levels, res_blocks))}
    renamed = rename(inverse(table), names) | {name: name for name in names if name.startswith(UNION_PARTS)}
    if "middle_block.1.norm.weight" in renamed:
        return renamed
    return {name.replace("middle_block.2.", "middle_block.1."): other for name, other in renamed.items()}


def _own_modules(levels: int, res_blocks: int) -> Iterator[tuple[str, str]]:
    """Official -> diffusers, for what a ControlNet has and a UNet has not."""
    yield "input_hint_block.0", "controlnet_cond_embedding.conv_in"
    for block in range(HINT_BLOCKS):
        yield f"input_hint_block.{2 * block + 2}", f"controlnet_cond_embedding.blocks.{block}"
    yield f"input_hint_block.{2 * HINT_BLOCKS + 2}", "controlnet_cond_embedding.conv_out"
    for number in range(levels * (res_blocks + 1)):
        yield f"zero_convs.{number}.0", f"controlnet_down_blocks.{number}"
    yield "middle_block_out.0", "controlnet_mid_block"


def _added(weights: Weights, base: Base) -> Weights:
    """The weights with those of the model added, wherever it has one of that name."""
    read = weights.tensor

    def tensor(name: str) -> Tensor:
        difference, own = read(name), base(name)
        if own is None:
            return difference
        if own.shape != difference.shape:
            raise CheckpointError(
                f"{weights.path.name}: its difference to {name!r} has the shape {list(difference.shape)}, the model's "
                f"weight {list(own.shape)}. Connect the model that it was made for."
            )
        return own.float() + difference.float()

    shapes = {name: shape for name, shape in weights.shapes.items() if name != DIFFERENCE_MARK}
    return replace(weights, shapes=shapes, tensor=tensor)
