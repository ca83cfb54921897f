"""A CLIP that wears hooks while it reads prompts, at one strength or at another for each span of the denoising."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from models.sdxl.text import ClipHooks, HookedSpan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.adapters.hooks import Adjustable, Hook, Hooks
    from models.adapters.keyframes import Percent
    from models.adapters.weight_patches import WeightChange
    from models.sdxl.text import Clip


def with_hooks(clip: Clip, hooks: Hooks, *, apply_to_conds: bool, schedule: bool) -> Clip:
    """A handle whose prompts are read with the hooks on, which take the place of earlier ones.

    `schedule`: once for each span of the hooks' keyframes, and what is encoded holds for that span of the denoising;
    otherwise once, at the hooks' full strength. `apply_to_conds`: what is encoded has the hooks on the denoising
    network as well.
    """
    earlier = {} if clip.hooks is None else clip.hooks.options
    options = {"hooks": hooks} if apply_to_conds else earlier
    changes = [(hook, hook.source.clip_changes(clip)) for hook in hooks.hooks]
    if not schedule:
        return replace(clip, hooks=ClipHooks((_span(None, changes),), options))
    bounds = sorted({0.0, *(bound for hook, _ in changes for start, end, _ in _ranges(hook) for bound in (start, end))})
    return replace(clip, hooks=ClipHooks(tuple(_span(span, changes) for span in pairwise(bounds)), options))


def _span(
    span: tuple[Percent, Percent] | None, changes: Sequence[tuple[Hook, Mapping[str, Mapping[str, Adjustable]]]]
) -> HookedSpan:
    made: dict[str, list[Mapping[str, WeightChange]]] = {}
    for hook, by_encoder in changes:
        strength = hook.strength_clip * (1.0 if span is None else _strength_in(span, hook))
        if strength:
            for encoder, adjustable in by_encoder.items():
                made.setdefault(encoder, []).append({name: one.at(strength) for name, one in adjustable.items()})
    return HookedSpan(span, made)


def _ranges(hook: Hook) -> list[tuple[Percent, Percent, float]]:
    return hook.keyframes.ranges() if hook.keyframes.frames else [(0.0, 1.0, 1.0)]


def _strength_in(span: tuple[Percent, Percent], hook: Hook) -> float:
    """The strength that the keyframes give in a span; before the first of them the full one."""
    fitting = (strength for start, end, strength in _ranges(hook) if start < span[1] and end > span[0])
    return next(fitting, 1.0)
