"""Latents as batches: taking out, repeating, joining, and whose noise each gets."""

from typing import Annotated, Literal

import torch

from execution.fields import Default, Help, Range
from execution.node import node
from models.compositing import as_mask, fit_batch
from models.latents import alike
from nodes.types import Latent, LatentValue

Source = Annotated[Latent, Help("The batch of latents.")]


def indices(latent: LatentValue) -> list[int]:
    """Whose noise each latent of a batch gets: its place in the batch, unless something else is set."""
    return list(latent.get("batch_index", range(latent["samples"].shape[0])))


def full_mask(latent: LatentValue) -> torch.Tensor | None:
    """The noise mask with an entry for each latent, or with a single one for all; None without a mask."""
    mask = latent.get("noise_mask")
    return mask if mask is None or mask.shape[0] == 1 else fit_batch(mask, latent["samples"].shape[0])


@node("LatentFromBatch", category="latent/batch", display_name="Latent From Batch")
def latent_from_batch(
    *,
    samples: Source,
    batch_index: Annotated[int, Range(0, 63), Help("The first one to take, from 0.")] = 0,
    length: Annotated[int, Range(1, 64), Help("How many to take.")] = 1,
) -> Latent:
    """Take latents out of a batch. Each keeps the noise it had there, so the same seed gives the same picture."""
    count = samples["samples"].shape[0]
    first = min(batch_index, count - 1)
    chosen = slice(first, first + length)
    taken: LatentValue = {
        **samples,
        "samples": samples["samples"][chosen].clone(),
        "batch_index": indices(samples)[chosen],
    }
    mask = full_mask(samples)
    if mask is not None:
        taken["noise_mask"] = mask.clone() if mask.shape[0] == 1 else mask[chosen].clone()
    if "seed_offsets" in samples:
        taken["seed_offsets"] = samples["seed_offsets"][chosen]
    return taken


@node("RepeatLatentBatch", category="latent/batch", display_name="Repeat Latent Batch")
def repeat_latent_batch(
    *, samples: Source, amount: Annotated[int, Range(1, 64), Help("How many times the batch follows itself.")] = 1
) -> Latent:
    """Repeat a batch of latents. The copies get noise of their own."""
    repeated: LatentValue = {**samples, "samples": samples["samples"].repeat(amount, 1, 1, 1)}
    mask = full_mask(samples)
    if mask is not None and mask.shape[0] > 1:
        repeated["noise_mask"] = mask.repeat(amount, *[1] * (mask.ndim - 1))
    known = samples.get("batch_index")
    if known is not None:
        stride = max(known) - min(known) + 1
        repeated["batch_index"] = [index + copy * stride for copy in range(amount) for index in known]
    return repeated


@node("LatentBatch", category="latent/batch")
def latent_batch(
    *,
    samples1: Annotated[Latent, Help("The first latents; their size holds for all.")],
    samples2: Annotated[Latent, Help("The latents that follow them, cut and resized to fit.")],
) -> Latent:
    """Join two batches of latents."""
    first = samples1["samples"]
    joined = torch.cat((first, alike(samples2["samples"], first)))
    return {**samples1, "samples": joined, "batch_index": indices(samples1) + indices(samples2)}


@node("LatentBatchSeedBehavior", category="latent/advanced")
def latent_batch_seed_behavior(
    *,
    samples: Source,
    seed_behavior: Annotated[
        Literal["random", "fixed"], Help("random: noise of its own for each latent; fixed: the same for all.")
    ] = "fixed",
) -> Latent:
    """Choose whether the latents of a batch start from the same noise."""
    changed: LatentValue = {**samples}
    if seed_behavior == "random":
        changed.pop("batch_index", None)
    else:
        changed["batch_index"] = indices(samples)[:1] * samples["samples"].shape[0]
    return changed


@node("RebatchLatents", category="latent/batch", display_name="Rebatch Latents")
def rebatch_latents(
    *,
    latents: Annotated[list[Latent], Help("Batches of latents, of any sizes.")],
    batch_size: Annotated[list[int], Range(1, 4096), Default(1), Help("The largest number of latents in a batch.")],
) -> list[Latent]:
    """Split and join batches so that each holds as many latents as said. Latents of unlike sizes are not mixed."""
    singles = [_single(latent, index) for latent in latents for index in range(latent["samples"].shape[0])]
    batches: list[list[LatentValue]] = []
    for one in singles:
        last = batches[-1] if batches else []
        if last and len(last) < batch_size[0] and last[0]["samples"].shape == one["samples"].shape:
            last.append(one)
        else:
            batches.append([one])
    return [_joined(batch) for batch in batches]


def _single(latent: LatentValue, index: int) -> LatentValue:
    """One latent of a batch, with its noise and its mask."""
    mask = full_mask(latent)
    single: LatentValue = {
        **latent,
        "samples": latent["samples"][index : index + 1],
        "batch_index": indices(latent)[index : index + 1],
    }
    if mask is not None:
        single["noise_mask"] = mask if mask.shape[0] == 1 else mask[index : index + 1]
    if "seed_offsets" in latent:
        single["seed_offsets"] = latent["seed_offsets"][index : index + 1]
    return single


def _joined(batch: list[LatentValue]) -> LatentValue:
    joined: LatentValue = {
        **batch[0],
        "samples": torch.cat([one["samples"] for one in batch]),
        "batch_index": [index for one in batch for index in indices(one)],
    }
    if all("seed_offsets" in one for one in batch):
        joined["seed_offsets"] = [offset for one in batch for offset in one.get("seed_offsets", ())]
    masks = [one.get("noise_mask") for one in batch]
    size = next(((mask.shape[-2], mask.shape[-1]) for mask in masks if mask is not None), None)
    if size is not None:
        whole = torch.ones(1, 1, *size)
        joined["noise_mask"] = torch.cat([whole if mask is None else as_mask(mask, size) for mask in masks])
    return joined
