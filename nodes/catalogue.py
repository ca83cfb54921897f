"""All node types that come with Weft."""

from execution.registry import Registry
from nodes import (
    alpha,
    conditioning,
    controlnet,
    image_batch,
    image_edit,
    image_files,
    image_scale,
    latent,
    latent_batch,
    latent_files,
    latent_math,
    loaders,
    loras,
    mask,
    preprocessors,
    previewing,
    primitives,
    sampling,
    text,
    vae,
)

MODULES = (
    loaders, loras, controlnet, text, conditioning, sampling, latent, latent_batch, latent_math, latent_files, vae,
    image_files, image_scale, image_batch, image_edit, preprocessors, alpha, mask, primitives, previewing,
)  # fmt: skip


def all_nodes() -> Registry:
    """A registry of every node type, in the order in which menus show them."""
    return Registry.from_modules(MODULES)
