"""Saving models: what LoRAs and merges made of them, as files that every program reads."""

from typing import Annotated

from execution.fields import Help
from execution.node import Context, NodeInputError, Ui, node
from models.checkpoints.layout import CLIP_MARK
from models.export.contents import Contents, contents_of_handles, latent_units_of, made_for_float16, told_of
from models.export.networks import text_tensors, unet_tensors, vae_tensors
from models.export.notes import model_notes
from models.export.schedule_marks import marks_tell, schedule_marks, schedule_notes
from models.export.single_file import (
    UNET,
    facts,
    further_tensors,
    single_tensors,
    text_facts_of,
    unet_facts,
    vae_facts,
)
from models.export.tensors import ExportError, prefixed
from models.export.text_layout import in_transformers
from models.sampling.schedule_facts import facts_of
from nodes.hidden import ExtraPngInfo, Prompt
from nodes.merging.numbered_models import save_tensors
from nodes.saving import SavedFile, texts_for
from nodes.types import Clip, Model, Vae

ModelToSave = Annotated[Model, Help("The model, with its LoRAs and merges, which become part of the weights.")]
ClipToSave = Annotated[Clip, Help("The text encoders, with their LoRAs and merges.")]
VaeToSave = Annotated[Vae, Help("The VAE.")]
Prefix = Annotated[str, Help("Beginning of the file's name in the output folder, with a sub-folder if you like.")]


def whole_model(model: Model, clip: Clip, vae: Vae) -> Contents:
    """The three parts on their way to a file.

    Raises:
        NodeInputError: one is missing, or they do not belong together.
    """
    try:
        vae_tensors(vae)  # says first what is missing
    except ExportError as error:
        raise NodeInputError("vae", str(error)) from error
    try:
        return contents_of_handles(model, clip, vae)
    except ExportError as error:
        raise NodeInputError("clip", str(error)) from error


def warn_of_schedule(ctx: Context, model: Model) -> None:
    """Warn where a single file cannot say to everybody which noise schedule the model is sampled with."""
    told = facts_of(model.schedule)
    if told is None:
        ctx.warn(
            "A model file cannot say which noise schedule this model is sampled with. Put the node that set it behind "
            "the loader when you use the saved model."
        )
    elif not marks_tell(told, latent_units_of(model), model.family) and model.family != "sd21":
        ctx.warn(
            "The file says in Weft's own words which noise schedule this model is sampled with. In other programs, "
            "put the node that sets it behind the loader."
        )


def shown(saved: SavedFile) -> Ui:
    """What the editor is told of a saved model."""
    return Ui({"models": [saved.to_ui()]})


@node("CheckpointSave", category="advanced/model_merging", display_name="Save Checkpoint", output=True)
def checkpoint_save(
    *,
    model: ModelToSave,
    clip: ClipToSave,
    vae: VaeToSave,
    filename_prefix: Prefix = "checkpoints/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save a whole checkpoint as one safetensors file, with LoRAs and merges as part of its weights.

    Each weight is written in the format that its file had. In output/checkpoints, the file is offered by the
    checkpoint loaders.
    """
    contents = whole_model(model, clip, vae)
    warn_of_schedule(ctx, model)
    tensors = {**further_tensors(contents), **single_tensors(contents)}
    notes = model_notes(model, _title(filename_prefix), clip) | facts(contents)
    return shown(save_tensors(ctx, filename_prefix, tensors, notes | texts_for(ctx, prompt, extra_pnginfo)))


@node("ModelSave", category="advanced/model_merging", output=True)
def model_save(
    *,
    model: ModelToSave,
    filename_prefix: Prefix = "diffusion_models/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save the denoising network alone, for UNETLoader."""
    warn_of_schedule(ctx, model)
    schedule, units = told_of(model.schedule), latent_units_of(model)
    tensors = prefixed(UNET, unet_tensors(model)) | schedule_marks(schedule, units)
    notes = model_notes(model, _title(filename_prefix)) | unet_facts(model.config)
    notes |= schedule_notes(schedule, units, model.family)
    return shown(save_tensors(ctx, filename_prefix, tensors, notes | texts_for(ctx, prompt, extra_pnginfo)))


@node("CLIPSave", category="advanced/model_merging", output=True)
def clip_save(
    *,
    clip: ClipToSave,
    filename_prefix: Prefix = "clip/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save the text encoders, each as a file of its own whose name ends in what it is: clip_l, clip_g or clip_h."""
    if not clip.encoders:
        raise NodeInputError("clip", clip.absence)
    saved: list[SavedFile] = []
    for encoder in clip.encoders:
        name = f"clip_{encoder.role.name}"
        tensors = in_transformers(text_tensors(clip, encoder))
        notes = {CLIP_MARK: encoder.role.name, **text_facts_of(encoder.role, encoder.config)}
        notes |= texts_for(ctx, prompt, extra_pnginfo)
        saved.append(save_tensors(ctx, f"{filename_prefix}_{name}", tensors, notes))
    return Ui({"models": [one.to_ui() for one in saved]})


@node("VAESave", category="advanced/model_merging", output=True)
def vae_save(
    *,
    vae: VaeToSave,
    filename_prefix: Prefix = "vae/ComfyUI_vae",
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save the VAE alone, for VAELoader."""
    try:
        tensors = vae_tensors(vae)
    except ExportError as error:
        raise NodeInputError("vae", str(error)) from error
    notes = vae_facts(vae.config, for_float16=made_for_float16(vae)) | texts_for(ctx, prompt, extra_pnginfo)
    return shown(save_tensors(ctx, filename_prefix, tensors, notes))


def _title(prefix: str) -> str:
    return prefix.replace("\\", "/").rpartition("/")[2]
