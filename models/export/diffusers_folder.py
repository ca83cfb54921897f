"""A model as a folder that `diffusers` loads with `from_pretrained`.

What single files hold and diffusers has no place for (tensors that no network reads, marks, notes) is kept beside it
in `weft_rest.safetensors`, which diffusers passes over, so that the way back gives the very file that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from models.checkpoints.diffusers_keys import rename, unet_table, vae_table
from models.export.contents import Contents, TextContent
from models.export.diffusers_config import (
    model_index,
    text_settings,
    unet_settings,
    vae_settings,
)
from models.export.diffusers_scheduler import scheduler_settings
from models.export.stream import Told, write_tensors
from models.export.tensors import ExportError, Outgoing, Tensors, total_size
from models.export.text_layout import OUTER, POSITION_IDS, in_transformers
from models.export.tokenizer_files import tokenizer_files

PIPELINE_FILE = "model_index.json"
REST = "weft_rest.safetensors"
FORMAT = {"format": "pt"}  # by which `transformers` knows that tensors are torch's
TEXT_FOLDERS: Mapping[int, tuple[tuple[str, str], ...]] = {
    1: (("text_encoder", "tokenizer"),),
    2: (("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2")),
}
SECOND = TEXT_FOLDERS[2][1:]
"""Where the refiner keeps its only encoder, which is the base's second."""


@dataclass(frozen=True)
class FolderPlan:
    """Everything that a folder will hold, by its path below it."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    weights: dict[str, dict[str, Outgoing]] = field(default_factory=dict[str, dict[str, Outgoing]])

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return sum(total_size(tensors) for tensors in self.weights.values())


def plan_folder(contents: Contents, *, variant: str = "", dtype: torch.dtype | None = None) -> FolderPlan:
    """What the folder of a model will hold.

    `variant` stands in the names of weights ("fp16"); `dtype`: the format of all weights instead of the file's.

    Raises:
        ExportError: diffusers has no network of that shape.
    """
    plan = FolderPlan()
    ending = f".{variant}.safetensors" if variant else ".safetensors"
    upcast = contents.family in ("sdxl", "sdxl_refiner") and not contents.vae_for_float16
    scheduler = scheduler_settings(contents.family, contents.noise)
    _add(plan, PIPELINE_FILE, model_index(contents, scheduler["_class_name"]))
    _add(plan, "scheduler/scheduler_config.json", scheduler)
    _add(plan, "unet/config.json", unet_settings(contents))
    _add(plan, "vae/config.json", vae_settings(contents, force_upcast=upcast))
    unet = {new: contents.unet[old] for new, old in unet_names(contents).items()}
    vae = {new: _as_linear(new, contents.vae[old]) for new, old in vae_names(contents).items()}
    plan.weights[f"unet/diffusion_pytorch_model{ending}"] = _of_type(unet, dtype)
    plan.weights[f"vae/diffusion_pytorch_model{ending}"] = _of_type(vae, dtype)
    for text, (folder, tokenizer) in zip(contents.texts, text_folders(contents), strict=True):
        tensors = _of_type(in_transformers(kept_text(text)), dtype)
        plan.weights[f"{folder}/model{ending}"] = tensors
        _add(plan, f"{folder}/config.json", text_settings(text, _layers(tensors)))
        plan.texts.update({f"{tokenizer}/{name}": made for name, made in tokenizer_files(text.role).items()})
    return plan


def text_folders(contents: Contents) -> tuple[tuple[str, str], ...]:
    """The folders of each encoder and its tokenizer."""
    return SECOND if contents.family == "sdxl_refiner" else TEXT_FOLDERS[len(contents.texts)]


def unet_names(contents: Contents) -> dict[str, str]:
    """diffusers' name -> official name, for every tensor of the UNet that diffusers knows."""
    config = contents.unet_config
    attention = [level for level, depth in enumerate(config.transformer_depth) if depth]
    table = unet_table(len(config.channel_mult), config.num_res_blocks, attention)
    return rename(table, contents.unet.keys())


def vae_names(contents: Contents) -> dict[str, str]:
    """The same for the autoencoder."""
    config = contents.vae_config
    return rename(vae_table(len(config.channel_mult), config.num_res_blocks), contents.vae.keys())


def _as_linear(name: str, one: Outgoing) -> Outgoing:
    """The layers of the autoencoder's attention are linear in diffusers."""
    return one.reshaped(*one.shape[:2]) if ".attentions." in name and len(one.shape) == 4 else one


def kept_text(text: TextContent) -> dict[str, Outgoing]:
    """The tensors of an encoder that diffusers reads.

    SD 2.x's loses its last layer, whose state nothing reads, so that the one that is read is the last; the projection
    of all but SDXL's second is not read either.
    """
    unread = {POSITION_IDS} if text.role.name == "g" else {POSITION_IDS, OUTER}
    kept = {name: one for name, one in text.tensors.items() if name not in unread}
    if text.role.name != "h" or text.role.layer == -1:
        return kept
    last = f"encoder.layers.{_layers(kept) - 1}."
    return {name: one for name, one in kept.items() if not name.startswith(last)}


def _layers(tensors: Collection[str]) -> int:
    return sum(name.endswith(".mlp.fc1.weight") for name in tensors)


def _of_type(tensors: Tensors, dtype: torch.dtype | None) -> dict[str, Outgoing]:
    return {name: one.of_type(dtype) for name, one in tensors.items()}


def _add(plan: FolderPlan, name: str, settings: Mapping[str, object]) -> None:
    plan.texts[name] = json.dumps(settings, indent=2) + "\n"


def write_folder(folder: Path, plan: FolderPlan, notes: Mapping[str, str], told: Told | None = None) -> None:
    """Write a new folder. If something is raised, what is there is unfinished.

    `notes` go into the rest's file.

    Raises:
        OSError: the disk refuses it, or the folder is there already.
    """
    folder.mkdir()
    for name, text in plan.texts.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    before, size = 0, plan.size
    for name, tensors in plan.weights.items():
        (folder / name).parent.mkdir(exist_ok=True)
        metadata = dict(notes) if name == REST else FORMAT
        write_tensors(folder / name, tensors, metadata, _offset(told, before, size))
        before += total_size(tensors)


def _offset(told: Told | None, before: int, size: int) -> Callable[[int, int], None] | None:
    if told is None:
        return None
    return lambda written, _size: told(before + written, size)


def check_plan(plan: FolderPlan) -> None:
    """Raise ExportError for a plan without weights of one of its parts, which no pipeline could load."""
    empty = next((name for name, tensors in plan.weights.items() if not tensors and name != REST), None)
    if empty is not None:
        raise ExportError(f"{empty} would hold nothing: the model's tensors bear names that diffusers does not know.")
