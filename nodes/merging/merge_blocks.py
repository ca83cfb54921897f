"""Merging block by block: a ratio for each block that a family's network has.

The inputs are named by the beginnings of official parameter names, so that they and the mathematics are one list.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from execution.fields import Name
from execution.node import Context, node
from models.merging.blend import Step
from models.merging.recipe import average, ratio_of
from nodes.merging.merge_models import BlockRatio, First, Second, merged
from nodes.types import Model

ENDS_BEFORE, ENDS_AFTER = ("time_embed.", "label_emb."), ("out.",)
MIDDLE = 3  # blocks in the middle of every network


def block_prefixes(blocks: int, *, dot: str) -> tuple[str, ...]:
    """The prefixes of a network with so many blocks on its way down, and as many on its way up."""
    groups = (("input_blocks", blocks), ("middle_block", MIDDLE), ("output_blocks", blocks))
    numbered = (f"{name}.{number}{dot}" for name, count in groups for number in range(count))
    return (*ENDS_BEFORE, *numbered, *ENDS_AFTER)


def _merger(name: str, prefixes: tuple[str, ...], what: str) -> Callable[..., Model]:
    """The function of a node type with a ratio for each prefix. Its signature is data: nobody writes 30 parameters."""
    parameters = {prefix.replace(".", "_"): prefix for prefix in prefixes}

    def merge(*, model1: Model, model2: Model, ctx: Context, **given: float) -> Model:
        ratios = {prefix: given.get(parameter, 1.0) for parameter, prefix in parameters.items()}
        step = Step("average", {prefix: ratio for prefix, ratio in ratios.items() if ratio != 1.0})
        return merged(ctx, model1, model2, lambda weight: average(ratio_of(weight, ratios)), step)

    annotations: dict[str, Any] = {"model1": First, "model2": Second}
    annotations |= {parameter: _named(prefix) for parameter, prefix in parameters.items()}
    annotations |= {"ctx": Context}
    keyword = inspect.Parameter.KEYWORD_ONLY
    declared = [
        inspect.Parameter(one, keyword, annotation=kind, default=1.0 if one in parameters else inspect.Parameter.empty)
        for one, kind in annotations.items()
    ]
    merge.__doc__ = f"Average two {what} models with a ratio for each block: 1 keeps model1's, 0 takes model2's."
    merge.__annotations__ = {**annotations, "return": Model}
    signature = inspect.Signature(declared, return_annotation=Model)
    setattr(merge, "__signature__", signature)  # noqa: B010 - pyright does not know that functions may have one
    return node(name, category="advanced/model_merging/model_specific")(merge)


def _named(prefix: str) -> Any:
    return Annotated[BlockRatio, Name(prefix)]


model_merge_sdxl = _merger("ModelMergeSDXL", block_prefixes(9, dot=""), "Stable Diffusion XL")
model_merge_sd1 = _merger("ModelMergeSD1", block_prefixes(12, dot="."), "Stable Diffusion 1.x")
model_merge_sd2 = _merger("ModelMergeSD2", block_prefixes(12, dot="."), "Stable Diffusion 2.x")
