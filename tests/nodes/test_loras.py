"""The LoRA nodes."""

import pytest
import torch
from safetensors.torch import save_file

from execution.events import Warned
from execution.node import NodeInputError
from nodes import loaders, loras

STEM = "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q"
FITS = {f"{STEM}.lora_up.weight": torch.ones(64, 2), f"{STEM}.lora_down.weight": torch.ones(2, 64)}
TEXT = {
    "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": torch.ones(128, 2),
    "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": torch.ones(2, 64),
}


@pytest.fixture
def bench(models):
    folder = models.workspace.root / "models" / "loras" / "sub"
    folder.mkdir(parents=True)
    save_file(FITS | TEXT, folder / "mine.safetensors")
    save_file(FITS | {"lora_unet_nothing.alpha": torch.tensor(1.0)}, folder / "part.safetensors")
    save_file({"latent_tensor": torch.zeros(1)}, folder / "latent.safetensors")
    return models


@pytest.fixture
def base(bench):
    return loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=bench.ctx)


def test_both_strengths(bench, base):
    put = {"model": base.MODEL, "clip": base.CLIP, "lora_name": "sub/mine.safetensors", "ctx": bench.ctx}
    both = loras.lora_loader(**put, strength_model=0.5, strength_clip=2.0)
    assert [change.strength for (change,) in both.MODEL.patches.changes.values()] == [0.5]
    assert [change.strength for (change,) in both.CLIP.patches["l"].changes.values()] == [2.0]
    model_only = loras.lora_loader(**put, strength_model=1.0, strength_clip=0.0)
    assert model_only.CLIP.patches == {}
    assert loras.lora_loader(**put, strength_model=0.0, strength_clip=0.0) == (base.MODEL, base.CLIP)
    assert bench.told(Warned) == []


def test_the_model_only(bench, base):
    model = loras.lora_loader_model_only(model=base.MODEL, lora_name="sub/mine.safetensors", ctx=bench.ctx)
    assert len(model.patches.changes) == 1
    assert (
        loras.lora_loader_model_only(
            model=base.MODEL, lora_name="sub/mine.safetensors", strength_model=0.0, ctx=bench.ctx
        )
        is base.MODEL
    )
    assert bench.told(Warned) == []


def test_what_fits_in_part_is_told(bench, base):
    loras.lora_loader_model_only(model=base.MODEL, lora_name="sub/part.safetensors", ctx=bench.ctx)
    assert "2 of the 3 tensors" in bench.told(Warned)[0].sentence


def test_files_that_do_not_fit_blame_the_input(bench, base):
    for name, says in (("none.safetensors", "There is no"), ("sub/latent.safetensors", "Load it with LoadLatent")):
        with pytest.raises(NodeInputError, match=says) as error:
            loras.lora_loader_model_only(model=base.MODEL, lora_name=name, ctx=bench.ctx)
        assert error.value.input_name == "lora_name"
