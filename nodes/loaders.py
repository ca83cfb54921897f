"""Loaders: model files in, handles out."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from execution.fields import Advanced, Files, Help, Optional
from execution.node import Context, NodeInputError, node
from folders.content_digests import ContentDigests
from folders.safe_paths import UnsafeNameError
from folders.workspace import Workspace
from models.adapters.embeddings import EmbeddingFolders
from models.checkpoint import AbsentNetwork, CheckpointError, load_checkpoint, load_clip, load_unet, load_vae
from models.checkpoints.config_file import KNOWN, ConfigFile, read_config
from models.memory import DeviceMemory
from nodes.preview_colours import PreviewColours
from nodes.types import Clip, Model, Vae

OTHER_TEXT_ENCODERS = "Weft runs Stable Diffusion XL, 1.x and 2.x: choose {}."

ClipFile = Annotated[str, Files("text_encoders"), Help("A file in models/text_encoders (or models/clip).")]
Device = Annotated[
    Literal["default", "cpu"],
    Advanced(),
    Optional(),
    Help("Kept for graphs that set it. Text encoders run where the workflow runs and leave when room is needed."),
]


class Checkpoint(NamedTuple):
    """The parts of a checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae


def model_file(ctx: Context, kind: str, input_name: str, name: str) -> Path:
    """The file of a model that an input names.

    Raises:
        NodeInputError: it is not there, or the name is refused.
    """
    try:
        path = ctx.service(Workspace).model(kind, name)
    except FileNotFoundError as error:
        raise NodeInputError(input_name, f"{error.strerror}.") from error
    except UnsafeNameError as error:
        raise NodeInputError(input_name, str(error)) from error
    digests = ctx.optional(ContentDigests)
    if digests is not None:  # pictures made with it will name its content
        digests.begin(path)
    return path


def with_embeddings(ctx: Context, clip: Clip) -> Clip:
    """A handle whose prompts may name the workspace's textual inversion embeddings."""
    return clip.with_embeddings(EmbeddingFolders(tuple(ctx.service(Workspace).searched_folders("embeddings"))))


def learn_colours(ctx: Context, vae: Vae) -> None:
    """Get to know how previews of this VAE's latents look, where previews are wanted."""
    colours = ctx.optional(PreviewColours)
    if colours is not None and not isinstance(vae.network, AbsentNetwork):
        colours.learn(vae)


@node("CheckpointLoaderSimple", category="loaders", display_name="Load Checkpoint")
def checkpoint_loader(
    *, ckpt_name: Annotated[str, Files("checkpoints"), Help("A file in models/checkpoints.")], ctx: Context
) -> Checkpoint:
    """Load a checkpoint: the denoising network, the text encoders and the VAE of one file."""
    return _whole(ctx, model_file(ctx, "checkpoints", "ckpt_name", ckpt_name), "ckpt_name")


@node("CheckpointLoader", category="advanced/loaders", display_name="Load Checkpoint With Config (DEPRECATED)")
def checkpoint_loader_with_config(
    *,
    config_name: Annotated[
        str,
        Files("configs", first=tuple(KNOWN)),
        Help("A configuration file of the checkpoint, in models/configs. The well-known ones need no file."),
    ],
    ckpt_name: Annotated[str, Files("checkpoints"), Help("A file in models/checkpoints.")],
    ctx: Context,
) -> Checkpoint:
    """Load a checkpoint as an old configuration file says: whether it predicts v, and where its text encoder stops.

    Everything else is read off the checkpoint itself, so Load Checkpoint does the same without the file.
    """
    config = _config(ctx, config_name)
    loaded = _whole(ctx, model_file(ctx, "checkpoints", "ckpt_name", ckpt_name), "ckpt_name")
    model, clip = loaded.MODEL, loaded.CLIP
    if config.prediction is not None and config.prediction != model.schedule.prediction:
        model = model.with_schedule(replace(model.schedule, prediction=config.prediction))
    if config.clip_layer is not None and clip.encoders:
        clip = clip.with_layer(config.clip_layer)
    return Checkpoint(model, clip, loaded.VAE)


@node("DiffusersLoader", category="advanced/loaders/deprecated", display_name="DiffusersLoader")
def diffusers_loader(
    *,
    model_path: Annotated[
        str, Files("diffusers"), Help("A folder in models/diffusers that has a model_index.json in it.")
    ],
    ctx: Context,
) -> Checkpoint:
    """Load a model from a folder that diffusers wrote: the same three parts as a checkpoint's."""
    return _whole(ctx, model_file(ctx, "diffusers", "model_path", model_path), "model_path")


def _whole(ctx: Context, path: Path, input_name: str) -> Checkpoint:
    try:
        loaded = load_checkpoint(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError(input_name, str(error)) from error
    learn_colours(ctx, loaded.vae)
    return Checkpoint(loaded.model, with_embeddings(ctx, loaded.clip), loaded.vae)


def _config(ctx: Context, name: str) -> ConfigFile:
    """What the user's own file of that name says, or that which everybody has."""
    try:
        path = ctx.service(Workspace).model("configs", name)
    except (FileNotFoundError, UnsafeNameError) as error:
        if name in KNOWN:
            return KNOWN[name]
        ctx.warn(f"The configuration {name!r} is not there ({error}); what the checkpoint says of itself is used.")
        return ConfigFile(None, None)
    try:
        return read_config(path)
    except CheckpointError as error:
        raise NodeInputError("config_name", str(error)) from error


@node("VAELoader", category="loaders", display_name="Load VAE")
def vae_loader(
    *, vae_name: Annotated[str, Files("vae"), Help("A file in models/vae, or a checkpoint that has one.")], ctx: Context
) -> Vae:
    """Load a VAE on its own, in place of the one in the checkpoint."""
    path = model_file(ctx, "vae", "vae_name", vae_name)
    try:
        vae = load_vae(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("vae_name", str(error)) from error
    learn_colours(ctx, vae)
    return vae


@node("UNETLoader", category="advanced/loaders", display_name="Load Diffusion Model")
def unet_loader(
    *,
    unet_name: Annotated[str, Files("diffusion_models"), Help("A file in models/diffusion_models (or models/unet).")],
    weight_dtype: Annotated[
        Literal["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"],
        Help("How weights are kept. Weft keeps them in the precision it computes in, and says so for the others."),
    ],
    ctx: Context,
) -> Model:
    """Load a denoising network on its own."""
    if weight_dtype != "default":
        ctx.warn(f"Weights are not kept as {weight_dtype} but in the precision that Weft computes in.")
    path = model_file(ctx, "diffusion_models", "unet_name", unet_name)
    try:
        return load_unet(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("unet_name", str(error)) from error


@node("CLIPLoader", category="advanced/loaders", display_name="Load CLIP")
def clip_loader(
    *,
    clip_name: ClipFile,
    type: Annotated[
        Literal[
            "stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos",
            "lumina2", "wan", "hidream", "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image",
        ],
        Help("The family of models that the text encoder serves; Weft runs stable_diffusion."),
    ],
    device: Device = "default",
    ctx: Context,
) -> Clip:  # fmt: skip
    """Load one text encoder: CLIP-L of SD 1.x, OpenCLIP-H of SD 2.x or OpenCLIP-bigG of SDXL's refiner."""
    del device
    if type != "stable_diffusion":
        raise NodeInputError("type", OTHER_TEXT_ENCODERS.format("stable_diffusion"))
    path = model_file(ctx, "text_encoders", "clip_name", clip_name)
    try:
        return with_embeddings(ctx, load_clip([path], ctx.service(DeviceMemory)))
    except CheckpointError as error:
        raise NodeInputError("clip_name", str(error)) from error


@node("DualCLIPLoader", category="advanced/loaders", display_name="DualCLIPLoader")
def dual_clip_loader(
    *,
    clip_name1: ClipFile,
    clip_name2: ClipFile,
    type: Annotated[
        Literal["sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"],
        Help("The family of models that the text encoders serve; Weft runs sdxl."),
    ],
    device: Device = "default",
    ctx: Context,
) -> Clip:
    """Load the two text encoders of SDXL base, CLIP-L and OpenCLIP-bigG, in any order."""
    del device
    if type != "sdxl":
        raise NodeInputError("type", OTHER_TEXT_ENCODERS.format("sdxl"))
    paths = [
        model_file(ctx, "text_encoders", input_name, name)
        for input_name, name in (("clip_name1", clip_name1), ("clip_name2", clip_name2))
    ]
    try:  # a whole checkpoint, which holds both, may be chosen twice
        clip = load_clip(list(dict.fromkeys(paths)), ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("clip_name1", str(error)) from error
    if len(clip.encoders) < 2:
        raise NodeInputError(
            "clip_name2", f"{clip_name2} is chosen twice and holds one text encoder. Choose CLIP-L and OpenCLIP-bigG."
        )
    return with_embeddings(ctx, clip)
