"""How a model is computed: in which format of numbers, and compiled."""

from typing import Annotated, Literal

import torch

from execution.fields import Choices, Help
from execution.node import Context, node
from models.patches.compiled import Backend, CompiledNetwork, why_not_compile
from models.patches.compute_dtype import computed_in
from nodes.model_patches.guidance import Guided
from nodes.types import Model

FORMATS = {"default": None, "fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@node("ModelComputeDtype", category="advanced/debug/model", display_name="ModelComputeDtype")
def model_compute_dtype(
    *,
    model: Guided,
    dtype: Annotated[
        Literal["default", "fp32", "fp16", "bf16"], Help("fp32 is exact, bf16 coarse, fp16 may overflow.")
    ],
) -> Model:
    """Compute in another format of numbers than the weights are kept in. Slower: weights are converted at each use."""
    return computed_in(model, FORMATS[dtype])


@node("TorchCompileModel", category="_for_testing")
def torch_compile_model(
    *,
    model: Guided,
    backend: Annotated[Backend, Choices(("inductor", "cudagraphs")), Help("Which compiler of torch's.")],
    ctx: Context,
) -> Model:
    """Compile the model for this size of pictures: the first step takes minutes, the others less than usual.

    Networks with patches inside run as they are. Pictures may differ in the last digits.
    """
    reason = why_not_compile(backend, model.memory.device)
    if reason is not None:
        ctx.warn(f"The model runs uncompiled. {reason}")
        return model
    return model.with_tweak("TorchCompileModel", calling=(CompiledNetwork(backend),))
