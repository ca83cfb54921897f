"""Write the LoRA and the ControlNet as the files that people have: kohya's names, and those of ControlNet's authors."""

from __future__ import annotations

from pathlib import Path

import torch

from models.adapters.control_network import ControlNetwork
from models.training.adapter_stage import LowRankFactors
from models.training.export import LICENCE, write_file
from models.training.scenes import NATIVE_SIZE

LORA_FILE = "loras/weft_lora.safetensors"
CONTROL_FILE = "controlnet/weft_controlnet.safetensors"
COMMAND = "python -m models.training.adapters --out models/bundled"


def _facts(kind: str) -> dict[str, str]:
    return {
        "weft.bundled": kind,
        "weft.native_size": str(NATIVE_SIZE),
        "weft.training.command": COMMAND,
        "weft.licence": LICENCE,
    }


def write_lora(folder: Path, factors: LowRankFactors) -> Path:
    """The factors under kohya's names, which are the modules' names with underscores; gives the file's path."""
    tensors: dict[str, torch.Tensor] = {}
    for name, down, up in zip(factors.names, factors.downs, factors.ups, strict=True):
        stem = f"lora_unet_{name.replace('.', '_')}"
        tensors[f"{stem}.lora_down.weight"], tensors[f"{stem}.lora_up.weight"] = down, up
        tensors[f"{stem}.alpha"] = torch.tensor(float(down.shape[0]))
    write_file(folder / LORA_FILE, tensors, _facts("lora"))
    return folder / LORA_FILE


def write_control(folder: Path, network: ControlNetwork) -> Path:
    """The network under the names of ControlNet's authors; gives the file's path."""
    tensors = {f"control_model.{name}": tensor for name, tensor in network.state_dict().items()}
    facts = _facts("controlnet") | {
        "weft.unet.norm_groups": str(network.config.norm_groups),
        "weft.unet.head_channels": str(network.config.head_channels),
    }
    write_file(folder / CONTROL_FILE, tensors, facts)
    return folder / CONTROL_FILE
