"""When hooks hold, and how strongly: keyframes and ranges of the denoising."""

from typing import Annotated, Any, Literal, NamedTuple

from execution.fields import Default, ForceInput, Help, Name, Optional, Range, Socket
from execution.node import NodeInputError, WithUi, node
from models.adapters import keyframes as adapters
from models.adapters.keyframes import Keyframe, eased, spread
from nodes.conditioning import Percent
from nodes.hooks.values import Hooks, Keyframes, TimestepsRange

EarlierFrames = Annotated[Keyframes | None, Optional(), Help("Keyframes that stay as well.")]
EasedStrength = Annotated[float, Range(0, 10, step=0.001)]
Start = Annotated[Percent, Help("The share of the denoising at which it begins: 0 the noise.")]
End = Annotated[Percent, Help("The share of the denoising of the last keyframe: 1 the finished picture.")]
MadeKeyframes = Annotated[Keyframes, Name("HOOK_KF")]
Show = Annotated[bool, Help("Show the keyframes on the node.")]


class Ranges(NamedTuple):
    """A part of the denoising, and what is before and after it."""

    TIMESTEPS_RANGE: TimestepsRange
    BEFORE_RANGE: Annotated[TimestepsRange, Name("BEFORE_RANGE")]
    AFTER_RANGE: Annotated[TimestepsRange, Name("AFTER_RANGE")]


@node("CreateHookKeyframe", category="advanced/hooks/scheduling", display_name="Create Hook Keyframe")
def create_hook_keyframe(
    *,
    strength_mult: Annotated[float, Range(-20, 20, step=0.01), Help("Factor on the hook's own strength.")] = 1.0,
    start_percent: Annotated[Percent, Help("From which share of the denoising on it holds: 0 the noise.")] = 0.0,
    prev_hook_kf: EarlierFrames = None,
) -> MadeKeyframes:
    """A strength that hooks have from one moment of the denoising on, until the next keyframe."""
    known = prev_hook_kf or adapters.Keyframes()
    return known.plus(Keyframe(strength_mult, start_percent))


@node(
    "CreateHookKeyframesInterpolated",
    category="advanced/hooks/scheduling",
    display_name="Create Hook Keyframes Interp.",
)
def create_hook_keyframes_interpolated(
    *,
    strength_start: Annotated[EasedStrength, Help("Factor at the first keyframe.")] = 1.0,
    strength_end: Annotated[EasedStrength, Help("Factor at the last keyframe.")] = 1.0,
    interpolation: Annotated[
        Literal["linear", "ease_in", "ease_out", "ease_in_out"],
        Help("How the strength goes over: evenly, or slowly at the start, at the end, or at both."),
    ],
    start_percent: Start = 0.0,
    end_percent: End = 1.0,
    keyframes_count: Annotated[int, Range(2, 100, step=1), Help("How many keyframes there are.")] = 5,
    print_keyframes: Show = False,
    prev_hook_kf: EarlierFrames = None,
) -> WithUi[MadeKeyframes]:
    """Keyframes whose strength goes over from one value to another."""
    strengths = eased(strength_start, strength_end, keyframes_count, interpolation)
    return _spread(strengths, start_percent, end_percent, print_keyframes, prev_hook_kf)


@node(
    "CreateHookKeyframesFromFloats",
    category="advanced/hooks/scheduling",
    display_name="Create Hook Keyframes From Floats",
)
def create_hook_keyframes_from_floats(
    *,
    floats_strength: Annotated[
        Any, Socket("FLOATS"), Default(-1), Range(min=-1, step=0.001), ForceInput(),
        Help("The factors of the keyframes, one or a list of them, as WeftFloats gives them."),
    ],
    start_percent: Start = 0.0,
    end_percent: End = 1.0,
    print_keyframes: Show = False,
    prev_hook_kf: EarlierFrames = None,
) -> WithUi[MadeKeyframes]:  # fmt: skip
    """Keyframes with the strengths of a list, at even distances."""
    try:
        values = [floats_strength] if isinstance(floats_strength, (int, float)) else list(floats_strength)
        strengths = [float(value) for value in values]
    except (TypeError, ValueError) as error:
        raise NodeInputError("floats_strength", "These are no numbers. Connect a list of numbers.") from error
    if not strengths:
        raise NodeInputError("floats_strength", "The list is empty. Connect at least one number.")
    return _spread(strengths, start_percent, end_percent, print_keyframes, prev_hook_kf)


@node("SetHookKeyframes", category="advanced/hooks/scheduling", display_name="Set Hook Keyframes")
def set_hook_keyframes(
    *,
    hooks: Annotated[Hooks, Help("The hooks that are scheduled.")],
    hook_kf: Annotated[Keyframes | None, Optional(), Help("When they hold and how strongly.")] = None,
) -> Hooks:
    """Schedule hooks: their strength is multiplied by that of the keyframe that holds."""
    return hooks if hook_kf is None else hooks.with_keyframes(hook_kf)


@node("ConditioningTimestepsRange", category="advanced/hooks", display_name="Timesteps Range")
def conditioning_timesteps_range(
    *,
    start_percent: Annotated[Percent, Help("Where the part begins: 0 the noise.")] = 0.0,
    end_percent: Annotated[Percent, Help("Where it ends: 1 the finished picture.")] = 1.0,
) -> Ranges:
    """A part of the denoising, and the parts before and after it."""
    return Ranges((start_percent, end_percent), (0.0, start_percent), (end_percent, 1.0))


def _spread(
    strengths: list[float], start: float, end: float, show: bool, earlier: adapters.Keyframes | None
) -> WithUi[MadeKeyframes]:
    made = (earlier or adapters.Keyframes()).plus(*spread(strengths, start, end))
    lines = [f"from {frame.start:.3f}: strength {frame.strength:.3f}" for frame in made.frames]
    return WithUi(made, {"text": ["\n".join(lines)]} if show else {})
