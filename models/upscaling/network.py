"""A network that enlarges pictures, read from a file: which architecture it is, its weights tell."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import recognise, refusal
from models.checkpoints.weights import Weights, open_weights
from models.memory import DeviceMemory
from models.upscaling.library import import_spandrel
from models.weights_in_memory import memory_parts

GREY, COLOUR, TRANSPARENT = 1, 3, 4
"""Channels of the pictures that such networks take."""

WANTED = "model for upscaling"
OTHERWISE = "Choose an ESRGAN, Real-ESRGAN, SwinIR, HAT, DAT or similar model."
CONVOLUTIONS_ONLY = frozenset({"ESRGAN", "Compact"})
"""Architectures whose pictures may lie in memory pixel by pixel, which CPUs convolve 1.2 to 1.7 times faster."""

SPARSE = 16  # how much higher than the number of tensors a layer's number may be: most layers have one at least


@dataclass(frozen=True, eq=False)
class UpscaleModel:
    """A network that makes pictures `scale` times larger; `models.upscaling.enlarge` uses it.

    Called with [1, input_channels, h, w] in 0..1 it gives [1, output_channels, h * scale, w * scale] in 0..1, on the
    device that its weights are on. Nothing about the sides need be even: it pads and cuts by itself.
    """

    network: nn.Module
    apply: Callable[[Tensor], Tensor]
    architecture: str  # "ESRGAN", "SwinIR" ...
    scale: int  # 1 for networks that mend pictures without enlarging them
    input_channels: int
    output_channels: int
    memory: DeviceMemory

    def __call__(self, pictures: Tensor) -> Tensor:
        return self.apply(pictures)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, for caches that add up bytes."""
        return memory_parts(self.network)


def load_upscaler(path: Path, memory: DeviceMemory) -> UpscaleModel:
    """The network of a file, with weights in float32: in fewer bits many of them show bands and spots.

    Raises:
        CheckpointError: the file is damaged, no upscaler, or one that takes something else than a picture.
    """
    weights = open_weights(path)
    _check_numbers(weights)
    spandrel = import_spandrel()
    with torch.inference_mode(False):  # as for every network: its tensors must be free to move to a device
        state = {name: weights.tensor(name) for name in weights.shapes}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of how torch is called there, which says nothing to the user
                found: Any = spandrel.MAIN_REGISTRY.load(state)
        except spandrel.UnsupportedModelError as error:
            raise CheckpointError(refusal(path.name, weights.shapes.keys(), WANTED, OTHERWISE)) from error
        except Exception as error:  # what a damaged or odd file makes the forty readers of weights raise
            raise CheckpointError(_unreadable(weights, error)) from error
    if not isinstance(found, spandrel.ImageModelDescriptor):
        raise CheckpointError(
            f"{path.name} ({found.architecture.name}) takes a mask beside the picture, so it cannot upscale. "
            + OTHERWISE
        )
    _check_channels(path, found.input_channels, found.output_channels)
    network: nn.Module = found.model.eval().requires_grad_(False)
    if memory.device.type == "cpu" and found.architecture.id in CONVOLUTIONS_ONLY:
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return UpscaleModel(
        network, found, found.architecture.name, found.scale, found.input_channels, found.output_channels, memory
    )


def _check_numbers(weights: Weights) -> None:
    """Refuse names such as "body.1000000000.weight", for which as many layers would be made as they say."""
    most = SPARSE * len(weights.shapes)
    for name in weights.shapes:
        if any(part.isdecimal() and (len(part) > 9 or int(part) > most) for part in name.split(".")):
            raise CheckpointError(
                f"{weights.path.name}: the tensor {name[:200]!r} has a number that no network's has. The file is "
                "damaged: download it again."
            )


def _unreadable(weights: Weights, error: Exception) -> str:
    """What to tell of a file that looked like an upscaler's until it was read."""
    names = weights.shapes.keys()
    kind = recognise(names)
    if kind is not None and "upscaling" not in kind.name:
        return refusal(weights.path.name, names, WANTED, OTHERWISE)
    reason = str(error).strip().splitlines()
    told = reason[-1].strip()[:200] if reason else type(error).__name__
    return f"{weights.path.name} looks like a {WANTED}, but cannot be read ({told}). Download it again."


def _check_channels(path: Path, taken: int, given: int) -> None:
    if taken not in (GREY, COLOUR, TRANSPARENT) or given not in (GREY, COLOUR, TRANSPARENT):
        raise CheckpointError(f"{path.name} makes {given} channels of {taken}, which are no pictures. " + OTHERWISE)
