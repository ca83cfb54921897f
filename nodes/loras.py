"""LoRAs: small files that change a model."""

from typing import Annotated, NamedTuple

from execution.fields import Files, Help, Range
from execution.node import Context, NodeInputError, node
from models.adapters.block_weights import BlockWeights
from models.adapters.lora import Applied, with_lora
from models.adapters.lora_file import read_lora
from models.checkpoint import CheckpointError
from nodes.loaders import model_file
from nodes.types import Clip, Model

LoraName = Annotated[str, Files("loras"), Help("A file in models/loras.")]
ModelStrength = Annotated[
    float, Range(-100, 100, step=0.01), Help("How strongly the model is changed: 1 as trained, 0 not, below 0 away.")
]
ClipStrength = Annotated[
    float, Range(-100, 100, step=0.01), Help("How strongly the text encoders are changed; many files leave them alone.")
]


class WithLora(NamedTuple):
    """The changed parts of a checkpoint."""

    MODEL: Model
    CLIP: Clip


def applied(
    ctx: Context,
    model: Model,
    clip: Clip | None,
    name: str,
    strength_model: float,
    strength_clip: float = 0.0,
    *,
    blocks: BlockWeights | None = None,
    input_name: str = "lora_name",
) -> Applied:
    """The handles with the file of that name put on; warns when it fits in part.

    Raises:
        NodeInputError: the file is missing, damaged, no LoRA, or made for another model; it blames `input_name`.
    """
    path = model_file(ctx, "loras", input_name, name)
    if blocks is not None:
        strength_clip *= blocks.base
    try:
        done = with_lora(model, clip, read_lora(path), strength_model, strength_clip, blocks)
    except CheckpointError as error:
        raise NodeInputError(input_name, str(error)) from error
    if done.misfit:
        ctx.warn(done.misfit)
    return done


@node("LoraLoader", category="loaders", display_name="Load LoRA")
def lora_loader(
    *,
    model: Annotated[Model, Help("The model to change.")],
    clip: Annotated[Clip, Help("The text encoders to change.")],
    lora_name: LoraName,
    strength_model: ModelStrength = 1.0,
    strength_clip: ClipStrength = 1.0,
    ctx: Context,
) -> WithLora:
    """Put a LoRA on a model and its text encoders. The model itself stays as it is; several LoRAs add up."""
    if not strength_model and not strength_clip:
        return WithLora(model, clip)
    done = applied(ctx, model, clip, lora_name, strength_model, strength_clip)
    return WithLora(done.model, done.clip or clip)


@node("LoraLoaderModelOnly", category="loaders", display_name="LoraLoaderModelOnly")
def lora_loader_model_only(
    *,
    model: Annotated[Model, Help("The model to change.")],
    lora_name: LoraName,
    strength_model: ModelStrength = 1.0,
    ctx: Context,
) -> Model:
    """Put a LoRA on a model and leave the text encoders alone."""
    return applied(ctx, model, None, lora_name, strength_model).model if strength_model else model
