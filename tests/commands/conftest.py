"""A command line in this process, and workflows to give it."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def weft(tmp_path, capsys):
    """Run `main.py ARGUMENTS --workspace <a fresh one>`; gives code, out and err."""

    def call(*arguments):
        code = main.main([*map(str, arguments), "--workspace", str(tmp_path / "workspace")])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err, lines=captured.out.splitlines())

    call.workspace = tmp_path / "workspace"
    return call


@pytest.fixture
def small_prompt():
    """An API prompt that needs no model: two flat pictures, one inverted, saved."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 24, "height": 16, "batch_size": 2, "color": 0xFF00FF}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}, "_meta": {"title": "Turned"}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "flat"}},
    }


@pytest.fixture
def written(tmp_path):
    """Write JSON (or bytes) to a file and give its path."""

    def write(content, name="workflow.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


@pytest.fixture
def reference():
    """The folder of reference data beside the project, which a user's clone does not have."""
    folder = ROOT.parent / "shared" / "reference"
    if not folder.is_dir():
        pytest.skip("the reference data is not beside this clone")
    return folder


@pytest.fixture(autouse=True)
def quiet_terminal(monkeypatch):
    for name in [n for n in os.environ if n.startswith(("FORCE_COLOR", "NO_COLOR", "COLUMNS"))]:
        monkeypatch.delenv(name)
