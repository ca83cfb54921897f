"""CLIP's image encoders, and prompts that are pictures."""

from typing import Annotated, Literal, NamedTuple

from execution.fields import Files, Help, Range
from execution.node import Context, NodeInputError, node
from models.checkpoint import CheckpointError, load_checkpoint
from models.memory import DeviceMemory
from models.sdxl.image_prompt import OPTION
from models.vision.clip_vision import load_clip_vision
from nodes.loaders import learn_colours, model_file, with_embeddings
from nodes.types import Clip, Conditioning, Fraction, Image, Model, Vae
from nodes.vision.types import ClipVision, ClipVisionOutput


class UnclipCheckpoint(NamedTuple):
    """The parts of an unCLIP checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae
    CLIP_VISION: ClipVision


@node("CLIPVisionLoader", category="loaders", display_name="Load CLIP Vision")
def clip_vision_loader(
    *, clip_name: Annotated[str, Files("clip_vision"), Help("A file in models/clip_vision.")], ctx: Context
) -> ClipVision:
    """Load an image encoder of CLIP: CLIP-G for Revision on SDXL, CLIP-L for style models and IP-Adapters."""
    path = model_file(ctx, "clip_vision", "clip_name", clip_name)
    try:
        return load_clip_vision(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("clip_name", str(error)) from error


@node("unCLIPCheckpointLoader", category="loaders", display_name="unCLIPCheckpointLoader")
def unclip_checkpoint_loader(
    *,
    ckpt_name: Annotated[str, Files("checkpoints"), Help("A Stable unCLIP 2.1 checkpoint in models/checkpoints.")],
    ctx: Context,
) -> UnclipCheckpoint:
    """Load a checkpoint that follows pictures (Stable unCLIP 2.1) and the image encoder in it."""
    path = model_file(ctx, "checkpoints", "ckpt_name", ckpt_name)
    memory = ctx.service(DeviceMemory)
    try:
        vision = load_clip_vision(path, memory)
        loaded = load_checkpoint(path, memory)
    except CheckpointError as error:
        raise NodeInputError("ckpt_name", str(error)) from error
    learn_colours(ctx, loaded.vae)
    return UnclipCheckpoint(loaded.model, with_embeddings(ctx, loaded.clip), loaded.vae, vision)


@node("CLIPVisionEncode", category="conditioning", display_name="CLIP Vision Encode")
def clip_vision_encode(
    *,
    clip_vision: Annotated[ClipVision, Help("The image encoder.")],
    image: Annotated[Image, Help("The pictures to look at; a batch counts as several.")],
    crop: Annotated[
        Literal["center", "none"],
        Help("center: the middle of the picture, square; none: all of it, squeezed into a square."),
    ],
) -> ClipVisionOutput:
    """Let CLIP look at pictures: what they show, as numbers that a model can follow."""
    return clip_vision.encode(image, crop)


@node("unCLIPConditioning", category="conditioning")
def unclip_conditioning(
    *,
    conditioning: Annotated[Conditioning, Help("The prompt that the pictures join.")],
    clip_vision_output: Annotated[ClipVisionOutput, Help("The pictures, seen by the model's image encoder.")],
    strength: Annotated[
        float, Range(-10, 10, step=0.01), Help("How strongly the pictures count: 1 as trained, below 0 away from them.")
    ] = 1.0,
    noise_augmentation: Annotated[Fraction, Help("How freely they are followed: 0 closely, 1 hardly at all.")] = 0.0,
) -> Conditioning:
    """Let a model follow pictures: SDXL in place of the pooled prompt (Revision), Stable unCLIP 2.1 beside it.

    Several in a row are mixed by their strengths.
    """
    if not strength:
        return conditioning
    picture = {
        "clip_vision_output": clip_vision_output,
        "strength": strength,
        "noise_augmentation": noise_augmentation,
    }
    return [[states, {**options, OPTION: [*options.get(OPTION, ()), picture]}] for states, options in conditioning]
