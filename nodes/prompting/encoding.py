"""Encoding prompts for SDXL without writing anything twice, and how weights of words count."""

from typing import Annotated, Literal, NamedTuple

from execution.fields import Help, Mentions, Multiline, Name, Optional, Range
from execution.node import Context, node
from models.sdxl.conditioning import PIXELS
from nodes.text import Prompt, Size, encode
from nodes.types import Clip, Conditioning, Latent, LatentValue

AestheticScore = Annotated[float, Range(0, 1000, step=0.01)]
SizeOf = Annotated[
    Latent | None, Optional(), Help("The latents that are drawn: their size is taken, in place of width and height.")
]
Width = Annotated[Size, Help("Width of the picture in pixels, for what SDXL is told about sizes.")]
Height = Annotated[Size, Help("Height of the picture in pixels, likewise.")]


class BaseAndRefiner(NamedTuple):
    """Both prompts for both models."""

    base_positive: Annotated[Conditioning, Name("base_positive")]
    base_negative: Annotated[Conditioning, Name("base_negative")]
    refiner_positive: Annotated[Conditioning, Name("refiner_positive")]
    refiner_negative: Annotated[Conditioning, Name("refiner_negative")]


@node("WeftEncodeSDXL", category="conditioning/prompts", display_name="CLIP Text Encode (SDXL, one text)")
def encode_sdxl(
    *,
    clip: Annotated[Clip, Help("The two text encoders of an SDXL base checkpoint.")],
    text: Annotated[Prompt, Help("What to draw, for both encoders.")],
    text_l: Annotated[
        str,
        Optional(),
        Multiline(dynamic_prompts=True),
        Mentions("embeddings"),
        Help("Another text for CLIP-L, which follows style words; empty: the same as the other."),
    ] = "",
    width: Width = 1024,
    height: Height = 1024,
    latent: SizeOf = None,
    ctx: Context,
) -> Conditioning:
    """Encode one prompt for both of SDXL's encoders, with the picture's own size and no crop."""
    sizes = _sizes(latent, width, height)
    texts = {"g": text, "l": text_l or text}
    return encode(clip, lambda: clip.tokenize_each(texts), {**sizes, **_uncropped(sizes)}, ctx)


@node("WeftEncodeBaseRefiner", category="conditioning/prompts", display_name="CLIP Text Encode (base and refiner)")
def encode_base_refiner(
    *,
    base_clip: Annotated[Clip, Help("The two text encoders of the SDXL base checkpoint.")],
    refiner_clip: Annotated[Clip, Help("The text encoder of the SDXL refiner.")],
    positive: Annotated[Prompt, Help("What to draw.")],
    negative: Annotated[Prompt, Help("What not to draw.")],
    width: Width = 1024,
    height: Height = 1024,
    positive_score: Annotated[AestheticScore, Help("Aesthetic score for the refiner to aim for.")] = 6.0,
    negative_score: Annotated[AestheticScore, Help("Aesthetic score for the refiner to keep away from.")] = 2.5,
    latent: SizeOf = None,
    ctx: Context,
) -> BaseAndRefiner:
    """Write both prompts once, for SDXL's base and refiner, with the sizes and scores that each was trained with."""
    sizes = _sizes(latent, width, height)
    for_base = {**sizes, **_uncropped(sizes)}

    def base(text: str) -> Conditioning:
        return encode(base_clip, lambda: base_clip.tokenize_each({"g": text, "l": text}), for_base, ctx)

    def refiner(text: str, score: float) -> Conditioning:
        return encode(refiner_clip, lambda: refiner_clip.tokenize(text), {**sizes, "aesthetic_score": score}, ctx)

    return BaseAndRefiner(
        base(positive), base(negative), refiner(positive, positive_score), refiner(negative, negative_score)
    )


@node("WeftPromptWeighting", category="conditioning/prompts", display_name="Prompt weighting")
def prompt_weighting(
    *,
    clip: Annotated[Clip, Help("The text encoders.")],
    weighting: Annotated[
        Literal["comfy", "A1111", "A1111 no norm"],
        Help(
            "What (word:1.3) does. comfy: away from the empty prompt. A1111: the states times the weight, their mean "
            "kept; no norm: without that, better for SDXL. A1111's nested brackets multiply."
        ),
    ] = "comfy",
) -> Clip:
    """Choose how the weights of words count, so that prompts of other programs give what they gave there."""
    return clip.with_weighting(weighting)


def _sizes(latent: LatentValue | None, width: int, height: int) -> dict[str, int]:
    if latent is None:
        return {"width": width, "height": height}
    rows, columns = latent["samples"].shape[-2:]
    return {"width": columns * PIXELS, "height": rows * PIXELS}


def _uncropped(sizes: dict[str, int]) -> dict[str, int]:
    return {"crop_w": 0, "crop_h": 0, "target_width": sizes["width"], "target_height": sizes["height"]}
