"""What a LoRA's header says of it: the keys of ModelSpec, and those of kohya's trainer that other programs look for."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from models.export.stream import HASH
from models.tuning.lesson import Told
from models.types import Family, Model

ARCHITECTURES: Mapping[Family, str] = {
    "sdxl": "stable-diffusion-xl-v1-base", "sdxl_refiner": "stable-diffusion-xl-v1-refiner",
    "sd15": "stable-diffusion-v1", "sd21": "stable-diffusion-v2-512",
}  # fmt: skip
BASES: Mapping[Family, str] = {
    "sdxl": "sdxl_base_v1-0", "sdxl_refiner": "sdxl_refiner_v1-0", "sd15": "sd_v1", "sd21": "sd_v2",
}  # fmt: skip


def lora_notes(model: Model, told: Told, rank: int, alpha: float) -> dict[str, str]:
    """The notes of a LoRA for a model."""
    return {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": f"{ARCHITECTURES[model.family]}/lora",
        "modelspec.implementation": "https://github.com/kohya-ss/sd-scripts",
        "modelspec.title": told.title,
        "modelspec.date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "modelspec.prediction_type": "v" if model.schedule.prediction == "v_prediction" else "epsilon",
        HASH: "",  # put in when the file is written
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(rank),
        "ss_network_alpha": f"{alpha:g}",
        "ss_base_model_version": BASES[model.family],
        "ss_output_name": told.title,
        "ss_steps": str(told.steps),
        "ss_num_train_images": str(told.pictures),
        "ss_v2": str(model.family == "sd21"),
    }
