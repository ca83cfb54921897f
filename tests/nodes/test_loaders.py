"""Loaders: whole checkpoints and their parts, and what they say of files that do not fit."""

import pytest
import torch

from execution.events import Warned
from execution.node import NodeInputError
from nodes import loaders


def test_a_checkpoint_gives_its_three_parts(models):
    base = loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)
    assert base.MODEL.family == "sdxl"
    assert [encoder.role.name for encoder in base.CLIP.encoders] == ["l", "g"]
    refiner = loaders.checkpoint_loader(ckpt_name="refiner.safetensors", ctx=models.ctx)
    assert refiner.MODEL.family == "sdxl_refiner"
    assert [encoder.role.name for encoder in refiner.CLIP.encoders] == ["g"]


def test_parts_on_their_own_are_those_of_the_checkpoint(models):
    whole = loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)
    unet = loaders.unet_loader(unet_name="unet.safetensors", weight_dtype="default", ctx=models.ctx)
    vae = loaders.vae_loader(vae_name="vae.safetensors", ctx=models.ctx)
    clip = loaders.dual_clip_loader(clip_name1="g.safetensors", clip_name2="l.safetensors", type="sdxl", ctx=models.ctx)
    for loaded, known in ((unet.network, whole.MODEL.network), (vae.network, whole.VAE.network)):
        assert all(
            torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), known.state_dict().values(), strict=True)
        )
    for text in ("a fox", "(red:1.3) fox"):
        assert torch.equal(clip.encode_text(text).cond, whole.CLIP.encode_text(text).cond)
        assert torch.equal(clip.encode_text(text).pooled, whole.CLIP.encode_text(text).pooled)


def test_a_whole_checkpoint_gives_both_text_encoders(models):
    (models.workspace.root / "models").mkdir(parents=True)
    folder = models.workspace.root / "models" / "text_encoders"
    folder.symlink_to(models.workspace.model_folders("checkpoints")[1])
    names = {"clip_name1": "base.safetensors", "clip_name2": "base.safetensors"}
    clip = loaders.dual_clip_loader(**names, type="sdxl", ctx=models.ctx)
    assert [encoder.role.name for encoder in clip.encoders] == ["l", "g"]
    with pytest.raises(NodeInputError, match="chosen twice and holds one text encoder"):
        loaders.dual_clip_loader(
            clip_name1="refiner.safetensors", clip_name2="refiner.safetensors", type="sdxl", ctx=models.ctx
        )


def test_one_text_encoder(models):
    clip = loaders.clip_loader(clip_name="l.safetensors", type="stable_diffusion", ctx=models.ctx)
    assert [encoder.role.name for encoder in clip.encoders] == ["l"]


def test_formats_of_weights_that_we_do_not_keep_are_told(models):
    loaders.unet_loader(unet_name="unet.safetensors", weight_dtype="fp8_e4m3fn", ctx=models.ctx)
    assert "fp8_e4m3fn" in models.told(Warned)[0].sentence


def test_text_encoders_of_other_families_are_refused(models):
    with pytest.raises(NodeInputError, match="choose stable_diffusion") as error:
        loaders.clip_loader(clip_name="l.safetensors", type="sd3", ctx=models.ctx)
    assert error.value.input_name == "type"
    with pytest.raises(NodeInputError, match="choose sdxl"):
        loaders.dual_clip_loader(clip_name1="l.safetensors", clip_name2="g.safetensors", type="flux", ctx=models.ctx)


def test_missing_and_damaged_files_blame_the_input(models):
    bad = models.workspace.root / "models" / "checkpoints" / "bad.safetensors"
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"\xff" * 64)
    for name, says in (
        ("none.safetensors", "There is no 'none.safetensors' among the checkpoints"),
        ("bad.safetensors", "bad"),
    ):
        with pytest.raises(NodeInputError, match=says) as error:
            loaders.checkpoint_loader(ckpt_name=name, ctx=models.ctx)
        assert error.value.input_name == "ckpt_name"
        assert str(error.value).endswith(".")
    with pytest.raises(NodeInputError) as error:
        loaders.vae_loader(vae_name="none.safetensors", ctx=models.ctx)
    assert error.value.input_name == "vae_name"


def test_prompts_may_name_embeddings_of_the_workspace(models):
    clip = loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx).CLIP
    assert clip.tokenize("embedding:none").warnings
    folder = models.workspace.root / "models" / "embeddings"
    folder.mkdir(parents=True)
    torch.save({"clip_l": torch.ones(1, 64), "clip_g": torch.ones(1, 128)}, folder / "mine.pt")
    assert clip.tokenize("embedding:mine").warnings == ()
