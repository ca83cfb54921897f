"""Combining conditioning and changing its strength, place and time."""

from typing import Annotated, Any, Literal

import torch

from execution.fields import Help, Range
from execution.node import Context, NodeInputError, node
from nodes.prompt_notes import OPTION, joined
from nodes.text import Prompt, encode
from nodes.types import MAX_SIDE, Aligned, Clip, Conditioning, ConditioningValue, Fraction, Mask, Strength

Percent = Annotated[float, Range(0, 1, step=0.001)]
AreaSide = Annotated[int, Range(64, MAX_SIDE, step=8)]
Changed = Annotated[Conditioning, Help("The conditioning to change.")]


def with_options(conditioning: ConditioningValue, **options: Any) -> ConditioningValue:
    """Copies of all entries with `options` set; the tensors are shared."""
    return [[states, {**present, **options}] for states, present in conditioning]


def only_entry(conditioning: ConditioningValue, input_name: str, ctx: Context) -> tuple[torch.Tensor, dict[str, Any]]:
    """The first entry, and a warning if there are more, which are not used.

    Raises:
        NodeInputError: there is none.
    """
    if not conditioning:
        raise NodeInputError(input_name, "This conditioning is empty. Connect that of a prompt.")
    if len(conditioning) > 1:
        ctx.warn(f"{input_name} holds {len(conditioning)} prompts, of which only the first is used here.")
    states, options = conditioning[0]
    return states, options


def check_widths(states: torch.Tensor, other: torch.Tensor) -> None:
    """Judge whether the tokens of conditioning_from, `other` [1, n, C], can join those of conditioning_to.

    Raises:
        NodeInputError: another text encoder made them.
    """
    if states.shape[-1] != other.shape[-1]:
        raise NodeInputError(
            "conditioning_from",
            f"Its tokens are {other.shape[-1]} values wide, those of conditioning_to {states.shape[-1]}. Encode both "
            "prompts with the same CLIP.",
        )


@node("ConditioningCombine", category="conditioning", display_name="Conditioning (Combine)")
def conditioning_combine(
    *,
    conditioning_1: Annotated[Conditioning, Help("Prompts to follow.")],
    conditioning_2: Annotated[Conditioning, Help("Further prompts to follow.")],
) -> Conditioning:
    """Follow several prompts at once: each is asked for by itself and the answers are averaged."""
    return [*conditioning_1, *conditioning_2]


@node("ConditioningConcat", category="conditioning", display_name="Conditioning (Concat)")
def conditioning_concat(
    *,
    conditioning_to: Annotated[Conditioning, Help("The prompts that are made longer.")],
    conditioning_from: Annotated[Conditioning, Help("The prompt that is appended, as further tokens.")],
    ctx: Context,
) -> Conditioning:
    """Append the tokens of one prompt to those of another, as if the text had been longer by a chunk."""
    added, more = only_entry(conditioning_from, "conditioning_from", ctx)
    for states, _ in conditioning_to:
        check_widths(states, added)
    return [
        [torch.cat((states, added), dim=1), {**options, **joined(options, more)}] for states, options in conditioning_to
    ]


@node("ConditioningAverage", category="conditioning")
def conditioning_average(
    *,
    conditioning_to: Annotated[Conditioning, Help("What the strength belongs to.")],
    conditioning_from: Annotated[Conditioning, Help("What the rest of the strength belongs to.")],
    conditioning_to_strength: Annotated[Fraction, Help("Share of conditioning_to: 1 all of it, 0 none.")] = 1.0,
    ctx: Context,
) -> Conditioning:
    """A prompt between two others. The result is as long as conditioning_to; the other is cut or filled with zeros."""
    other, other_options = only_entry(conditioning_from, "conditioning_from", ctx)
    other_pooled = other_options.get("pooled_output")
    share = conditioning_to_strength
    mixed: ConditioningValue = []
    for states, options in conditioning_to:
        check_widths(states, other)
        missing = max(0, states.shape[1] - other.shape[1])
        fitted = torch.nn.functional.pad(other[:, : states.shape[1]], (0, 0, 0, missing))
        kept = {**options, **joined(options, other_options)}
        if other_pooled is not None:
            pooled = options.get("pooled_output", other_pooled)
            kept["pooled_output"] = pooled * share + other_pooled * (1 - share)
        mixed.append([states * share + fitted * (1 - share), kept])
    return mixed


@node("ConditioningSetArea", category="conditioning", display_name="Conditioning (Set Area)")
def conditioning_set_area(
    *,
    conditioning: Changed,
    width: Annotated[AreaSide, Help("Width of the area, in pixels.")] = 64,
    height: Annotated[AreaSide, Help("Height of the area, in pixels.")] = 64,
    x: Annotated[Aligned, Help("Left side of the area, in pixels.")] = 0,
    y: Annotated[Aligned, Help("Top of the area, in pixels.")] = 0,
    strength: Annotated[Strength, Help("Weight against other prompts where areas overlap.")] = 1.0,
) -> Conditioning:
    """Let a prompt hold in a rectangle of the picture only."""
    area = (height // 8, width // 8, y // 8, x // 8)
    return with_options(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node("ConditioningSetAreaPercentage", category="conditioning", display_name="Conditioning (Set Area with Percentage)")
def conditioning_set_area_percentage(
    *,
    conditioning: Changed,
    width: Annotated[Fraction, Help("Width of the area, as a share of the picture's.")] = 1.0,
    height: Annotated[Fraction, Help("Height of the area, as a share of the picture's.")] = 1.0,
    x: Annotated[Fraction, Help("Left side of the area, as a share of the picture's width.")] = 0,
    y: Annotated[Fraction, Help("Top of the area, as a share of the picture's height.")] = 0,
    strength: Annotated[Strength, Help("Weight against other prompts where areas overlap.")] = 1.0,
) -> Conditioning:
    """Let a prompt hold in a rectangle of the picture only, given in shares of the picture."""
    area = ("percentage", height, width, y, x)
    return with_options(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node("ConditioningSetAreaStrength", category="conditioning")
def conditioning_set_area_strength(
    *,
    conditioning: Changed,
    strength: Annotated[Strength, Help("Weight against other prompts in the same place.")] = 1.0,
) -> Conditioning:
    """Set the weight of a prompt against others that hold in the same place."""
    return with_options(conditioning, strength=strength)


@node("ConditioningSetMask", category="conditioning", display_name="Conditioning (Set Mask)")
def conditioning_set_mask(
    *,
    conditioning: Changed,
    mask: Annotated[Mask, Help("Where the prompt holds: 1 fully, 0 not at all.")],
    strength: Annotated[Strength, Help("Factor on the mask.")] = 1.0,
    set_cond_area: Annotated[
        Literal["default", "mask bounds"],
        Help("mask bounds: the network sees only the rectangle around the mask, so small subjects fill it."),
    ],
) -> Conditioning:
    """Let a prompt hold where a mask says."""
    batch = mask[None] if mask.ndim < 3 else mask
    bounds = set_cond_area == "mask bounds"
    return with_options(conditioning, mask=batch, set_area_to_bounds=bounds, mask_strength=strength)


@node("ConditioningSetTimestepRange", category="advanced/conditioning")
def conditioning_set_timestep_range(
    *,
    conditioning: Changed,
    start: Annotated[Percent, Help("From which share of the denoising on it holds: 0 the noise.")] = 0.0,
    end: Annotated[Percent, Help("Up to which share of the denoising it holds: 1 the finished picture.")] = 1.0,
) -> Conditioning:
    """Let a prompt hold during a part of the denoising only."""
    return with_options(conditioning, start_percent=start, end_percent=end)


@node("ConditioningZeroOut", category="advanced/conditioning")
def conditioning_zero_out(*, conditioning: Changed) -> Conditioning:
    """Zeros in place of a prompt's states and pooled output: no text at all, which is not the empty prompt."""
    zeroed: ConditioningValue = []
    for states, options in conditioning:
        pooled = options.get("pooled_output")
        extra = {} if pooled is None else {"pooled_output": torch.zeros_like(pooled)}
        kept = {name: value for name, value in options.items() if name != OPTION}
        zeroed.append([torch.zeros_like(states), {**kept, **extra}])
    return zeroed


@node("CLIPTextEncodeControlnet", category="_for_testing/conditioning")
def clip_text_encode_controlnet(
    *,
    clip: Annotated[Clip, Help("The text encoders of the checkpoint.")],
    conditioning: Changed,
    text: Annotated[Prompt, Help("What the ControlNets read in place of the prompt itself.")],
    ctx: Context,
) -> Conditioning:
    """Give ControlNets a prompt of their own, such as a plain one that names what their picture shows."""
    (states, options), *_ = encode(clip, lambda: clip.tokenize(text), {}, ctx)
    pooled = options["pooled_output"]
    return with_options(conditioning, cross_attn_controlnet=states, pooled_output_controlnet=pooled)
