"""Hooks on text encoders."""

from typing import Annotated

from execution.fields import Help, Optional
from execution.node import NodeInputError, node
from models.adapters.clip_hooks import with_hooks
from nodes.hooks.values import Hooks
from nodes.types import Clip


@node("SetClipHooks", category="advanced/hooks/clip", display_name="Set CLIP Hooks")
def set_clip_hooks(
    *,
    clip: Annotated[Clip, Help("The text encoders that wear the hooks while they read prompts.")],
    apply_to_conds: Annotated[
        bool, Help("Set the hooks on the prompts as well, so that they are drawn with them.")
    ] = True,
    schedule_clip: Annotated[
        bool, Help("Read prompts once for each span of the hooks' keyframes; otherwise once, at the full strength.")
    ] = False,
    hooks: Annotated[Hooks | None, Optional(), Help("The hooks to wear.")] = None,
) -> Clip:
    """Read prompts with hooks on: their LoRAs change the text encoders, and through the prompts the denoising."""
    if hooks is None:
        return clip
    if not clip.encoders:
        raise NodeInputError("clip", clip.absence)
    return with_hooks(clip, hooks, apply_to_conds=apply_to_conds, schedule=schedule_clip)
