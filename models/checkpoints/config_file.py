"""Configuration files of the first Stable Diffusion programs: what of them a checkpoint does not say itself.

Such a YAML file describes networks that Weft reads off the checkpoint's tensors. Two of its entries do change the
picture: whether the model predicts v, and at which layer the text encoder stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from models.checkpoints.errors import CheckpointError
from models.sampling.noise_schedule import Prediction

LARGEST = 2**20  # bytes; the official ones have two thousand


class ConfigFile(NamedTuple):
    """What a configuration says; None where it says nothing."""

    prediction: Prediction | None
    clip_layer: int | None  # -1 the last, -2 the one before


NOTHING = ConfigFile(None, None)

KNOWN: Mapping[str, ConfigFile] = {
    "anything_v3.yaml": ConfigFile(None, -2),
    "v1-inference.yaml": NOTHING,
    "v1-inference_clip_skip_2.yaml": ConfigFile(None, -2),
    "v1-inference_clip_skip_2_fp16.yaml": ConfigFile(None, -2),
    "v1-inference_fp16.yaml": NOTHING,
    "v1-inpainting-inference.yaml": NOTHING,
    "v2-inference-v.yaml": ConfigFile("v_prediction", None),
    "v2-inference-v_fp32.yaml": ConfigFile("v_prediction", None),
    "v2-inference.yaml": NOTHING,
    "v2-inference_fp32.yaml": NOTHING,
    "v2-inpainting-inference.yaml": NOTHING,
}
"""What the files of these names say that every installation has, so that saved workflows need none of them."""


def read_config(path: Path) -> ConfigFile:
    """What a file says.

    Raises:
        CheckpointError: it is no such configuration.
    """
    if path.stat().st_size > LARGEST:
        raise CheckpointError(f"{path.name} has more than {LARGEST:,} bytes: it is no configuration of a model.")
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is no YAML. Choose a configuration file of a model.") from error
    settings = _below(content, "model", "params")
    if not settings:
        raise CheckpointError(f"{path.name} describes no model (model: params:). Choose another configuration file.")
    layer = _below(settings, "cond_stage_config", "params").get("layer_idx")
    return ConfigFile(
        "v_prediction" if settings.get("parameterization") == "v" else None,
        layer if type(layer) is int and layer < 0 else None,
    )


def _below(content: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}
