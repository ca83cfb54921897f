"""Saving models as folders that the diffusers library loads."""

from pathlib import Path
from typing import Annotated, Literal

import torch

from execution.fields import Help
from execution.node import Context, NodeInputError, Ui, node
from folders.workspace import Workspace
from models.export.convert import require_room
from models.export.diffusers_folder import PIPELINE_FILE, check_plan, plan_folder, write_folder
from models.export.diffusers_scheduler import scheduler_tells
from models.export.tensors import ExportError
from models.sampling.schedule_facts import facts_of
from nodes.merging.numbered_models import model_claim, numbered_models
from nodes.merging.save_models import ClipToSave, ModelToSave, VaeToSave, shown, whole_model
from nodes.saving import PREFIX, SavedFile

FORMATS = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}


@node("DiffusersSave", category="advanced/model_merging", display_name="Save Diffusers Folder", output=True)
def diffusers_save(
    *,
    model: ModelToSave,
    clip: ClipToSave,
    vae: VaeToSave,
    filename_prefix: Annotated[
        str, Help("Beginning of the folder's name in the output folder, with a sub-folder if you like.")
    ] = "diffusers/ComfyUI",
    dtype: Annotated[
        Literal["as loaded", "fp16", "bf16", "fp32"],
        Help("The format of the weights. 'as loaded' keeps that of the files they came from."),
    ] = "as loaded",
    ctx: Context,
) -> Ui:
    """Save a whole model, with LoRAs and merges as part of its weights, as a folder that diffusers loads.

    In output/diffusers, DiffusersLoader offers it. `python main.py convert` does the same with files.
    """
    contents = whole_model(model, clip, vae)
    told = facts_of(model.schedule)
    if told is None or not scheduler_tells(told):
        ctx.warn(
            "diffusers has no scheduler for the noise schedule that this model is sampled with, so the folder says the "
            "usual one. Put the node that set it behind the loader when you use the saved model."
        )
    claim = model_claim(ctx)
    earlier = claim.found() if claim is not None else None
    if earlier is not None:
        return _shown(earlier)
    try:
        plan = plan_folder(contents, dtype=FORMATS.get(dtype))
        check_plan(plan)
        require_room(ctx.service(Workspace).folder("output"), plan.size)

        def make(folder: Path) -> None:
            write_folder(folder, plan, {}, ctx.progress)

        return _shown(numbered_models(ctx, filename_prefix).write_by(make, "", claim))
    except ExportError as error:
        raise NodeInputError(PREFIX, str(error)) from error


def _shown(saved: SavedFile) -> Ui:
    """The folder by a file in it, since files are what the editor can ask for."""
    inside = "/".join(filter(None, (saved.subfolder, saved.filename)))
    return shown(SavedFile(PIPELINE_FILE, inside, saved.type))
