"""What a saved model's header says of it: ModelSpec's keys, and how it was merged.

Specification: https://github.com/Stability-AI/ModelSpec (version 1.0.1).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping

from torch import nn

from models.adapters.weight_patches import NO_PATCHES, Patches
from models.checkpoints.origin import origin_of, source_name
from models.export.stream import HASH
from models.merging.blend import Blend, Scale, steps_of
from models.sampling.predictions import Prediction
from models.sdxl.text import Clip
from models.types import Family, Model

ARCHITECTURES: Mapping[Family, str] = {
    "sdxl": "stable-diffusion-xl-v1-base", "sdxl_refiner": "stable-diffusion-xl-v1-refiner",
    "sd15": "stable-diffusion-v1",
}  # fmt: skip
VERSION_2, VERSION_2_V = "stable-diffusion-v2-512", "stable-diffusion-v2-768-v"
PREDICTIONS: Mapping[Prediction, str] = {"epsilon": "epsilon", "lcm": "epsilon", "v_prediction": "v"}
"""ModelSpec's words for what a network answers; it has none for the other kinds."""

RECIPE = "weft.merge_recipe"
KEPT = ("weft.native_size", "weft.licence", "modelspec.license", "modelspec.author")
"""Notes of the first model's file that hold for what is made of it."""


def model_notes(model: Model, title: str, clip: Clip | None = None) -> dict[str, str]:
    """The notes of a file that holds the model, and perhaps its text encoders."""
    prediction = model.schedule.prediction
    v2 = VERSION_2_V if prediction == "v_prediction" else VERSION_2
    notes = {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": ARCHITECTURES.get(model.family, v2),
        "modelspec.implementation": "sgm" if model.family.startswith("sdxl") else "ldm",
        "modelspec.title": title,
        "modelspec.date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        HASH: "",  # put in when the file is written
    }
    if prediction in PREDICTIONS:
        notes["modelspec.prediction_type"] = PREDICTIONS[prediction]
    parts: list[tuple[str, nn.Module, Patches]] = [("model", model.network, model.patches)]
    for encoder in clip.encoders if clip else ():
        assert clip is not None
        name = encoder.role.name
        parts.append((f"clip_{name}", encoder, clip.patches.get(name, NO_PATCHES)))
    recipe = {name: _recipe(network, patches) for name, network, patches in parts if patches}
    if recipe:
        notes[RECIPE] = json.dumps(recipe)
    sources = list(dict.fromkeys(_sources(model.network, model.patches)))
    if len(sources) > 1:
        notes["modelspec.merged_from"] = ", ".join(sources)
    origin = origin_of(model.network)
    return notes | {name: origin.metadata[name] for name in KEPT if origin is not None and name in origin.metadata}


def _recipe(network: nn.Module, patches: Patches) -> dict[str, object]:
    """Where a network came from, the merges in their order, and how many weights other patches change."""
    changes = patches.all_changes()
    others = sum(not isinstance(change, (Blend, Scale)) for change in changes)
    told: dict[str, object] = {"from": source_name(network), "steps": [step.to_json() for step in steps_of(changes)]}
    return {**told, "adapted_weights": others} if others else told


def _sources(network: nn.Module, patches: Patches) -> Iterator[str]:
    yield source_name(network)
    for step in steps_of(patches.all_changes()):
        yield from step.sources()
