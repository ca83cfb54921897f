"""Learning the networks' own weights: all of the denoising network, and of the text encoders where that is wanted."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from models.checkpoint import Checkpoint
from models.checkpoints.origin import Origin, origin_of, remember_origin
from models.export.contents import Contents, contents_of_handles
from models.export.diffusers_folder import check_plan, plan_folder, write_folder
from models.export.notes import model_notes
from models.export.single_file import facts, further_tensors, single_tensors
from models.export.stream import write_tensors
from models.export.tensors import total_size
from models.sdxl.text import Clip
from models.tuning.lesson import Product, Told, Values
from models.types import Model

UNET = "unet"


class FullLesson:
    """The weights themselves. The checkpoint must be loaded for this training alone: it is changed where it lies."""

    word = None

    def __init__(
        self, checkpoint: Checkpoint, text_encoders: bool, layout: Literal["single", "diffusers"], dtype: torch.dtype
    ) -> None:
        self._checkpoint, self._layout, self._dtype = checkpoint, layout, dtype
        self.reads_text = text_encoders
        self._networks: dict[str, nn.Module] = {UNET: checkpoint.model.network}
        if text_encoders:
            self._networks |= {encoder.role.name: encoder for encoder in checkpoint.clip.encoders}
        for network in self._networks.values():
            _make_own(network, checkpoint.model.memory.device)
        self._parameters = dict(self._named())

    def _named(self) -> Iterator[tuple[str, nn.Parameter]]:
        for part, network in self._networks.items():
            for name, parameter in network.named_parameters():
                yield f"{part}.{name}", parameter

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All weights, by network and name."""
        return self._parameters

    @property
    def of_text(self) -> frozenset[str]:
        """Those of the text encoders."""
        return frozenset(name for name in self._parameters if not name.startswith(f"{UNET}."))

    def vectors(self) -> None:
        """None: no word is learned."""

    def learning(self) -> nullcontext[None]:
        """Nothing is to be done: the networks are what is learned."""
        return nullcontext()

    @contextmanager
    def showing(self, values: Values) -> Generator[tuple[Model, Clip]]:
        """The networks with `values` for their weights."""
        own = {name: parameter.data for name, parameter in self._parameters.items()}
        for name, parameter in self._parameters.items():
            parameter.data = values[name].detach()
        try:
            yield self._checkpoint.model, self._checkpoint.clip
        finally:
            for name, parameter in self._parameters.items():
                parameter.data = own[name]

    def prompt(self, text: str) -> str:
        """As it is."""
        return text

    def product(self, values: Values, told: Told) -> Product:
        """A single file, or a folder of diffusers."""
        for part, network in self._networks.items():
            _remember(network, part, values)
        model, clip, vae = self._checkpoint
        contents = contents_of_handles(model, clip, vae)
        notes = model_notes(model, told.title, clip) | facts(contents)
        notes |= {"weft.training.steps": str(told.steps)}
        return self._folder(contents, notes) if self._layout == "diffusers" else self._file(contents, notes)

    def _file(self, contents: Contents, notes: dict[str, str]) -> Product:
        tensors = {**further_tensors(contents), **single_tensors(contents)}
        tensors = {name: one.of_type(self._dtype) for name, one in tensors.items()}
        make = partial(write_tensors, tensors=tensors, metadata=notes)
        return Product("checkpoints", ".safetensors", total_size(tensors), make)

    def _folder(self, contents: Contents, notes: dict[str, str]) -> Product:
        plan = plan_folder(contents, dtype=self._dtype)
        check_plan(plan)

        def make(path: Path) -> None:
            write_folder(path, plan, notes)

        return Product("diffusers", "", plan.size, make)


def _make_own(network: nn.Module, device: torch.device) -> None:
    """Give a network weights that may change, float32: those of files are views of the files."""
    for parameter in network.parameters():
        parameter.data = parameter.data.detach().to(device, torch.float32, copy=True)
        parameter.requires_grad_(True)


def _remember(network: nn.Module, part: str, values: Values) -> None:
    """Have the network say, to whoever writes it, that its weights are `values`."""
    origin = origin_of(network)

    def read(name: str) -> Tensor:
        return values[f"{part}.{name}"].detach().cpu()

    if origin is None:
        remember_origin(network, Origin(Path("model"), {}, read))
    else:
        remember_origin(network, replace(origin, read=read))
