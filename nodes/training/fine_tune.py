"""Fine-tuning as a step of a workflow: a folder of captioned pictures in, a file among the models out."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast

import numpy as np
import torch
import yaml
from PIL import Image as Pillow

from execution.fields import Files, Help, Multiline, Optional, Range, Seed
from execution.node import Context, NodeInputError, node
from folders.safe_paths import UnsafeNameError
from folders.workspace import INPUT_FOLDERS, Workspace
from models.memory import DeviceMemory
from models.tuning.checking import read_settings
from models.tuning.errors import DivergedError, PicturesError, TuningError
from models.tuning.events import Finished, Preparing, SampleMade, StepDone
from models.tuning.job_folder import finished, free_folder, has_state, last_folder, note_finished
from models.tuning.loss_plot import FILE as LOSS_PLOT
from models.tuning.preparing import Job, Prepared, prepare
from models.tuning.settings import Settings
from models.tuning.trainer import Trainer
from nodes.loaders import model_file
from nodes.types import Image

Count = Annotated[int, Range(1, 1_000_000)]


class Trained(NamedTuple):
    """The result's file, and how the loss went."""

    NAME: str
    LOSS: Image


@node("WeftFineTune", category="training", display_name="Fine-Tune on Pictures", output=True)
def fine_tune(
    *,
    ckpt_name: Annotated[str, Files("checkpoints"), Help("The model that learns. Its file stays as it is.")],
    folder: Annotated[str, Files(INPUT_FOLDERS), Help("A folder of captioned pictures in the input folder.")],
    name: Annotated[str, Help("Of the result among the models; one that is taken gets a number.")] = "my_lora",
    learn: Annotated[
        Literal["lora", "embedding", "full"], Help("A LoRA, a word (textual inversion), or all weights.")
    ] = "lora",
    steps: Annotated[Count, Help("How often it learns from a batch.")] = 1000,
    batch_size: Annotated[int, Range(1, 1024), Help("Pictures at once: more learn steadier and take more memory.")] = 1,
    rate: Annotated[
        float,
        Range(0, 1, step=0.00001, round=False),
        Help("How fast it learns: 0.0001 suits a LoRA, 0.005 an embedding, 0.00001 all weights."),
    ] = 0.0001,
    rank: Annotated[int, Range(1, 1024), Help("Of a LoRA: more hold more, in a larger file.")] = 16,
    resolution: Annotated[
        int, Range(0, 4096, step=8), Help("Side of a square of as many pixels as are learned from; 0: the model's own.")
    ] = 0,
    text_encoders: Annotated[bool, Help("Whether the text encoders learn too.")] = False,
    sample_every: Annotated[
        int, Range(0, 1_000_000), Help("Steps between two pictures of how far it is; 0: none.")
    ] = 250,
    sample_prompt: Annotated[str, Multiline(), Help("What those show.")] = "",
    seed: Annotated[int, Seed(), Help("Where order and noise come from.")] = 0,
    more: Annotated[
        str, Multiline(), Optional(), Help("Further settings as in docs/training.md, such as train: {min_snr: 5}.")
    ] = "",
    ctx: Context,
) -> Trained:
    """Learn from captioned pictures, and put the result among the models.

    It keeps its state as it goes: cancelled, paused or killed, it goes on where it was when it is queued again. Sample
    pictures are shown while it works; they and the loss are kept in training/<name> in the workspace.
    """
    given: dict[str, Any] = {
        "model": ckpt_name, "name": name, "learn": learn,
        "data": {"folder": folder, "resolution": resolution},
        "lora": {"rank": rank, "text_encoders": text_encoders}, "full": {"text_encoders": text_encoders},
        "train": {"steps": steps, "batch_size": batch_size, "rate": rate, "seed": seed % 2**63},
        "samples": {"every": sample_every, "prompts": [sample_prompt.strip()]} if sample_prompt.strip() else {},
    }  # fmt: skip
    settings, problems = read_settings(Settings, _joined(given, _further(more)))
    if settings is None:
        raise NodeInputError("more" if more.strip() else "name", "\n".join(problems))
    job = _job(ctx, settings, ckpt_name, folder)
    ctx.service(DeviceMemory).free()
    # the engine computes without gradients, which is what this node cannot do without
    with torch.inference_mode(False), torch.enable_grad():
        return _learn(ctx, job)


def _further(more: str) -> Mapping[str, Any]:
    try:
        found: object = yaml.safe_load(more)
    except yaml.YAMLError as error:
        raise NodeInputError("more", f"This is no YAML: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise NodeInputError("more", "Write settings by name here, such as train: {min_snr: 5}.")
    return cast("dict[str, Any]", found)


def _joined(given: Mapping[str, Any], further: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with further ones, which come first where both have one."""
    joined = {**given, **further}
    for name in given.keys() & further.keys():
        if isinstance(given[name], dict) and isinstance(further[name], dict):
            joined[name] = {**given[name], **further[name]}
    return joined


def _job(ctx: Context, settings: Settings, ckpt_name: str, folder: str) -> Job:
    workspace = ctx.service(Workspace)
    try:
        pictures = workspace.own_folder(folder)
    except FileNotFoundError as error:
        raise NodeInputError("folder", f"{error.strerror}.") from error
    except UnsafeNameError as error:
        raise NodeInputError("folder", str(error)) from error
    if not settings.name or settings.name != Path(settings.name).name or settings.name.startswith("."):
        raise NodeInputError("name", f"{settings.name!r} cannot be a file's name. Use letters, digits, _ and -.")
    wanted = workspace.root / "training" / settings.name
    results = {kind: workspace.model_folders(kind)[0] for kind in ("loras", "embeddings", "checkpoints", "diffusers")}
    model = model_file(ctx, "checkpoints", "ckpt_name", ckpt_name)
    return Job(settings, model, pictures, last_folder(wanted), cast("Any", results))


def _learn(ctx: Context, job: Job) -> Trained:
    memory = ctx.service(DeviceMemory)
    device = str(memory.device)
    try:
        prepared = prepare(job, device, looked=ctx.progress, interruption=memory.interruption)
        note = finished(job.folder)
        if note is not None and note.get("key") == prepared.key and Path(str(note.get("result"))).exists():
            return _trained(Path(str(note["result"])), job.folder)  # by a run that was killed before it could say so
        if note is not None:
            job = Job(job.settings, job.model, job.pictures, free_folder(job.folder), job.results)
            prepared = prepare(job, device, interruption=memory.interruption)
        for warning in prepared.warnings:
            ctx.warn(warning)
        return _run(ctx, prepared)
    except PicturesError as error:
        raise NodeInputError("folder", str(error)) from error
    except DivergedError as error:
        raise NodeInputError("rate", str(error)) from error
    except TuningError as error:
        raise NodeInputError("name", str(error)) from error


def _run(ctx: Context, prepared: Prepared) -> Trained:
    folder = prepared.job.folder
    trainer = Trainer(prepared, resume=has_state(folder))
    with closing(trainer.run()) as events:
        for event in events:
            match event:
                case Preparing(_, done, total):
                    ctx.progress(done, total)
                case StepDone(step, total):
                    ctx.progress(step, total)
                case SampleMade(path=path):
                    with Pillow.open(path) as picture:
                        ctx.preview(picture.copy())
                case Finished(result):
                    note_finished(folder, result, trainer.step, prepared.key)
                    return _trained(result, folder)
                case _:
                    pass
    raise AssertionError("a training that ends has a result")


def _trained(result: Path, folder: Path) -> Trained:
    with Pillow.open(folder / LOSS_PLOT) as plot:
        pixels = torch.tensor(np.array(plot.convert("RGB")))
    return Trained(result.name, pixels[None].float() / 255)
