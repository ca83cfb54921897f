"""What the tests of nodes share: a workspace and a context without an engine."""

from dataclasses import dataclass, field

import pytest

from execution.context import CancelToken, Context, Services
from execution.events import Event
from models.memory import DeviceMemory
from nodes.catalogue import all_nodes
from nodes.workspace import Workspace


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
