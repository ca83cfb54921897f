"""Every node we have is declared as the reference says, field by field."""

import json
from pathlib import Path

import pytest

from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import SCHEDULERS

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "nodes.json"

# node, field -> why ours differs from the reference. An entry that no longer differs fails the test.
DEVIATIONS = {
    ("LoraSave", "inputs.hidden.prompt"): "the classic way to write a hidden input",
    ("LoraSave", "inputs.hidden.extra_pnginfo"): "the classic way to write a hidden input",
    ("CheckpointLoader", "inputs.required.config_name"): "what the usual files say is known, so they need not be there",
    ("CLIPLoader", "inputs.optional.device"): "our default is stated; it is the first option, which is theirs",
    ("DualCLIPLoader", "inputs.optional.device"): "our default is stated; it is the first option, which is theirs",
    ("CLIPVisionLoader", "inputs.required.clip_name"): "image encoders lie in models/clip_vision, not text_encoders",
    ("LoadLatent", "inputs.required.latent"): "the folder key tells .latent files from pictures; both lie in input/",
    **{
        (name, field): "ours, after theirs and optional: nothing of theirs moves"
        for name in ("SaveImage", "SaveAnimatedWEBP", "SaveAnimatedPNG")
        for field in ("inputs.optional.watermark", "order.optional")
    },
    ("PrimitiveFloat", "inputs.required.value"): "bounds of a number are numbers: 2^63 - 1 is rounded to 2^63",
    ("LoadImageOutput", "inputs.required.image"): "the results are listed here; their editor asks for them by itself",
    ("LoadImageSetFromFolderNode", "inputs.required.folder"): "the folders of the machine that the reference is of",
    ("LoadImageTextSetFromFolderNode", "inputs.required.folder"): "the folders of the machine that the reference is of",
}

USUAL = {"multiline": False, "multiselect": False}  # what is not said is so anyway


def fields(info):
    """A node's declaration as flat (field, value) pairs."""
    found = {key: info[key] for key in ("category", "output_node")}
    found["display_name"] = info["display_name"]
    found["outputs"] = list(info["output"])
    found["output_names"] = list(info["output_name"])
    found["output_is_list"] = list(info["output_is_list"])
    for section, inputs in info["input"].items():
        if section == "required" or inputs:
            found[f"order.{section}"] = list(inputs)
        for name, written in inputs.items():
            found[f"inputs.{section}.{name}"] = without_tooltip(written)
    return found


def reference_fields(name, node):
    info = {
        "category": node["category"],
        "output_node": node["output_node"],
        "display_name": node["display_name"] or name,
        "output": node["outputs"],
        "output_name": node["output_names"],
        "output_is_list": node["output_is_list"],
        "input": {s: {i: node["inputs"][s][i] for i in order} for s, order in node["input_order"].items()},
    }
    return fields(info)


def without_tooltip(written):
    if isinstance(written, str):
        return written
    kind, options = written[0], dict(written[1]) if len(written) > 1 else {}
    options = {key: value for key, value in options.items() if key != "tooltip" and USUAL.get(key) is not value}
    if kind == "COMBO" and "options" in options:  # the newer way to write a combo
        kind = options.pop("options")
    if isinstance(kind, str) and kind.startswith("FILES:"):
        kind = [kind.removeprefix("FILES:")]
    kind = {"SAMPLERS": list(SAMPLERS), "SCHEDULERS": list(SCHEDULERS)}.get(kind if isinstance(kind, str) else "", kind)
    return [kind, options] if options else [kind]


@pytest.fixture(scope="module")
def reference():
    if not REFERENCE.exists():
        pytest.skip("the reference data in ../shared/reference is not there")
    return json.loads(REFERENCE.read_text())


def differences(registry, reference):
    for name in set(registry) & set(reference):
        ours = fields(registry[name].spec.to_object_info(lambda folder: [folder]))
        theirs = reference_fields(name, reference[name])
        for field in sorted(ours.keys() | theirs.keys()):
            if ours.get(field) != theirs.get(field):
                yield (name, field), (ours.get(field), theirs.get(field))


def test_every_node_is_declared_as_the_reference_says(registry, reference):
    found = dict(differences(registry, reference))
    assert {where: values for where, values in found.items() if where not in DEVIATIONS} == {}


def test_every_listed_deviation_is_one(registry, reference):
    assert DEVIATIONS.keys() - dict(differences(registry, reference)).keys() == set()


def test_sampler_and_scheduler_names_are_all_there_in_order(reference):
    names = json.loads((REFERENCE.parent / "samplers.json").read_text())
    assert list(SAMPLERS) == names["samplers"]
    assert list(SCHEDULERS) == names["schedulers"]


NEEDED = [
    "CheckpointLoaderSimple", "VAELoader", "UNETLoader", "CLIPLoader", "DualCLIPLoader", "CLIPTextEncode",
    "CLIPTextEncodeSDXL", "CLIPTextEncodeSDXLRefiner", "CLIPSetLastLayer", "ConditioningCombine",
    "ConditioningConcat", "ConditioningAverage", "ConditioningSetArea", "ConditioningSetAreaPercentage",
    "ConditioningSetAreaStrength", "ConditioningSetMask", "ConditioningSetTimestepRange", "ConditioningZeroOut",
    "KSampler", "KSamplerAdvanced", "EmptyLatentImage", "VAEEncode", "VAEDecode", "VAEEncodeForInpaint",
    "SetLatentNoiseMask", "LatentUpscale", "LatentUpscaleBy", "LatentComposite", "LatentCompositeMasked",
    "LatentFromBatch", "RepeatLatentBatch", "SaveLatent", "LoadLatent", "LoadImage", "LoadImageMask", "SaveImage",
    "PreviewImage", "ImageScale", "ImageScaleBy", "ImageCompositeMasked", "MaskToImage", "ImageToMask",
    "ImageColorToMask", "SolidMask", "InvertMask", "CropMask", "MaskComposite", "FeatherMask", "GrowMask",
    "ThresholdMask", "MaskPreview", "ImageInvert", "ImageBatch", "EmptyImage", "RebatchImages",
]  # fmt: skip


def test_the_nodes_of_a_first_version_are_there(registry):
    assert [name for name in NEEDED if name not in registry] == []
