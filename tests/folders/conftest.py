"""A workspace with nothing in it."""

import pytest

from folders.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "workspace"
    for folder in ("input", "output", "temp", "models/checkpoints", "models/vae"):
        (root / folder).mkdir(parents=True)
    return Workspace(root)
