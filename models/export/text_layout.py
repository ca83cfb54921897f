"""Text encoders under the names of single files: `transformers`' own, or OpenCLIP's with its joined matrices."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from models.checkpoints.open_clip import BLOCK_MODULES, FUSED, SEPARATE
from models.checkpoints.text_keys import ENDS, PROJECTION
from models.export.tensors import Outgoing, Tensors, of_tensor
from models.sdxl.text_config import TextRole

POSITIONS = 77
POSITION_IDS = "embeddings.position_ids"  # no weight: 0 to 76
OUTER = "text_projection.weight"  # stands beside `text_model.` in the files of `transformers`, not below it
LOGIT_SCALE = math.log(100)  # where CLIP's training holds it; nothing that makes pictures reads it


def place_of(role: TextRole, *, alone: bool) -> str:
    """Where single files keep an encoder. `alone`: SDXL's refiner, whose only encoder is the base's second."""
    if role.name == "h":
        return "cond_stage_model.model."
    if role.name == "g":
        return "conditioner.embedders.0.model." if alone else "conditioner.embedders.1.model."
    return "cond_stage_model.transformer." if alone else "conditioner.embedders.0.transformer."


def official_text(role: TextRole, tensors: Tensors) -> dict[str, Outgoing]:
    """An encoder's tensors, which bear the names of `transformers` without `text_model.`, as its official file has."""
    return in_transformers(tensors) if role.name == "l" else in_open_clip(tensors)


def in_transformers(tensors: Tensors) -> dict[str, Outgoing]:
    """With the module `text_model` around the layers, as `transformers` has always saved them."""
    return {name if name == OUTER else f"text_model.{name}": value for name, value in tensors.items()}


def in_open_clip(tensors: Tensors) -> dict[str, Outgoing]:
    """The names of OpenCLIP; queries, keys and values in one matrix, the projection turned."""
    made = {old: tensors[new] for old, new in ENDS.items()}
    layer = 0
    while f"encoder.layers.{layer}.layer_norm1.weight" in tensors:
        theirs, ours = f"transformer.resblocks.{layer}", f"encoder.layers.{layer}"
        for kind in ("weight", "bias"):
            made |= {f"{theirs}.{old}.{kind}": tensors[f"{ours}.{new}.{kind}"] for old, new in BLOCK_MODULES.items()}
            three = [tensors[f"{ours}.{name.format(kind)}"] for name in SEPARATE]
            made[f"{theirs}.{FUSED.format(kind)}"] = _joined(three)
        layer += 1
    if OUTER in tensors:
        projection = tensors[OUTER]
        make = projection.make
        made[PROJECTION] = Outgoing(projection.dtype, projection.shape[::-1], lambda: make().T)
    return made


def unread_tensors(role: TextRole) -> dict[str, Outgoing]:
    """What official files hold besides and nothing here reads; other programs may miss it."""
    if role.name == "l":
        return {f"text_model.{POSITION_IDS}": of_tensor(torch.arange(POSITIONS).reshape(1, POSITIONS))}
    return {"logit_scale": of_tensor(torch.tensor(LOGIT_SCALE))}


def _joined(three: list[Outgoing]) -> Outgoing:
    first = three[0]
    rows = sum(one.shape[0] for one in three)

    def make() -> Tensor:
        return torch.cat([one.make().to(first.dtype) for one in three])

    return Outgoing(first.dtype, (rows, *first.shape[1:]), make)
