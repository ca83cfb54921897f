"""Prompts to conditioning, with small random encoders."""

import pytest
import torch
from safetensors.torch import save_file

from execution.events import Warned
from execution.node import NodeInputError
from nodes import text as nodes
from nodes.loaders import checkpoint_loader

SIZES = {"width": 640, "height": 512, "crop_w": 8, "crop_h": 16, "target_width": 768, "target_height": 704}


@pytest.fixture
def base(models):
    return checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx).CLIP


@pytest.fixture
def refiner(models):
    return checkpoint_loader(ckpt_name="refiner.safetensors", ctx=models.ctx).CLIP


def test_a_prompt(models, base):
    ((states, options),) = nodes.clip_text_encode(text="a red fox", clip=base, ctx=models.ctx)
    known = base.encode_text("a red fox")
    assert torch.equal(states, known.cond) and states.shape == (1, 77, 192)
    assert torch.equal(options.pop("pooled_output"), known.pooled)
    assert options.pop("weft_prompts") == [
        {"encoder": encoder, "ids": [320, 736, 3240], "weights": [1.0] * 3} for encoder in "lg"
    ]
    assert options == {}


def test_a_prompt_for_each_encoder_with_sizes(models, base):
    ((states, options),) = nodes.clip_text_encode_sdxl(
        clip=base, **SIZES, text_g="a fox", text_l="oil painting", ctx=models.ctx
    )
    assert torch.equal(states[..., :64], base.encode_text("oil painting").cond[..., :64])
    assert torch.equal(states[..., 64:], base.encode_text("a fox").cond[..., 64:])
    assert torch.equal(options.pop("pooled_output"), base.encode_text("a fox").pooled)
    assert [(row["encoder"], len(row["ids"])) for row in options.pop("weft_prompts")] == [("l", 2), ("g", 2)]
    assert options == SIZES


def test_a_prompt_for_the_refiner(models, refiner):
    ((states, options),) = nodes.clip_text_encode_sdxl_refiner(
        ascore=2.5, width=640, height=512, text="a fox", clip=refiner, ctx=models.ctx
    )
    assert torch.equal(states, refiner.encode_text("a fox").cond)
    assert torch.equal(options.pop("pooled_output"), refiner.encode_text("a fox").pooled)
    assert [row["encoder"] for row in options.pop("weft_prompts")] == ["g"]
    assert options == {"aesthetic_score": 2.5, "width": 640, "height": 512}


def test_two_prompts_for_one_encoder_are_refused(models, refiner):
    with pytest.raises(NodeInputError, match="SDXL base") as error:
        nodes.clip_text_encode_sdxl(clip=refiner, **SIZES, text_g="x", text_l="y", ctx=models.ctx)
    assert error.value.input_name == "clip"


def test_an_earlier_layer(models, base):
    earlier = nodes.clip_set_last_layer(clip=base, stop_at_clip_layer=-3)
    ((states, _),) = nodes.clip_text_encode(text="a fox", clip=earlier, ctx=models.ctx)
    assert torch.equal(states, base.with_layer(-3).encode_text("a fox").cond)
    assert not torch.equal(states, base.encode_text("a fox").cond)


def test_embeddings_that_are_missing_are_told(models, base):
    nodes.clip_text_encode(text="a fox, embedding:nowhere", clip=base, ctx=models.ctx)
    assert "nowhere" in models.told(Warned)[0].sentence


def test_embeddings_of_another_width_are_told(models, base):
    """Which prompt, which file, what was expected and what was found; the encoder that it fits has it all the same."""
    folder = models.workspace.root / "models" / "embeddings"
    folder.mkdir(parents=True)
    save_file({"emb_params": torch.ones(2, 64)}, folder / "old.safetensors")
    ((states, _),) = nodes.clip_text_encode(text="a fox, embedding:old", clip=base, ctx=models.ctx)
    (told,) = [event.sentence for event in models.told(Warned)]
    for part in ("'a fox, embedding:old'", "old.safetensors", "OpenCLIP-bigG", "128 values wide", "emb_params [2, 64]"):
        assert part in told
    ((plain, _),) = nodes.clip_text_encode(text="a fox,", clip=base, ctx=models.ctx)
    assert not torch.equal(states[..., :64], plain[..., :64])
    assert torch.equal(states[..., 64:], plain[..., 64:])


def test_a_damaged_embedding_is_told(models, base):
    folder = models.workspace.root / "models" / "embeddings"
    folder.mkdir(parents=True)
    (folder / "broken.safetensors").write_bytes(b"nothing of the sort")
    with pytest.raises(NodeInputError, match=r"broken\.safetensors.*Download it again") as error:
        nodes.clip_text_encode(text="a fox, embedding:broken", clip=base, ctx=models.ctx)
    assert error.value.input_name == "clip"
