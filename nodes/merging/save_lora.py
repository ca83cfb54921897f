"""Saving the difference between two models as a LoRA."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import Context, NodeInputError, Ui, node
from models.export.extract_lora import Extract, Kind, extract
from models.export.tensors import ExportError
from nodes.hidden import ExtraPngInfo, Prompt
from nodes.merging.numbered_models import save_tensors
from nodes.merging.save_models import shown
from nodes.saving import texts_for
from nodes.types import Clip, Model

CONNECT = "Connect a difference that ModelMergeSubtract or CLIPMergeSubtract makes."
NO_DIFFERENCE = "{} is a {} as it was loaded, not a difference. Connect what {} makes of two of them."


@node("LoraSave", category="_for_testing", display_name="Extract and Save Lora", output=True)
def lora_save(
    *,
    filename_prefix: Annotated[
        str, Help("Beginning of the file's name in the output folder, with a sub-folder if you like.")
    ] = "loras/ComfyUI_extracted_lora",
    rank: Annotated[int, Range(1, 4096, step=1), Help("The larger, the nearer to the difference, and the larger.")] = 8,
    lora_type: Annotated[
        Kind, Help("standard: factors of that rank. full_diff: the difference itself, exact and as large as a model.")
    ],
    bias_diff: Annotated[bool, Help("Whether biases and norms are kept too, as whole differences.")] = True,
    model_diff: Annotated[Model | None, Help("A difference of models: what ModelMergeSubtract makes.")] = None,
    text_encoder_diff: Annotated[Clip | None, Help("A difference of encoders: what CLIPMergeSubtract makes.")] = None,
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save what one model has over another as a LoRA, which LoraLoader puts on the other one again."""
    if model_diff is None and text_encoder_diff is None:
        raise NodeInputError(
            "model_diff",
            "Nothing is connected. Connect a difference that ModelMergeSubtract or CLIPMergeSubtract makes.",
        )
    if model_diff is not None and not model_diff.patches:
        raise NodeInputError("model_diff", NO_DIFFERENCE.format("model_diff", "model", "ModelMergeSubtract"))
    if text_encoder_diff is not None and not text_encoder_diff.patches:
        sentence = NO_DIFFERENCE.format("text_encoder_diff", "CLIP", "CLIPMergeSubtract")
        raise NodeInputError("text_encoder_diff", sentence)
    try:
        done = extract(model_diff, text_encoder_diff, Extract(lora_type, rank, bias_diff), ctx.progress)
    except ExportError as error:
        raise NodeInputError("model_diff", str(error)) from error
    return shown(save_tensors(ctx, filename_prefix, done.tensors, texts_for(ctx, prompt, extra_pnginfo)))
