"""Making hooks of LoRAs and of checkpoints."""

from typing import Annotated

from execution.fields import Files, Help
from execution.node import Context, NodeInputError, node
from models.adapters import hooks as adapters
from models.adapters.hooks import Hook, HookSource, LoraSource
from models.adapters.lora_file import read_lora
from models.adapters.model_difference import ModelSource
from models.checkpoint import CheckpointError, load_checkpoint
from models.memory import DeviceMemory
from nodes.hooks.values import Earlier, Hooks, HookStrength, TextStrength
from nodes.loaders import model_file
from nodes.loras import LoraName

CheckpointName = Annotated[str, Files("checkpoints"), Help("A file in models/checkpoints, of the model's own family.")]


@node("CreateHookLora", category="advanced/hooks/create", display_name="Create Hook LoRA")
def create_hook_lora(
    *,
    lora_name: LoraName,
    strength_model: HookStrength = 1.0,
    strength_clip: TextStrength = 1.0,
    prev_hooks: Earlier = None,
    ctx: Context,
) -> Hooks:
    """A LoRA that will hold for the prompts it is set on, instead of for the whole model."""
    return _with_lora(ctx, lora_name, strength_model, strength_clip, prev_hooks)


@node("CreateHookLoraModelOnly", category="advanced/hooks/create", display_name="Create Hook LoRA (MO)")
def create_hook_lora_model_only(
    *, lora_name: LoraName, strength_model: HookStrength = 1.0, prev_hooks: Earlier = None, ctx: Context
) -> Hooks:
    """A LoRA that will hold for the prompts it is set on, and leave the text encoders alone."""
    return _with_lora(ctx, lora_name, strength_model, 0.0, prev_hooks)


@node("CreateHookModelAsLora", category="advanced/hooks/create", display_name="Create Hook Model as LoRA")
def create_hook_model_as_lora(
    *,
    ckpt_name: CheckpointName,
    strength_model: HookStrength = 1.0,
    strength_clip: TextStrength = 1.0,
    prev_hooks: Earlier = None,
    ctx: Context,
) -> Hooks:
    """Another checkpoint as a hook: prompts that it is set on are drawn with that checkpoint's weights."""
    return _with_checkpoint(ctx, ckpt_name, strength_model, strength_clip, prev_hooks)


@node("CreateHookModelAsLoraModelOnly", category="advanced/hooks/create", display_name="Create Hook Model as LoRA (MO)")
def create_hook_model_as_lora_model_only(
    *, ckpt_name: CheckpointName, strength_model: HookStrength = 1.0, prev_hooks: Earlier = None, ctx: Context
) -> Hooks:
    """Another checkpoint's denoising network as a hook; the text encoders stay as they are."""
    return _with_checkpoint(ctx, ckpt_name, strength_model, 0.0, prev_hooks)


def _with_lora(
    ctx: Context, name: str, strength_model: float, strength_clip: float, earlier: adapters.Hooks | None
) -> adapters.Hooks:
    try:
        source = LoraSource(read_lora(model_file(ctx, "loras", "lora_name", name)))
    except CheckpointError as error:
        raise NodeInputError("lora_name", str(error)) from error
    return _with_source(source, strength_model, strength_clip, earlier)


def _with_checkpoint(
    ctx: Context, name: str, strength_model: float, strength_clip: float, earlier: adapters.Hooks | None
) -> adapters.Hooks:
    try:
        loaded = load_checkpoint(model_file(ctx, "checkpoints", "ckpt_name", name), ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("ckpt_name", str(error)) from error
    return _with_source(ModelSource(loaded.model, loaded.clip), strength_model, strength_clip, earlier)


def _with_source(
    source: HookSource, strength_model: float, strength_clip: float, earlier: adapters.Hooks | None
) -> adapters.Hooks:
    known = earlier or adapters.Hooks()
    if not strength_model and not strength_clip:
        return known
    return known.plus([Hook(source, strength_model, strength_clip)])
