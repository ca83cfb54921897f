"""What worker processes are built with."""

import sys
import threading
from contextlib import closing, contextmanager

import pytest
import torch

from commands.workbench import EngineSetup, build_engine
from commands.worker_parts import build_parts
from execution.graph import parse_prompt
from execution.node import Ui, declared_node, node
from execution.registry import Registry
from execution.workers.messages import Free
from execution.workers.settings import WorkerSettings
from folders.workspace import Workspace
from models.memory import DeviceMemory, Dtypes
from packs import load


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Builds a worker's parts; they are ended afterwards."""
    made = []
    loaded = []
    load_packs = load.load_packs

    def remembered(*given, **more):
        loaded.append(load_packs(*given, **more))
        return loaded[-1]

    monkeypatch.setattr("commands.worker_parts.load_packs", remembered)

    def build(**settings):
        settings = WorkerSettings(str(tmp_path), device="cpu", session="s", **settings)
        made.append(build_parts(settings, lambda _message: None))
        return made[-1]

    yield build
    for parts in made:
        parts.engine.close()
    for one in loaded:
        one.close()


def test_what_the_first_picture_needs_is_imported_ahead(built, monkeypatch):
    name = "transformers.models.clip.modeling_clip"
    monkeypatch.delitem(sys.modules, name, raising=False)
    parts = built()
    assert name not in sys.modules
    parts.meanwhile()
    assert name in sys.modules


def test_a_preview_method_that_is_not_there_is_told(built, capsys):
    built(preview_method="taesd")
    assert "latent2rgb" in capsys.readouterr().err
    built(preview_method="auto")
    assert capsys.readouterr().err == ""


def test_models_are_unloaded_only_when_that_is_asked(built, monkeypatch):
    parts = built()
    freed = []
    monkeypatch.setattr(DeviceMemory, "free", lambda _self: freed.append("models") or 0)
    monkeypatch.setattr(parts.engine, "forget", lambda: freed.append("results"))
    parts.free(Free())
    assert freed == []
    parts.free(Free(unload_models=True))
    assert freed == ["models"]
    parts.free(Free(free_memory=True))
    assert freed == ["models", "results", "models"]


def test_nodes_of_both_kinds_run_on_the_workers_own_device(tmp_path, monkeypatch):
    current = threading.local()  # as it is with CUDA
    current.index = 0
    seen = {}

    @contextmanager
    def device(chosen):
        before = getattr(current, "index", 0)
        current.index = chosen.index
        yield
        current.index = before

    monkeypatch.setattr("torch.cuda.device", device)

    @node("Sync", category="test", output=True)
    def sync() -> Ui:
        seen["sync"] = current.index, torch.is_inference_mode_enabled()
        return Ui({})

    @node("Async", category="test", output=True)
    async def not_sync() -> Ui:
        seen["async"] = current.index, torch.is_inference_mode_enabled()
        return Ui({})

    registry = Registry(filter(None, map(declared_node, (sync, not_sync))))
    full = torch.float32
    memory = DeviceMemory(torch.device("cuda:1"), Dtypes(full, full, full))
    graph = parse_prompt({"1": {"class_type": "Sync", "inputs": {}}, "2": {"class_type": "Async", "inputs": {}}})
    with closing(build_engine(registry, Workspace(tmp_path), memory, EngineSetup())) as engine:
        assert engine.run_sync(graph).error is None
    assert seen == {"sync": (1, True), "async": (1, True)}
    assert current.index == 0
