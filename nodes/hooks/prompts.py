"""Setting hooks, masks and times on prompts, one prompt or a pair at a time."""

from typing import Annotated, Literal, NamedTuple

import torch

from execution.fields import Help, Name, Optional
from execution.node import node
from models.adapters import hooks as adapters
from nodes.conditioning import with_options
from nodes.hooks.values import Hooks, TimestepsRange, together
from nodes.types import Conditioning, ConditioningValue, Mask, Strength

NewStrength = Annotated[Strength, Help("Factor on the mask; without a mask it has no effect.")]
SetArea = Annotated[
    Literal["default", "mask bounds"],
    Help("mask bounds: the network sees only the rectangle around the mask, so small subjects fill it."),
]
Where = Annotated[Mask | None, Optional(), Help("Where the new prompts hold: 1 fully, 0 not at all.")]
Worn = Annotated[Hooks | None, Optional(), Help("LoRAs that hold for the new prompts alone.")]
When = Annotated[TimestepsRange | None, Optional(), Help("In which part of the denoising the new prompts hold.")]


class Pair(NamedTuple):
    """Prompts of both sides."""

    positive: Annotated[Conditioning, Name("positive")]
    negative: Annotated[Conditioning, Name("negative")]


def with_hooks(conditioning: ConditioningValue, hooks: adapters.Hooks | None) -> ConditioningValue:
    """Copies of all entries that have `hooks` beside those that they have already."""
    if hooks is None:
        return conditioning
    return [[states, {**options, "hooks": together(options.get("hooks"), hooks)}] for states, options in conditioning]


def with_properties(
    conditioning: ConditioningValue,
    strength: float,
    set_cond_area: str,
    mask: torch.Tensor | None,
    hooks: adapters.Hooks | None,
    timesteps: tuple[float, float] | None,
) -> ConditioningValue:
    """Copies of all entries with what is given set on them."""
    changed = with_hooks(conditioning, hooks)
    if mask is not None:
        batch = mask[None] if mask.ndim < 3 else mask
        bounds = set_cond_area == "mask bounds"
        changed = with_options(changed, mask=batch, set_area_to_bounds=bounds, mask_strength=strength)
    if timesteps is not None:
        changed = with_options(changed, start_percent=timesteps[0], end_percent=timesteps[1])
    return changed


@node("ConditioningSetProperties", category="advanced/hooks/cond single", display_name="Cond Set Props")
def conditioning_set_properties(
    *,
    cond_NEW: Annotated[Conditioning, Help("The prompts to change.")],
    strength: NewStrength = 1.0,
    set_cond_area: SetArea,
    mask: Where = None,
    hooks: Worn = None,
    timesteps: When = None,
) -> Conditioning:
    """Say where and when prompts hold, and with which LoRAs they are drawn."""
    return with_properties(cond_NEW, strength, set_cond_area, mask, hooks, timesteps)


@node(
    "ConditioningSetPropertiesAndCombine", category="advanced/hooks/cond single", display_name="Cond Set Props Combine"
)
def conditioning_set_properties_and_combine(
    *,
    cond: Annotated[Conditioning, Help("Prompts that stay as they are.")],
    cond_NEW: Annotated[Conditioning, Help("The prompts that are changed and added to them.")],
    strength: NewStrength = 1.0,
    set_cond_area: SetArea,
    mask: Where = None,
    hooks: Worn = None,
    timesteps: When = None,
) -> Conditioning:
    """Add prompts to others, with where and when they hold and the LoRAs that they are drawn with."""
    return [*cond, *with_properties(cond_NEW, strength, set_cond_area, mask, hooks, timesteps)]


@node("ConditioningSetDefaultCombine", category="advanced/hooks/cond single", display_name="Cond Set Default Combine")
def conditioning_set_default_combine(
    *,
    cond: Annotated[Conditioning, Help("Prompts that hold in parts of the picture.")],
    cond_DEFAULT: Annotated[Conditioning, Help("The prompts for where the others do not reach.")],
    hooks: Worn = None,
) -> Conditioning:
    """Add prompts that fill what the others leave: each point gets what their masks leave of 1."""
    return _with_defaults(cond, cond_DEFAULT, hooks)


@node("PairConditioningCombine", category="advanced/hooks/cond pair", display_name="Cond Pair Combine")
def pair_conditioning_combine(
    *,
    positive_A: Annotated[Conditioning, Help("What the picture should show.")],
    negative_A: Annotated[Conditioning, Help("What it should not show.")],
    positive_B: Annotated[Conditioning, Help("What it should show as well.")],
    negative_B: Annotated[Conditioning, Help("What it should not show either.")],
) -> Pair:
    """Follow two pairs of prompts at once."""
    return Pair([*positive_A, *positive_B], [*negative_A, *negative_B])


@node("PairConditioningSetProperties", category="advanced/hooks/cond pair", display_name="Cond Pair Set Props")
def pair_conditioning_set_properties(
    *,
    positive_NEW: Annotated[Conditioning, Help("What the picture should show.")],
    negative_NEW: Annotated[Conditioning, Help("What it should not show.")],
    strength: NewStrength = 1.0,
    set_cond_area: SetArea,
    mask: Where = None,
    hooks: Worn = None,
    timesteps: When = None,
) -> Pair:
    """Say where and when a pair of prompts holds, and with which LoRAs it is drawn."""
    properties = (strength, set_cond_area, mask, hooks, timesteps)
    return Pair(with_properties(positive_NEW, *properties), with_properties(negative_NEW, *properties))


@node(
    "PairConditioningSetPropertiesAndCombine",
    category="advanced/hooks/cond pair",
    display_name="Cond Pair Set Props Combine",
)
def pair_conditioning_set_properties_and_combine(
    *,
    positive: Annotated[Conditioning, Help("Positive prompts that stay as they are.")],
    negative: Annotated[Conditioning, Help("Negative prompts that stay as they are.")],
    positive_NEW: Annotated[Conditioning, Help("The positive prompts that are changed and added.")],
    negative_NEW: Annotated[Conditioning, Help("The negative prompts that are changed and added.")],
    strength: NewStrength = 1.0,
    set_cond_area: SetArea,
    mask: Where = None,
    hooks: Worn = None,
    timesteps: When = None,
) -> Pair:
    """Add a pair of prompts to another, with where and when it holds and the LoRAs that it is drawn with."""
    properties = (strength, set_cond_area, mask, hooks, timesteps)
    return Pair(
        [*positive, *with_properties(positive_NEW, *properties)],
        [*negative, *with_properties(negative_NEW, *properties)],
    )


@node(
    "PairConditioningSetDefaultCombine",
    category="advanced/hooks/cond pair",
    display_name="Cond Pair Set Default Combine",
)
def pair_conditioning_set_default_combine(
    *,
    positive: Annotated[Conditioning, Help("Positive prompts that hold in parts of the picture.")],
    negative: Annotated[Conditioning, Help("Negative prompts, likewise.")],
    positive_DEFAULT: Annotated[Conditioning, Help("The positive prompts for where the others do not reach.")],
    negative_DEFAULT: Annotated[Conditioning, Help("The negative prompts for where the others do not reach.")],
    hooks: Worn = None,
) -> Pair:
    """Add a pair of prompts that fills what the others leave of the picture."""
    return Pair(_with_defaults(positive, positive_DEFAULT, hooks), _with_defaults(negative, negative_DEFAULT, hooks))


def _with_defaults(
    conditioning: ConditioningValue, filling: ConditioningValue, hooks: adapters.Hooks | None
) -> ConditioningValue:
    return [*conditioning, *with_options(with_hooks(filling, hooks), default=True)]
