"""LoRAs beyond one at a time: block by block, several on one node, and named in the prompt."""

from typing import Annotated, NamedTuple

from execution.fields import Files, Help, Mentions, Multiline, Name, Optional
from execution.node import Context, NodeInputError, WithUi, node
from folders.workspace import Workspace
from models.adapters.block_weights import BlockWeightError, BlockWeights, read_block_weights
from models.prompting.errors import PromptError
from models.prompting.lora_tags import LoraTag, Order, nearest, read_tags, resolve
from nodes.loras import ClipStrength, LoraName, ModelStrength, WithLora, applied
from nodes.types import Clip, Model

NONE = "None"

ChangedModel = Annotated[Model, Help("The model to change.")]
ChangedClip = Annotated[Clip, Help("The text encoders to change.")]
Slot = Annotated[str, Files("loras", first=(NONE,)), Help("A file in models/loras, or None.")]
MoreSlot = Annotated[str, Optional(), Files("loras", first=(NONE,)), Help("A further file in models/loras, or None.")]
SlotModel = Annotated[ModelStrength, Optional()]
SlotClip = Annotated[ClipStrength, Optional()]


class WithLoras(NamedTuple):
    """The changed parts of a checkpoint, and the prompt without what named the LoRAs."""

    MODEL: Model
    CLIP: Clip
    text: Annotated[str, Name("text")]


@node("WeftLoraBlockWeights", category="loaders/lora", display_name="Load LoRA (block weights)")
def lora_block_weights(
    *,
    model: ChangedModel,
    clip: ChangedClip,
    lora_name: LoraName,
    strength_model: ModelStrength = 1.0,
    strength_clip: ClipStrength = 1.0,
    blocks: Annotated[
        str,
        Multiline(),
        Help(
            "A factor for each block: 12 numbers (BASE IN04 IN05 IN07 IN08 MID OUT00 to OUT05), 20 for all blocks of "
            "SDXL, 17 or 26 for SD 1.x; or ALL, NONE, INS, IND, INALL, MIDD, OUTD, OUTS, OUTALL. BASE: text encoders."
        ),
    ] = "ALL",
    ctx: Context,
) -> WithUi[WithLora]:
    """Put a LoRA on with a strength for each block: deep blocks hold what is drawn, shallow ones how it looks."""
    weights = _block_weights(blocks, "blocks")
    done = applied(ctx, model, clip, lora_name, strength_model, strength_clip, blocks=weights)
    table = " ".join(f"{name} {weight:g}" for name, weight in weights.named.items())
    return WithUi(WithLora(done.model, done.clip or clip), {"text": [table]})


@node("WeftLoraStack", category="loaders/lora", display_name="Load LoRAs (stack)")
def lora_stack(
    *,
    model: ChangedModel,
    clip: ChangedClip,
    lora_1: Slot = NONE,
    model_1: ModelStrength = 1.0,
    clip_1: ClipStrength = 1.0,
    lora_2: MoreSlot = NONE,
    model_2: SlotModel = 1.0,
    clip_2: SlotClip = 1.0,
    lora_3: MoreSlot = NONE,
    model_3: SlotModel = 1.0,
    clip_3: SlotClip = 1.0,
    lora_4: MoreSlot = NONE,
    model_4: SlotModel = 1.0,
    clip_4: SlotClip = 1.0,
    lora_5: MoreSlot = NONE,
    model_5: SlotModel = 1.0,
    clip_5: SlotClip = 1.0,
    ctx: Context,
) -> WithLora:
    """Put up to five LoRAs on a model and its text encoders, the first one first; they add up."""
    slots = (
        (lora_1, model_1, clip_1), (lora_2, model_2, clip_2), (lora_3, model_3, clip_3), (lora_4, model_4, clip_4),
        (lora_5, model_5, clip_5),
    )  # fmt: skip
    for number, (name, strength_model, strength_clip) in enumerate(slots, start=1):
        if name != NONE and (strength_model or strength_clip):
            done = applied(ctx, model, clip, name, strength_model, strength_clip, input_name=f"lora_{number}")
            model, clip = done.model, done.clip or clip
    return WithLora(model, clip)


@node("WeftLorasInPrompt", category="loaders/lora", display_name="Load LoRAs named in a prompt")
def loras_in_prompt(
    *,
    model: ChangedModel,
    clip: ChangedClip,
    text: Annotated[
        str,
        Multiline(dynamic_prompts=True),
        Mentions("loras"),
        Help("A prompt with <lora:name:0.8>, <lora:name:unet:clip>, or <lora:name:1:lbw=OUTALL> for block weights."),
    ] = "",
    two_numbers: Annotated[
        Order, Help("What two numbers mean: as node packs write them (unet:clip), or as A1111 does (clip:unet).")
    ] = "unet:clip",
    ctx: Context,
) -> WithUi[WithLoras]:
    """Put the LoRAs on that a prompt names, and give the prompt without their names."""
    try:
        tagged = read_tags(text, two_numbers)
    except PromptError as error:
        raise NodeInputError("text", str(error)) from error
    files = ctx.service(Workspace).list_files("loras") if tagged.tags else []
    for tag in tagged.tags:
        weights = _block_weights(tag.blocks, "text") if tag.blocks else None
        if tag.strength_model or tag.strength_clip:
            name = _file(tag, files)
            strengths = (tag.strength_model, tag.strength_clip)
            done = applied(ctx, model, clip, name, *strengths, blocks=weights, input_name="text")
            model, clip = done.model, done.clip or clip
    told = [f"{tag.name}: model {tag.strength_model:g}, clip {tag.strength_clip:g}" for tag in tagged.tags]
    return WithUi(WithLoras(model, clip, tagged.text), {"text": ["\n".join([tagged.text, *told])]})


def _file(tag: LoraTag, files: list[str]) -> str:
    found = resolve(tag.name, files)
    if found is not None:
        return found
    like = nearest(tag.name, files)
    hint = f"The nearest names are {', '.join(like)}." if like else "Put its file into models/loras."
    raise NodeInputError("text", f"There is no LoRA {tag.name!r}, which the prompt names. {hint}")


def _block_weights(text: str, input_name: str) -> BlockWeights:
    try:
        return read_block_weights(text)
    except BlockWeightError as error:
        raise NodeInputError(input_name, str(error)) from error
