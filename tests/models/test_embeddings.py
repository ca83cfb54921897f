"""Textual inversion files of several makers."""

import pytest
import torch
from safetensors.torch import save_file

from models.adapters.embeddings import EmbeddingFolders
from models.checkpoint import CheckpointError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "style").mkdir()
    save_file({"clip_l": torch.full((2, 4), 1.0), "clip_g": torch.full((2, 6), 2.0)}, tmp_path / "sdxl.safetensors")
    save_file({"emb_params": torch.full((3, 4), 3.0)}, tmp_path / "style/deep.safetensors")
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": torch.full((1, 4), 4.0)}}, tmp_path / "old.pt")
    torch.save({"<word>": torch.full((4,), 5.0, dtype=torch.float16)}, tmp_path / "word.bin")
    return EmbeddingFolders((tmp_path / "absent", tmp_path))


@pytest.mark.parametrize(
    ("name", "encoder", "width", "shape", "value"),
    [
        ("sdxl", "l", 4, (2, 4), 1.0),
        ("sdxl", "g", 6, (2, 6), 2.0),
        ("sdxl.safetensors", "g", 6, (2, 6), 2.0),
        ("deep", "l", 4, (3, 4), 3.0),
        ("style/deep", "l", 4, (3, 4), 3.0),
        ("style\\deep", "l", 4, (3, 4), 3.0),
        ("old", "l", 4, (1, 4), 4.0),
        ("word", "h", 4, (1, 4), 5.0),
    ],
)
def test_found(folder, name, encoder, width, shape, value):
    assert torch.equal(folder.vectors(name, encoder, width), torch.full(shape, value))


@pytest.mark.parametrize(
    ("name", "encoder", "width"),
    [("none", "l", 4), ("old", "g", 6), ("sdxl", "h", 8), ("sdxl", "g", 4), ("style", "l", 4)],
)
def test_absent_or_of_another_model(folder, name, encoder, width):
    assert folder.vectors(name, encoder, width) is None


def test_a_file_without_vectors(folder):
    torch.save({"name": "x"}, folder.folders[1] / "bad.pt")
    with pytest.raises(CheckpointError, match=r"bad.pt holds no vectors"):
        folder.vectors("bad", "l", 4)
