"""Whole model files from one layout to the other, tensor by tensor as they are: no network is built."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from models.checkpoints.layout import Parts
from models.checkpoints.weights import Weights, open_weights
from models.export.contents import Contents, contents_of_file
from models.export.diffusers_folder import (
    REST,
    check_plan,
    kept_text,
    plan_folder,
    unet_names,
    vae_names,
    write_folder,
)
from models.export.single_file import VAE, facts, further_tensors, single_tensors
from models.export.stream import Told, write_tensors
from models.export.tensors import ExportError, Outgoing, of_weights, total_size

FREE_ABOVE = 2**20  # bytes that a disk must have besides the weights


def to_diffusers(
    source: Path, target: Path, *, dtype: torch.dtype | None = None, variant: str = "", told: Told | None = None
) -> None:
    """Make a folder of diffusers out of a single file (or of another such folder).

    `dtype`: the format of all weights instead of the file's own. `told(written, all)`, in bytes, may raise to stop;
    then nothing is left behind.

    Raises:
        CheckpointError: the source is damaged or of another kind.
        ExportError: it lacks a part, diffusers has no such network, or the target is there.
        OSError: the disk refuses it.
    """
    _check_target(target)
    contents, parts = contents_of_file(source)
    plan = plan_folder(contents, variant=variant, dtype=dtype)
    check_plan(plan)
    rest = _rest(contents, parts)
    if rest is not None:
        plan.weights[REST] = {name: one.of_type(dtype) for name, one in rest.items()}
    notes = {**facts(contents), **_open_rest(source).metadata} if source.is_dir() else contents.metadata
    require_room(target.parent, plan.size)
    with _new(target) as made:
        write_folder(made, plan, notes, told)


def to_single(source: Path, target: Path, *, dtype: torch.dtype | None = None, told: Told | None = None) -> None:
    """Make a single file out of a folder of diffusers (or of another single file). As `to_diffusers`."""
    _check_target(target)
    contents, _parts = contents_of_file(source)
    tensors = single_tensors(contents)
    if source.is_dir() and (source / REST).is_file():
        rest = _open_rest(source)
        tensors |= of_weights(rest)
        metadata: Mapping[str, str] = rest.metadata
    else:
        tensors = {**further_tensors(contents), **tensors}
        metadata = {**contents.metadata, **facts(contents)}
    tensors = {name: one.of_type(dtype) for name, one in tensors.items()}
    require_room(target.parent, total_size(tensors))
    with _new(target) as made:
        write_tensors(made, tensors, metadata, told)


def _open_rest(folder: Path) -> Weights:
    path = folder / REST
    return open_weights(path) if path.is_file() else Weights(path, {}, {}, lambda name: torch.empty(0))


def _rest(contents: Contents, parts: Parts) -> dict[str, Outgoing] | None:
    """What the source holds and the folder has no place for; None of a folder without any."""
    if parts.path.is_dir():
        found = of_weights(_open_rest(parts.path))
        return found or None
    weights = open_weights(parts.path)
    placed = set(single_tensors(_placed(contents)))
    official = f"{VAE}decoder.conv_in.weight" in weights.shapes
    if not official:  # another program's layout: what is placed went by other names there
        return None
    return {name: one for name, one in of_weights(weights).items() if name not in placed}


def _placed(contents: Contents) -> Contents:
    """The contents without what diffusers' folder leaves out."""
    return replace(
        contents,
        unet={name: contents.unet[name] for name in unet_names(contents).values()},
        vae={name: contents.vae[name] for name in vae_names(contents).values()},
        texts=[replace(text, tensors=kept_text(text)) for text in contents.texts],
    )


def _check_target(target: Path) -> None:
    if os.path.lexists(target):
        raise ExportError(f"{target} is there already. Name another --output, or remove it first.")


def require_room(folder: Path, size: int) -> None:
    """Make sure that `size` bytes go onto the disk of a folder, which may not be there yet.

    Raises:
        ExportError: they do not.
    """
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.is_dir())
    free = shutil.disk_usage(there).free
    if free < size + FREE_ABOVE:
        raise ExportError(
            f"The disk of {there} has {free / 1e9:.1f} GB left, and {size / 1e9:.1f} GB are needed. Make room first."
        )


@contextmanager
def _new(target: Path) -> Iterator[Path]:
    """A name beside the target for what is being made; it becomes the target when it is whole, or is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_name(f".weft-{os.getpid()}-{secrets.token_hex(8)}.tmp")
    try:
        yield made
        made.rename(target)
    finally:
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink(missing_ok=True)
