"""Textual inversion files of several makers."""

import pytest
import torch
from safetensors.torch import save_file

from models.adapters.embeddings import EmbeddingFolders
from models.checkpoint import CheckpointError
from models.sdxl.prompt_tokens import EmbeddingMisfit


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


@pytest.mark.parametrize(("name", "encoder", "width"), [("none", "l", 4), ("style", "l", 4), ("", "l", 4)])
def test_absent(folder, name, encoder, width):
    assert folder.vectors(name, encoder, width) is None


@pytest.mark.parametrize(
    ("name", "encoder", "width", "says"),
    [
        ("old", "g", 6, r"old\.pt has no vectors for the text encoder OpenCLIP-bigG: .* 6 values wide, .* \* \[1, 4\]"),
        ("sdxl", "h", 8, r"OpenCLIP-H: expected are vectors 8 values wide, found are clip_g \[2, 6\], clip_l \[2, 4\]"),
        ("sdxl", "g", 4, r"4 values wide"),
    ],
)
def test_for_another_encoder(folder, name, encoder, width, says):
    with pytest.raises(EmbeddingMisfit, match=says):
        folder.vectors(name, encoder, width)


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ({"text_encoders_0": (2, 4), "text_encoders_1": (2, 6)}, {"l": (2, 4), "g": (2, 6)}),  # pivotal tuning
        ({"<s0>": (1, 4)}, {"l": (1, 4)}),  # diffusers' learned_embeds.safetensors
        ({"clip_g": (3, 6), "clip_l": (3, 4)}, {"l": (3, 4), "g": (3, 6)}),  # A1111 and kohya, SDXL
        ({"emb_params": (5, 4)}, {"l": (5, 4)}),  # kohya, one encoder
    ],
)
def test_layouts_of_safetensors(folder, tensors, expected):
    path = folder.folders[1] / "layout.safetensors"
    save_file({name: torch.randn(shape) for name, shape in tensors.items()}, path)
    for encoder, shape in expected.items():
        width = {"l": 4, "g": 6}[encoder]
        found = folder.vectors("layout", encoder, width)
        assert found.shape == shape


def test_a_file_without_vectors(folder):
    torch.save({"name": "x"}, folder.folders[1] / "bad.pt")
    with pytest.raises(CheckpointError, match=r"bad.pt holds no vectors"):
        folder.vectors("bad", "l", 4)
