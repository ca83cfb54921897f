"""`nodes`: Weft's node types as classes, for packs that call them or derive their own from them."""

from __future__ import annotations

import importlib
from typing import Any, cast

import torch

from execution.node import Node, declared_node
from folders.workspace import OwnFolder
from models.sampling.noise import seeded_noise
from models.sampling.sample import sample
from nodes import image_files
from nodes import sampling as weft_sampling
from nodes.types import MAX_SIDE, LatentValue
from packs.extension import completed
from packs.function_classes import FunctionNode, function_class
from packs.lacking import lacking

from . import folder_paths, host

MAX_RESOLUTION = MAX_SIDE
EXTENSION_WEB_DIRS: dict[str, str] = host.web_folders
LOADED_MODULE_DIRS: dict[str, str] = {}
NODE_DISPLAY_NAME_MAPPINGS: dict[str, str] = host.display_names
NODE_CLASS_MAPPINGS: dict[str, Any] = host.classes
"""Weft's node types and those of the packs loaded so far; what a pack adds here is a node of that pack."""


def _declared(function: Any) -> Node:
    return cast("Node", declared_node(function))


class SaveImage(FunctionNode):
    """Saves pictures; classes derived from it set `type` and `prefix_append`."""

    NODE = _declared(image_files.save_image)
    HOST = host
    RETURN_TYPES: tuple[Any, ...] = ()
    FUNCTION = "save_images"
    OUTPUT_NODE = True
    CATEGORY = "image"
    DESCRIPTION = "Save pictures as PNG files in the output folder, with the workflow in them."

    def __init__(self) -> None:
        self.output_dir = folder_paths.get_output_directory()
        self.type = "output"
        self.prefix_append = ""
        self.compress_level = 4

    def save_images(
        self,
        images: torch.Tensor,
        filename_prefix: str = "ComfyUI",
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> dict[str, Any]:
        """Write the pictures into the folder that `type` says, and tell the editor."""
        kind: OwnFolder = "temp" if self.type == "temp" else "input" if self.type == "input" else "output"
        prefix = f"{filename_prefix}{self.prefix_append}"
        context = host.context()
        work = image_files.save_pictures(context, images, kind, prefix, prompt, extra_pnginfo, self.compress_level)
        return {"ui": dict(completed(work).data)}


class PreviewImage(SaveImage):
    """Shows pictures; the files are temporary."""

    NODE = _declared(image_files.preview_image)
    DESCRIPTION = "Show pictures; the files are temporary."

    def __init__(self) -> None:
        super().__init__()
        self.output_dir = folder_paths.get_temp_directory()
        self.type = "temp"
        self.prefix_append = "_temp"
        self.compress_level = 1


def common_ksampler(
    model: Any,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent: LatentValue,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
) -> tuple[LatentValue]:
    """Denoise latents, as the sampler nodes do.

    Raises:
        NodeInputError: an unknown sampler or scheduler, or latents or prompts that are not for this model.
    """
    weft_sampling.check_names(sampler_name, scheduler)
    samples = weft_sampling.samples_for(model, latent)
    noise = torch.zeros(samples.shape)
    if not disable_noise:
        noise = seeded_noise(samples.shape, seed, latent.get("batch_index"))
    run = sample(
        model,
        noise=noise,
        latent=samples,
        positive=positive,
        negative=negative,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        steps=steps,
        seed=seed,
        denoise=denoise,
        start_step=start_step,
        end_step=last_step,
        force_full_denoise=force_full_denoise,
        noise_mask=latent.get("noise_mask"),
    )
    return (weft_sampling.finished(run, model, latent, host.context()),)


def before_node_execution() -> None:
    """Stop the node if the user cancelled the run."""
    host.context().check_cancelled()


def interrupt_processing(value: bool = True) -> None:
    """Stop the run that the calling node belongs to."""
    from .comfy.model_management import interrupt_current_processing

    interrupt_current_processing(value)


_WRITTEN: dict[str, type[FunctionNode]] = {"SaveImage": SaveImage, "PreviewImage": PreviewImage}

for _name in host.built_in:
    if _name not in host.classes:
        host.classes[_name] = _WRITTEN.get(_name) or function_class(host.built_in[_name], host)
        host.display_names.setdefault(_name, host.built_in[_name].spec.display_name)

_refuse = lacking(__name__)


def __getattr__(name: str) -> Any:
    """A node's class, or a module of Weft's own nodes (`nodes.types`)."""
    if name in NODE_CLASS_MAPPINGS:
        return NODE_CLASS_MAPPINGS[name]
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"nodes.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"nodes.{name}":
                raise
    return _refuse(name)
