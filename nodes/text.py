"""Prompts to conditioning."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from execution.fields import Help, Mentions, Multiline, Range
from execution.node import Context, NodeInputError, node
from models.checkpoint import CheckpointError
from models.sdxl.text import Clip as ClipHandle
from models.sdxl.text import TextError, Tokens
from nodes.prompt_notes import noted
from nodes.types import MAX_SIDE, Clip, Conditioning, ConditioningValue

Prompt = Annotated[str, Multiline(dynamic_prompts=True), Mentions("embeddings")]
Size = Annotated[int, Range(0, MAX_SIDE)]


def encode(
    clip: ClipHandle, tokenize: Callable[[], Tokens], options: Mapping[str, Any], ctx: Context
) -> ConditioningValue:
    """Conditioning of text with its pooled output and further options; tells the tokenizer's warnings.

    One entry, or one for each span of the denoising where the CLIP wears scheduled hooks.

    Raises:
        NodeInputError: the text encoders are not there or not the right ones, or an embedding's file is damaged.
    """
    try:
        tokens = tokenize()
        for warning in tokens.warnings:
            ctx.warn(warning)
        return [
            [encoded.cond, {"pooled_output": encoded.pooled, **hooked, **options, **noted(tokens)}]
            for encoded, hooked in clip.encode_scheduled(tokens)
        ]
    except (TextError, CheckpointError) as error:
        raise NodeInputError("clip", str(error)) from error


@node("CLIPTextEncode", category="conditioning", display_name="CLIP Text Encode (Prompt)")
def clip_text_encode(
    *,
    text: Annotated[Prompt, Help("What to draw. (word:1.2) weighs words, embedding:name uses a learned one.")],
    clip: Annotated[Clip, Help("The text encoders of the checkpoint.")],
    ctx: Context,
) -> Conditioning:
    """Turn a prompt into conditioning, the same text for every encoder."""
    return encode(clip, lambda: clip.tokenize(text), {}, ctx)


@node("CLIPTextEncodeSDXL", category="advanced/conditioning")
def clip_text_encode_sdxl(
    *,
    clip: Annotated[Clip, Help("The two text encoders of an SDXL base checkpoint.")],
    width: Annotated[Size, Help("Width of the imagined original picture, in pixels; small ones look blurred.")] = 1024,
    height: Annotated[Size, Help("Height of the imagined original picture, in pixels.")] = 1024,
    crop_w: Annotated[Size, Help("How many pixels were cut off at the left; 0 keeps subjects in the picture.")] = 0,
    crop_h: Annotated[Size, Help("How many pixels were cut off at the top.")] = 0,
    target_width: Annotated[Size, Help("Width the picture is made for, in pixels.")] = 1024,
    target_height: Annotated[Size, Help("Height the picture is made for, in pixels.")] = 1024,
    text_g: Annotated[Prompt, Help("The prompt for OpenCLIP-bigG.")],
    text_l: Annotated[Prompt, Help("The prompt for CLIP-L.")],
    ctx: Context,
) -> Conditioning:
    """Prompts for SDXL base, one for each encoder, with the sizes that it was trained with (Podell et al. 2023)."""
    sizes = {
        "width": width,
        "height": height,
        "crop_w": crop_w,
        "crop_h": crop_h,
        "target_width": target_width,
        "target_height": target_height,
    }
    return encode(clip, lambda: clip.tokenize_each({"g": text_g, "l": text_l}), sizes, ctx)


@node("CLIPTextEncodeSDXLRefiner", category="advanced/conditioning")
def clip_text_encode_sdxl_refiner(
    *,
    ascore: Annotated[
        float,
        Range(0, 1000, step=0.01),
        Help("Aesthetic score to aim for: about 6 in a positive prompt, 2.5 in a negative one."),
    ] = 6.0,
    width: Annotated[Size, Help("Width of the imagined original picture, in pixels.")] = 1024,
    height: Annotated[Size, Help("Height of the imagined original picture, in pixels.")] = 1024,
    text: Annotated[Prompt, Help("What to draw.")],
    clip: Annotated[Clip, Help("The text encoder of the SDXL refiner.")],
    ctx: Context,
) -> Conditioning:
    """A prompt for the SDXL refiner, with the aesthetic score and size that it was trained with."""
    options = {"aesthetic_score": ascore, "width": width, "height": height}
    return encode(clip, lambda: clip.tokenize(text), options, ctx)


@node("CLIPSetLastLayer", category="conditioning", display_name="CLIP Set Last Layer")
def clip_set_last_layer(
    *,
    clip: Annotated[Clip, Help("The text encoders to change.")],
    stop_at_clip_layer: Annotated[
        int,
        Range(-24, -1, step=1),
        Help("The layer whose output counts: -1 the last, -2 the one before it (clip skip 2)."),
    ] = -1,
) -> Clip:
    """Stop the text encoders before their last layer ("clip skip")."""
    return clip.with_layer(stop_at_clip_layer)
