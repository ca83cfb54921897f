"""Loading what a CONTROL_NET wire carries: ControlNets, unions of them, Control-LoRAs and T2I-Adapters."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from folders.digest import file_digest
from models.adapters.control import Steerer
from models.adapters.control_lora import MARK, ControlLora
from models.adapters.controlnet import ControlNet
from models.adapters.controlnet_file import Base, read_controlnet
from models.adapters.t2i_adapter import T2IAdapter
from models.adapters.t2i_file import find_adapter, read_adapter
from models.checkpoints.weights import open_weights
from models.memory import DeviceMemory
from models.types import Model

POOLED = ("_shuffle", "_shuffle_fp16")  # end the names of the files whose answers are averaged over the picture


def load_control(path: Path, memory: DeviceMemory, base: Model | None = None) -> Steerer:
    """Load a file of any of these kinds; `base` is the model for files that hold differences to its weights.

    Raises:
        CheckpointError: if the file is damaged or of another kind.
    """
    dtype, digest = memory.dtypes.model, file_digest(path)
    weights = open_weights(path).asking(memory.interruption)
    if MARK in weights.shapes:
        return ControlLora.of(weights, memory, digest)
    adapter = find_adapter(weights)
    if adapter is not None:
        return T2IAdapter(read_adapter(adapter, dtype), memory, dtype, path.name, digest)
    network = read_controlnet(weights, dtype, None if base is None else _weights_of(base))
    return ControlNet(network, memory, dtype, path.name, digest, pooled=path.stem.endswith(POOLED))


def _weights_of(model: Model) -> Base:
    parameters = dict(model.network.named_parameters())

    def weight(name: str) -> Tensor | None:
        found = parameters.get(name)
        return None if found is None else model.memory.at_home(found).detach()

    return weight
