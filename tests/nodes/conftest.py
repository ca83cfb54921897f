"""What the tests of nodes share: a workspace and a context without an engine."""

import asyncio
from dataclasses import dataclass, field

import pytest
from safetensors.torch import save_file

from execution.context import CancelToken, Context, Services
from execution.events import Event
from folders.workspace import Workspace
from models.memory import DeviceMemory
from nodes.catalogue import all_nodes
from tests.models.small_models import make


@dataclass
class Bench:
    """A context to call nodes with, and what they told it."""

    workspace: Workspace
    events: list[Event] = field(default_factory=list)
    cancel: CancelToken = field(default_factory=CancelToken)

    @property
    def ctx(self) -> Context:
        services = Services([self.workspace, DeviceMemory.choose("cpu")])
        return Context(services=services, emit=self.events.append, cancel=self.cancel)

    def call(self, node, **inputs):
        """What a node returns, also one that is awaited."""
        returned = node(**inputs, ctx=self.ctx)
        return asyncio.run(returned) if asyncio.iscoroutine(returned) else returned

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "workspace"
    for folder in ("input", "output", "temp", "models/checkpoints", "models/vae"):
        (root / folder).mkdir(parents=True)
    return Workspace(root)


@pytest.fixture
def bench(workspace):
    return Bench(workspace)


@pytest.fixture(scope="session")
def registry():
    return all_nodes()


@pytest.fixture(scope="session")
def model_files(tmp_path_factory):
    """A models folder with small random checkpoints of SDXL's base and refiner, and parts of the base."""
    folder = tmp_path_factory.mktemp("models")
    for kind in ("checkpoints", "vae", "diffusion_models", "text_encoders"):
        (folder / kind).mkdir()
    base = make("sdxl")
    base.save(folder / "checkpoints" / "base.safetensors")
    make("sdxl_refiner").save(folder / "checkpoints" / "refiner.safetensors")
    parts = {
        "vae/vae.safetensors": "first_stage_model.",
        "diffusion_models/unet.safetensors": "model.diffusion_model.",
        "text_encoders/l.safetensors": "conditioner.embedders.0.transformer.",
        "text_encoders/g.safetensors": "conditioner.embedders.1.model.",
    }
    for name, prefix in parts.items():
        tensors = {key.removeprefix(prefix): value for key, value in base.state.items() if key.startswith(prefix)}
        save_file({key: value.contiguous() for key, value in tensors.items()}, folder / name)
    return folder


@pytest.fixture
def models(tmp_path, model_files):
    """A bench whose workspace has small models."""
    return Bench(Workspace(tmp_path / "w", model_dirs=(model_files,)))
