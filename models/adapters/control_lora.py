"""Control-LoRAs: ControlNets as small differences to the model that they steer, as they travel on CONTROL_NET wires.

A file holds low-rank factors for the layers that a ControlNet shares with its model, and whole tensors for the rest
(the hint's convolutions, the outputs, biases and norms). The shared weights are those of the model that is steered,
with what LoRAs add to them; no second copy of them is in main memory.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from models.adapters.control_network import ControlNetwork, hint_widths
from models.adapters.controlnet import ControlNet, RunningControlNet
from models.adapters.deltas import LowRank
from models.adapters.weight_patches import Change, Patches, WeightChange
from models.checkpoints.errors import CheckpointError
from models.checkpoints.weights import Weights
from models.memory import DeviceMemory
from models.types import Model

MARK = "lora_controlnet"  # an empty tensor in such files
UP, DOWN = ".up", ".down"
HINT_MARK = "input_hint_block.0.weight"


@dataclass(frozen=True, eq=False)
class ControlLora:
    """Differences that make a ControlNet of a model."""

    tensors: Mapping[str, Tensor]  # of the file
    memory: DeviceMemory
    dtype: torch.dtype  # of the computation
    name: str  # of the file
    digest: str
    _made: WeakKeyDictionary[nn.Module, ControlNetwork] = field(
        default_factory=WeakKeyDictionary[nn.Module, ControlNetwork], repr=False
    )

    @classmethod
    def of(cls, weights: Weights, memory: DeviceMemory, digest: str) -> ControlLora:
        """Read a file's tensors.

        Raises:
            CheckpointError: some are missing.
        """
        tensors = {name: weights.tensor(name) for name in weights.shapes if name != MARK}
        lone = [one for one in tensors if one.endswith(UP) and one.removesuffix(UP) + DOWN not in tensors]
        if lone or HINT_MARK not in tensors:
            missing = lone[0].removesuffix(UP) + DOWN if lone else HINT_MARK
            raise CheckpointError(f"{weights.path.name} lacks the tensor {missing!r}. Download it again.")
        return cls(tensors, memory, memory.dtypes.model, weights.path.name, digest)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The file's tensors, for caches that add up bytes."""
        for tensor in self.tensors.values():
            yield id(tensor), tensor.nbytes

    def of_kind(self, kind: int | None) -> ControlLora:
        """As `Steerer.of_kind`."""
        raise ValueError(f"{self.name} is a Control-LoRA, made for one kind of picture. Remove the node.")

    def for_model(self, model: Model) -> RunningControlNet:
        """As `Steerer.for_model`."""
        if model.network not in self._made:
            self._made[model.network] = self._network(model)
        network = self._made[model.network]
        names = {name for name, _ in network.named_parameters()}
        own = names - self.tensors.keys()  # the model's weights, which LoRAs change here as well
        shared = {name: changes for name, changes in model.patches.changes.items() if name in own}
        patches = Patches(shared).plus(self._changes(names))
        return RunningControlNet(ControlNet(network, self.memory, self.dtype, self.name, self.digest), patches)

    def _changes(self, names: set[str]) -> dict[str, WeightChange]:
        """The factors, as changes to the network's weights of these names."""
        changes: dict[str, WeightChange] = {}
        for name, up in self.tensors.items():
            layer = name.removesuffix(UP)
            if name.endswith(UP) and f"{layer}.weight" in names:
                changes[f"{layer}.weight"] = Change(LowRank(up, self.tensors[layer + DOWN]))
        return changes

    def _network(self, model: Model) -> ControlNetwork:
        """A ControlNet of the model's own weights and the file's whole tensors."""
        shapes = {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}
        # a model for inpainting has further channels, which a ControlNet does not see
        config = replace(model.config, in_channels=model.config.out_channels)
        with torch.device("meta"):
            network = ControlNetwork(config, hint_widths(shapes))
        base = dict(model.network.named_parameters())
        state: dict[str, Tensor] = {}
        for name, wanted in network.named_parameters():
            found = self._own(name) if name in self.tensors else None
            if found is None and name in base:
                found = model.memory.at_home(base[name]).detach().to(self.dtype)
            if found is None or tuple(found.shape) != tuple(wanted.shape):
                raise ValueError(self._misfit(name, found, wanted))
            state[name] = found
            self._check_factors(name, wanted)
        network.load_state_dict(state, assign=True)
        return network.requires_grad_(False).eval()

    def _own(self, name: str) -> Tensor:
        return self.tensors[name].to(self.dtype)

    def _check_factors(self, name: str, wanted: Tensor) -> None:
        layer = name.removesuffix(".weight")
        up, down = self.tensors.get(layer + UP), self.tensors.get(layer + DOWN)
        if up is None or down is None or not name.endswith(".weight"):
            return
        if up.shape[0] != wanted.shape[0] or up.shape[1] != down.shape[0] or down[0].numel() != wanted[0].numel():
            made = torch.empty(up.shape[0], *down.shape[1:], device="meta")
            raise ValueError(self._misfit(name, made, wanted))

    def _misfit(self, name: str, found: Tensor | None, wanted: Tensor) -> str:
        has = "is missing" if found is None else f"has the shape {list(found.shape)}"
        return (
            f"The Control-LoRA {self.name} was made for another model: its {name!r} {has}, where this model needs "
            f"{list(wanted.shape)}. Choose in ControlNetLoader one that was made for the model."
        )
