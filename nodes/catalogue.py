"""All node types that come with Weft. A package stands for every module in it."""

from execution.registry import Registry
from nodes import (
    alpha,
    conditioning,
    controlnet,
    custom_sampling,
    hooks,
    image_batch,
    image_edit,
    image_effects,
    image_files,
    image_scale,
    inpainting,
    latent,
    latent_batch,
    latent_files,
    latent_math,
    loaders,
    logic,
    loras,
    mask,
    merging,
    model_patches,
    preprocessors,
    previewing,
    primitives,
    prompting,
    sampling,
    strings,
    text,
    training,
    upscaling,
    vae,
    vision,
    watermark,
)

MODULES = (
    loaders, loras, controlnet, vision, text, conditioning, prompting, hooks, sampling, custom_sampling, model_patches,
    latent, latent_batch, latent_math, latent_files, vae, inpainting, image_files, image_scale, upscaling, image_batch,
    image_edit, image_effects, watermark, preprocessors, alpha, mask, merging, primitives, logic, strings, previewing,
    training,
)  # fmt: skip


def all_nodes() -> Registry:
    """A registry of every node type, in the order in which menus show them."""
    return Registry.from_modules(MODULES)
