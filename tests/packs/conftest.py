"""What the tests of node packs share: packs written into a temporary workspace, loaded, and run in the real engine."""

import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from commands.workbench import node_types
from execution.engine import Engine, RunResult
from execution.events import NodeStarted, Progress
from execution.graph import parse_prompt
from execution.registry import Registry
from execution.workers.messages import Broadcast, Pack
from folders.workspace import Workspace
from models.memory import DeviceMemory
from nodes.prompt_files import PromptFiles
from packs.load import LoadedPacks, load_packs


@dataclass
class Bench:
    """A workspace whose packs are written, loaded and run."""

    workspace: Workspace
    built_in: Registry
    memory: DeviceMemory
    sent: list[Broadcast] = field(default_factory=list)
    opened: list[LoadedPacks] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.workspace.root / "custom_nodes"

    def write(self, name: str, files: dict[str, str] | str) -> Path:
        """A pack: `name.py` with a text, or a folder with files."""
        if isinstance(files, str):
            files, base = {f"{name}.py": files}, self.folder
        else:
            base = self.folder / name
        for file, text in files.items():
            path = base / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), "utf-8")
        return base if base != self.folder else self.folder / f"{name}.py"

    def load(self, **options: Any) -> LoadedPacks:
        options = {"services": (self.memory,), "send": self.sent.append, **options}
        self.opened.append(load_packs(self.workspace, self.built_in, **options))
        return self.opened[-1]

    def pack(self, name: str) -> Pack:
        """What the last loading says of a pack."""
        return next(one for one in self.opened[-1].packs if one.name == name)

    def run(self, prompt: dict[str, Any], targets: list[str] | None = None, **options: Any) -> RunResult:
        """Run a prompt with the packs loaded last; caches live as long as the bench."""
        if not self.engines:
            loaded = self.opened[-1] if self.opened else self.load()
            services = (self.workspace, self.memory)
            self.engines.append(Engine(loaded.registry, services=services, files=PromptFiles(self.workspace)))
        self.events = []
        nodes = {key: {"class_type": kind, "inputs": inputs} for key, (kind, inputs) in prompt.items()}
        return self.engines[-1].run_sync(parse_prompt(nodes), targets, sink=self.events.append, **options)

    def value(self, prompt: dict[str, Any], target: str, slot: int = 0) -> Any:
        """The items of one output; the run must succeed."""
        result = self.run(prompt, [target])
        if result.error is not None:
            raise result.error
        return result.outputs[target][slot]

    def started(self) -> list[str]:
        return [event.node.id for event in self.events if isinstance(event, NodeStarted)]

    def progress(self) -> list[tuple[float, float]]:
        return [(event.value, event.total) for event in self.events if isinstance(event, Progress)]

    def close(self) -> None:
        for engine in self.engines:
            engine.close()
        for loaded in self.opened:
            loaded.close()


@pytest.fixture(scope="session")
def built_in():
    return node_types()


@pytest.fixture
def bench(tmp_path, built_in):
    root = tmp_path / "workspace"
    for folder in ("custom_nodes", "input", "output", "temp", "user", "models/loras", "models/vae"):
        (root / folder).mkdir(parents=True)
    made = Bench(Workspace(root), built_in, DeviceMemory.choose("cpu"))
    yield made
    made.close()


HEAD = """
import torch
from comfy_execution.graph_utils import GraphBuilder, is_link
from comfy_execution.graph import ExecutionBlocker

CALLS = []

class Any(str):
    def __ne__(self, other):
        return False

class Base:
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    CATEGORY = "test"
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT", {"default": 0})}}
    def go(self, x):
        return (x,)

class Add(Base):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 0}), "b": ("INT", {"default": 1})}}
    def go(self, a, b):
        CALLS.append(("Add", a, b))
        return (a + b,)
"""

TAIL = """
NODE_CLASS_MAPPINGS = {n: c for n, c in list(globals().items()) if isinstance(c, type) and issubclass(c, Base)}
"""


@dataclass
class ClassPack:
    """Writes and loads one pack, `my-nodes`, of classes derived from `Base`."""

    bench: Bench

    def __call__(self, text: str) -> Bench:
        self.bench.write("my-nodes", {"__init__.py": "from .nodes import *", "nodes.py": HEAD + text + TAIL})
        self.bench.load()
        assert self.bench.pack("my-nodes").error is None
        return self.bench

    def calls(self) -> list[Any]:
        """What its nodes noted in CALLS."""
        return self.variable("CALLS")

    def variable(self, name: str) -> Any:
        return vars(sys.modules["custom_nodes.my-nodes.nodes"])[name]


@pytest.fixture
def pack(bench):
    return ClassPack(bench)
