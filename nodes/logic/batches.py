"""Batches as lists and lists as batches. What follows a batch runs once for all of it, what follows a list for each."""

from typing import Annotated, TypeVar

import torch

from execution.fields import Help, Name
from execution.node import NodeInputError, node
from models.resize import resize
from nodes.image_batch import channels_matched
from nodes.image_scale import resized
from nodes.latent_batch import full_mask, indices
from nodes.types import Image, Latent, LatentValue, Mask

T = TypeVar("T")


@node("WeftImagesToList", category="logic/lists", display_name="Image batch to list")
def images_to_list(*, image: Annotated[Image, Help("A batch of pictures.")]) -> Annotated[list[Image], Name("list")]:
    """The pictures of a batch as a list, so that what follows runs for each by itself."""
    return [image[place : place + 1] for place in range(image.shape[0])]


@node("WeftListToImages", category="logic/lists", display_name="Image list to batch")
def list_to_images(*, images: Annotated[list[Image], Help("Pictures, or batches of them.")]) -> Image:
    """A list of pictures as one batch. Those of another size than the first are cut and resized to it."""
    joined = _some(images, "images")[0]
    side = joined.shape[1:3]
    parts = [joined]
    for one in images[1:]:
        fits = one.shape[1:3] == side
        parts.append(one if fits else resized(one, side[1], side[0], "bilinear", "center"))
    richest = max(parts, key=lambda part: part.shape[-1])
    return torch.cat([channels_matched(part, richest)[0] for part in parts])


@node("WeftMasksToList", category="logic/lists", display_name="Mask batch to list")
def masks_to_list(*, mask: Annotated[Mask, Help("A batch of masks.")]) -> Annotated[list[Mask], Name("list")]:
    """The masks of a batch as a list."""
    flat = mask.reshape(-1, *mask.shape[-2:])
    return [flat[place : place + 1] for place in range(flat.shape[0])]


@node("WeftListToMasks", category="logic/lists", display_name="Mask list to batch")
def list_to_masks(*, masks: Annotated[list[Mask], Help("Masks, or batches of them.")]) -> Mask:
    """A list of masks as one batch. Those of another size than the first are resized to it."""
    flat = [one.reshape(-1, *one.shape[-2:]) for one in _some(masks, "masks")]
    height, width = flat[0].shape[-2:]
    return torch.cat(
        [
            one if one.shape[-2:] == (height, width) else resize(one[:, None], width, height, "bilinear")[:, 0]
            for one in flat
        ]
    )


@node("WeftLatentsToList", category="logic/lists", display_name="Latent batch to list")
def latents_to_list(*, latent: Annotated[Latent, Help("A batch of latents.")]) -> Annotated[list[Latent], Name("list")]:
    """The latents of a batch as a list. Each keeps the noise it had in the batch."""
    numbers, mask = indices(latent), full_mask(latent)
    parts: list[LatentValue] = []
    for place, number in enumerate(numbers):
        part: LatentValue = {**latent, "samples": latent["samples"][place : place + 1], "batch_index": [number]}
        if mask is not None and mask.shape[0] > 1:
            part["noise_mask"] = mask[place : place + 1]
        if "seed_offsets" in latent:
            part["seed_offsets"] = latent["seed_offsets"][place : place + 1]
        parts.append(part)
    return parts


@node("WeftListToLatents", category="logic/lists", display_name="Latent list to batch")
def list_to_latents(*, latents: Annotated[list[Latent], Help("Latents of one size, or batches of them.")]) -> Latent:
    """A list of latents as one batch. Each keeps the noise it had, unless two had the same."""
    sizes = {tuple(one["samples"].shape[1:]) for one in _some(latents, "latents")}
    if len(sizes) > 1:
        shown = ", ".join(sorted("x".join(map(str, size)) for size in sizes))
        raise NodeInputError("latents", f"Latents of the sizes {shown} cannot be one batch. Resize them before.")
    joined: LatentValue = {"samples": torch.cat([one["samples"] for one in latents])}
    numbers = [number for one in latents for number in indices(one)]
    if len(set(numbers)) == len(numbers):
        joined["batch_index"] = numbers
    offsets = [one["seed_offsets"] for one in latents if "seed_offsets" in one]
    if len(offsets) == len(latents):
        joined["seed_offsets"] = [offset for some in offsets for offset in some]
    if all("noise_mask" in one for one in latents):
        masks = [_mask_of_each(one) for one in latents]
        if len({mask.shape[1:] for mask in masks}) == 1:
            joined["noise_mask"] = torch.cat(masks)
        else:
            raise NodeInputError("latents", "The noise masks have different sizes. Resize them before.")
    return joined


def _mask_of_each(latent: LatentValue) -> torch.Tensor:
    mask = full_mask(latent)
    assert mask is not None
    count = latent["samples"].shape[0]
    return mask if mask.shape[0] == count else mask.expand(count, *mask.shape[1:])


def _some(values: list[T], name: str) -> list[T]:
    if not values:
        raise NodeInputError(name, "The list is empty, so there is nothing to make a batch of.")
    return values
