"""SaveLatent and LoadLatent."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from execution.node import NodeInputError
from nodes.latent_files import load_latent, save_latent

GOLDEN = Path(__file__).parents[3] / "shared" / "reference" / "golden" / "t2i_euler" / "10_t2i_euler.latent"


def latents():
    return torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(3))


def test_what_is_saved_loads_the_same(bench, workspace):
    prompt, extra = {"1": {"class_type": "SaveLatent"}}, {"workflow": {"nodes": []}}
    saved = save_latent(
        samples={"samples": latents()}, filename_prefix="latents/x", prompt=prompt, extra_pnginfo=extra, ctx=bench.ctx
    )
    assert saved.data == {"latents": [{"filename": "x_00001_.latent", "subfolder": "latents", "type": "output"}]}
    with safe_open(workspace.root / "output" / "latents" / "x_00001_.latent", "pt") as file:
        assert sorted(file.keys()) == ["latent_format_version_0", "latent_tensor"]
        assert file.get_tensor("latent_format_version_0").numel() == 0
        assert file.get_tensor("latent_tensor").dtype == torch.float32
        assert {name: json.loads(text) for name, text in file.metadata().items()} == {
            "prompt": prompt,
            "workflow": extra["workflow"],
        }
    loaded = load_latent(latent="latents/x_00001_.latent [output]", ctx=bench.ctx)
    assert torch.equal(loaded["samples"], latents())
    assert list(loaded) == ["samples"]


def test_half_precision_and_views_are_saved_as_float32(bench, workspace):
    view = latents().half()[:, :, ::2]
    save_latent(samples={"samples": view}, filename_prefix="x", ctx=bench.ctx)
    assert torch.equal(load_latent(latent="x_00001_.latent [output]", ctx=bench.ctx)["samples"], view.float())


def test_files_without_the_marker_were_scaled(bench, workspace):
    save_file({"latent_tensor": latents()}, workspace.root / "input" / "old.latent")
    loaded = load_latent(latent="old.latent", ctx=bench.ctx)
    assert torch.allclose(loaded["samples"], latents() / 0.18215)


def test_other_files_are_refused(bench, workspace):
    save_file({"weight": latents()}, workspace.root / "input" / "model.latent")
    save_file({"latent_tensor": latents()[0]}, workspace.root / "input" / "flat.latent")
    (workspace.root / "input" / "cut.latent").write_bytes(b"\xff\xff\0\0\0\0\0\0{")
    for name, says in (
        ("model", "holds no latents"),
        ("flat", "shape"),
        ("cut", "header"),
        ("none", "no 'none.latent'"),
    ):
        with pytest.raises(NodeInputError, match=says) as error:
            load_latent(latent=f"{name}.latent", ctx=bench.ctx)
        assert error.value.input_name == "latent"


def test_a_file_that_the_peer_wrote(bench, workspace):
    if not GOLDEN.exists():
        pytest.skip("the reference data in ../shared/reference is not there")
    (workspace.root / "input" / "peer.latent").write_bytes(GOLDEN.read_bytes())
    with safe_open(GOLDEN, "pt") as file:
        expected = file.get_tensor("latent_tensor")
    loaded = load_latent(latent="peer.latent", ctx=bench.ctx)["samples"]
    assert loaded.shape == (1, 4, 32, 32)
    assert torch.equal(loaded, expected)
