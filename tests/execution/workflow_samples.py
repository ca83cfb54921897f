"""A few node types like the stock ones, and short ways to write UI workflows, for the tests beside it."""

from __future__ import annotations

from typing import Any

from execution.schema import InputSpec, NodeSpec, OutputSpec, Section, input_from_object_info
from execution.workflow import Conversion, ui_to_prompt

SEED = ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}]
SAMPLERS = ["euler", "heun", "dpmpp_2m"]
FILES = {"checkpoints": ["base.safetensors", "sub/refiner.safetensors"], "input": ["a.png"], "loras": []}


def list_files(folder: str) -> list[str]:
    return FILES[folder]


def node_type(
    name: str,
    required: dict[str, Any],
    outputs: tuple[str, ...] = (),
    optional: dict[str, Any] | None = None,
    **more: Any,
) -> NodeSpec:
    """A node type from inputs as `INPUT_TYPES` writes them; `FILES:folder` is a combo of that folder's files."""
    inputs: list[InputSpec] = []
    sections: tuple[tuple[Section, dict[str, Any]], ...] = (("required", required), ("optional", optional or {}))
    for section, written in sections:
        for key, value in written.items():
            if isinstance(value[0], str) and value[0].startswith("FILES:"):
                options = value[1] if len(value) > 1 else {}
                inputs.append(InputSpec(key, "COMBO", section, files=value[0][6:], options=options))
            else:
                inputs.append(input_from_object_info(key, section, value))
    return NodeSpec(name, tuple(inputs), tuple(OutputSpec(type, type) for type in outputs), **more)


KSAMPLER = {
    "model": ["MODEL"],
    "seed": SEED,
    "steps": ["INT", {"default": 20, "min": 1, "max": 10000}],
    "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0}],
    "sampler_name": [SAMPLERS],
    "positive": ["CONDITIONING"],
    "latent_image": ["LATENT"],
    "denoise": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0}],
}
TEXT = ["STRING", {"multiline": True, "dynamicPrompts": True}]
LORA = {"model": ["MODEL"], "clip": ["CLIP"], "lora_name": ["FILES:loras"], "strength": ["FLOAT", {"default": 1.0}]}
UPLOADED = {"image": ["FILES:input", {"image_upload": True}], "channel": [["alpha", "red"]]}
SIZE = ["INT", {"default": 512, "min": 16, "max": 16384}]

CATALOGUE = {
    spec.name: spec
    for spec in (
        node_type("CheckpointLoaderSimple", {"ckpt_name": ["FILES:checkpoints"]}, ("MODEL", "CLIP", "VAE")),
        node_type("CLIPTextEncode", {"text": TEXT, "clip": ["CLIP"]}, ("CONDITIONING",)),
        node_type("EmptyLatentImage", {"width": SIZE, "height": SIZE}, ("LATENT",)),
        node_type("KSampler", KSAMPLER, ("LATENT",)),
        node_type("VAEDecode", {"samples": ["LATENT"], "vae": ["VAE"]}, ("IMAGE",)),
        node_type("VAEEncode", {"pixels": ["IMAGE"], "vae": ["VAE"]}, ("LATENT",)),
        node_type("LoraLoader", LORA, ("MODEL", "CLIP")),
        node_type("LoadImageMask", UPLOADED, ("MASK",), {"late": ["INT", {"default": 3}]}),
        node_type("ImageInvert", {"image": ["IMAGE"]}, ("IMAGE",)),
        node_type(
            "SaveImage",
            {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "Weft"}]},
            display_name="Save Image",
            output_node=True,
        ),
    )
}


def ui_node(id: int | str, type: str, values: Any = None, inputs: Any = (), outputs: Any = (), **more: Any) -> Any:
    """A node: `inputs` are (name, type, link) or (name, type, link, widget), `outputs` are types."""
    slots = []
    for name, kind, link, *widget in inputs:
        slot = {"name": name, "type": kind, "link": link}
        slots.append({**slot, "widget": {"name": widget[0]}} if widget else slot)
    written = {"id": id, "type": type, "mode": 0, "inputs": slots, "properties": {}, **more}
    written["outputs"] = [{"name": kind, "type": kind, "links": []} for kind in outputs]
    return written if values is None else {**written, "widgets_values": values}


def workflow(nodes: list[Any], links: list[Any], subgraphs: tuple[Any, ...] = (), **extra: Any) -> dict[str, Any]:
    written: dict[str, Any] = {"nodes": nodes, "links": links, "version": 0.4, "extra": extra}
    return {**written, "definitions": {"subgraphs": list(subgraphs)}} if subgraphs else written


def subgraph(id: str, nodes: list[Any], links: list[Any], inputs: Any = (), outputs: Any = ()) -> dict[str, Any]:
    """A definition; links are (id, origin, slot, target, slot), inputs and outputs (name, type)."""
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    return {
        "id": id,
        "name": f"the {id}",
        "nodes": nodes,
        "links": [dict(zip(names, link, strict=True), type="*") for link in links],
        "inputs": [{"name": name, "type": kind} for name, kind in inputs],
        "outputs": [{"name": name, "type": kind} for name, kind in outputs],
    }


def convert(written: dict[str, Any], **options: Any) -> Conversion:
    return ui_to_prompt(written, CATALOGUE, list_files, **options)


def inputs_of(written: dict[str, Any], id: str, **options: Any) -> dict[str, Any]:
    """The inputs that a node of a UI workflow gets in the API prompt."""
    return convert(written, **options).prompt[id]["inputs"]
