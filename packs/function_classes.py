"""Weft's own nodes as the classes that packs call and derive from: `nodes.VAEDecode().decode(vae, samples)`.

Weft's nodes are functions. What packs know of the classes they expect is the name of a method and the order of its
arguments; both stand here for the types that packs use so. Others have a method `execute` and the order of the inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from execution.lazy import Given
from execution.node import Node, Returned
from execution.schema import FileNames, InputSpec
from packs.extension import completed
from packs.handles import for_packs
from packs.host import Host

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "CheckpointLoaderSimple": "load_checkpoint", "CLIPLoader": "load_clip", "CLIPSetLastLayer": "set_last_layer",
        "CLIPTextEncode": "encode", "CLIPTextEncodeSDXL": "encode", "CLIPTextEncodeSDXLRefiner": "encode",
        "ConditioningAverage": "addWeighted", "ConditioningCombine": "combine", "ConditioningConcat": "concat",
        "ConditioningSetArea": "append", "ConditioningSetAreaPercentage": "append",
        "ConditioningSetAreaStrength": "append", "ConditioningSetMask": "append",
        "ConditioningSetTimestepRange": "set_range", "ConditioningZeroOut": "zero_out",
        "ControlNetApply": "apply_controlnet", "ControlNetApplyAdvanced": "apply_controlnet",
        "ControlNetLoader": "load_controlnet", "DualCLIPLoader": "load_clip", "EmptyImage": "generate",
        "EmptyLatentImage": "generate", "ImageBatch": "batch", "ImageInvert": "invert",
        "ImagePadForOutpaint": "expand_image", "ImageScale": "upscale", "ImageScaleBy": "upscale",
        "ImageUpscaleWithModel": "upscale", "InpaintModelConditioning": "encode", "KSampler": "sample",
        "KSamplerAdvanced": "sample", "LatentBlend": "blend", "LatentComposite": "composite", "LatentCrop": "crop",
        "LatentFlip": "flip", "LatentFromBatch": "frombatch", "LatentRotate": "rotate", "LatentUpscale": "upscale",
        "LatentUpscaleBy": "upscale", "LoadImage": "load_image", "LoadImageMask": "load_image", "LoadLatent": "load",
        "LoraLoader": "load_lora", "LoraLoaderModelOnly": "load_lora_model_only", "PreviewImage": "save_images",
        "RepeatLatentBatch": "repeat", "SaveImage": "save_images", "SaveLatent": "save",
        "SetLatentNoiseMask": "set_mask", "UNETLoader": "load_unet", "UpscaleModelLoader": "load_model",
        "VAEDecode": "decode", "VAEDecodeTiled": "decode", "VAEEncode": "encode", "VAEEncodeForInpaint": "encode",
        "VAEEncodeTiled": "encode", "VAELoader": "load_vae",
    }
)  # fmt: skip
"""Node type -> the method that packs call."""

FIRST: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CLIPTextEncode": ("clip", "text"),
        "CLIPTextEncodeSDXLRefiner": ("clip", "ascore", "width", "height", "text"),
        "ConditioningSetMask": ("conditioning", "mask", "set_cond_area", "strength"),
        "InpaintModelConditioning": ("positive", "negative", "pixels", "vae"),
        "VAEDecode": ("vae", "samples"),
        "VAEDecodeTiled": ("vae", "samples"),
        "VAEEncode": ("vae", "pixels"),
        "VAEEncodeForInpaint": ("vae", "pixels"),
        "VAEEncodeTiled": ("vae", "pixels"),
    }
)
"""Node type -> the arguments that come first, where that is not the order of the inputs."""


class FunctionNode:
    """A node of Weft's as a class. Its method takes the inputs by place or by name and gives a tuple, or a dict."""

    NODE: ClassVar[Node]
    HOST: ClassVar[Host]

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """The inputs, as class-style nodes declare them."""
        sections: dict[str, dict[str, Any]] = {"required": {}}
        for spec in cls.NODE.spec.inputs:
            sections.setdefault(spec.section, {})[spec.name] = _written(spec, cls.HOST)
        return sections


def function_class(node: Node, host: Host) -> type[FunctionNode]:
    """The class of a node of Weft's."""
    spec = node.spec
    method = METHODS.get(spec.name, "execute")

    def call(self: FunctionNode, *values: Any, **named: Any) -> Any:
        del self
        return call_node(node, host, values, named)

    call.__name__ = method
    attributes: dict[str, Any] = {
        "NODE": node,
        "HOST": host,
        "RETURN_TYPES": tuple(output.type for output in spec.outputs),
        "RETURN_NAMES": tuple(output.name for output in spec.outputs),
        "OUTPUT_IS_LIST": tuple(output.is_list for output in spec.outputs),
        "INPUT_IS_LIST": spec.input_is_list,
        "OUTPUT_NODE": spec.output_node,
        "FUNCTION": method,
        "CATEGORY": spec.category,
        "DESCRIPTION": spec.description,
        "__doc__": spec.description,
        method: call,
    }
    return type(spec.name, (FunctionNode,), attributes)


def call_node(node: Node, host: Host, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Call a node of Weft's as packs call a class's method: a tuple of outputs, or a dict with `ui`.

    Raises:
        TypeError: too many values, an unknown name, or a missing one.
    """
    order = argument_order(node)
    if len(values) > len(order):
        raise TypeError(f"{node.spec.name} takes {len(order)} inputs, but {len(values)} values were given.")
    given: dict[str, Any] = {**dict(zip(order, values, strict=False)), **named}
    given = {node.parameters.get(name, name): value for name, value in given.items()}
    context = host.context()
    if node.context is not None:
        given[node.context] = context
    for name, kind in node.hidden:
        given.setdefault(name, context.node_id if kind == "UNIQUE_ID" else None)
    if node.awaits_inputs:
        for spec in node.spec.inputs:
            if spec.lazy and spec.name in given:
                given[spec.name] = Given(given[spec.name])
    result = node.call(**given)
    return _as_class_result(node, node.read(completed(result) if node.is_async else result))


def argument_order(node: Node) -> tuple[str, ...]:
    """The names of a node's inputs in the order in which packs give them; those they give last are the hidden ones."""
    first = FIRST.get(node.spec.name, ())
    shown = [one.name for one in node.spec.inputs if one.section != "hidden" and one.name not in first]
    return (*first, *shown, *(name for name, _ in node.hidden))


def _as_class_result(node: Node, returned: Returned) -> Any:
    if returned.expansion is not None:
        raise TypeError(f"{node.spec.name} answers with nodes, so it can only be used in a graph, not be called.")
    outputs = tuple(for_packs(output) for output in returned.outputs)
    return outputs if returned.ui is None else {"ui": dict(returned.ui), "result": outputs}


def _written(spec: InputSpec, host: Host) -> Any:
    """An input as INPUT_TYPES has it; combos of files remember their folder."""
    if spec.section == "hidden":
        return spec.type
    kind: Any = spec.type
    if spec.files is not None:
        kind = FileNames(spec.files, host.list_files(spec.files), spec.choices or ())
    elif spec.choices is not None:
        kind = list(spec.choices)
    return (kind, dict(spec.options))
