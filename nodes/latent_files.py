"""Latents in files: safetensors with `latent_tensor`, and a marker that says it is not scaled."""

from typing import Annotated

import safetensors.torch
import torch

from execution.fields import Files, Help
from execution.node import Context, NodeInputError, Ui, node
from folders.safe_paths import UnsafeNameError
from folders.workspace import Workspace
from models.checkpoints.errors import CheckpointError
from models.checkpoints.weights import open_weights
from nodes.hidden import ExtraPngInfo, Prompt
from nodes.saving import Claims, numbered_files, texts_for
from nodes.types import Latent

TENSOR = "latent_tensor"
UNSCALED_MARKER = "latent_format_version_0"  # an empty tensor; files without it were saved scaled, by SD 1.x's factor
OLD_SCALE = 0.18215


@node("SaveLatent", category="_for_testing", output=True)
def save_latent(
    *,
    samples: Annotated[Latent, Help("The latents to keep.")],
    filename_prefix: Annotated[str, Help("Beginning of the file name, with a sub-folder if you like.")] = (
        "latents/ComfyUI"
    ),
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Save latents as a .latent file in the output folder, with the workflow."""
    claim = Claims(ctx, 1)[0]
    earlier = claim.found() if claim is not None else None
    if earlier is not None:
        return Ui({"latents": [earlier.to_ui()]})
    tensors = {
        TENSOR: samples["samples"].detach().cpu().float().contiguous(),
        UNSCALED_MARKER: torch.tensor([]),
    }
    content = safetensors.torch.save(tensors, texts_for(ctx, prompt, extra_pnginfo))
    saved = numbered_files(ctx, "output", filename_prefix).write(content, ".latent", claim=claim)
    return Ui({"latents": [saved.to_ui()]})


@node("LoadLatent", category="_for_testing")
def load_latent(
    *, latent: Annotated[str, Files("input/*.latent"), Help("A .latent file in the input folder.")], ctx: Context
) -> Latent:
    """Load latents that SaveLatent wrote."""
    try:
        weights = open_weights(ctx.service(Workspace).own_file(latent))
        if TENSOR not in weights.shapes:
            raise NodeInputError("latent", f"{latent} holds no latents. Choose a file that SaveLatent wrote.")
        samples = weights.tensor(TENSOR).float()
    except FileNotFoundError as error:
        raise NodeInputError("latent", f"{error.strerror}.") from error
    except (UnsafeNameError, CheckpointError) as error:
        raise NodeInputError("latent", str(error)) from error
    if samples.ndim != 4:
        raise NodeInputError("latent", f"The latents in {latent} have the shape {list(samples.shape)}, not four sides.")
    return {"samples": samples if UNSCALED_MARKER in weights.shapes else samples / OLD_SCALE}
