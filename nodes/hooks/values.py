"""What travels on the wires of hooks."""

from typing import Annotated

from execution.fields import Help, Optional, Range, Socket
from models.adapters import hooks as adapters
from models.adapters import keyframes as adapter_keyframes

Hooks = Annotated[adapters.Hooks, Socket("HOOKS")]
Keyframes = Annotated[adapter_keyframes.Keyframes, Socket("HOOK_KEYFRAMES")]
TimestepsRange = Annotated[tuple[float, float], Socket("TIMESTEPS_RANGE")]  # shares of the denoising, 0 the noise

HookStrength = Annotated[
    float, Range(-20, 20, step=0.01), Help("How strongly the denoising network is changed: 1 as trained, 0 not.")
]
TextStrength = Annotated[
    float, Range(-20, 20, step=0.01), Help("How strongly the text encoders are changed, by Set CLIP Hooks.")
]
Earlier = Annotated[Hooks | None, Optional(), Help("Hooks that hold as well.")]


def together(*groups: adapters.Hooks | None) -> adapters.Hooks | None:
    """All hooks of several groups in their order, each once; None where no group is given."""
    given = [group for group in groups if group is not None]
    if not given:
        return None
    first, *others = given
    for other in others:
        first = first.plus(other.hooks)
    return first
