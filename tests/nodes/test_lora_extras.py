"""LoRAs block by block, several on one node, and named in the prompt."""

from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from execution.node import NodeInputError
from models.adapters.block_weights import LAYOUTS, PRESETS, BlockWeightError, read_block_weights
from models.prompting.errors import PromptError
from models.prompting.lora_tags import nearest, read_tags, resolve, tag_names
from models.sampling.noise import seeded_noise
from models.sampling.sample import final_latent, sample
from nodes import loaders
from nodes.loras import lora_loader
from nodes.prompt_files import PromptFiles
from nodes.prompting.loras import lora_block_weights, lora_stack, loras_in_prompt
from nodes.text import clip_text_encode
from tests.models.small_models import relative

IN = "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q"
MID = "lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q"
OUT = "lora_unet_output_blocks_0_1_transformer_blocks_0_attn1_to_q"
TIME = "lora_unet_time_embed_0"
TEXT = "lora_te1_text_model_encoder_layers_0_mlp_fc1"
SHAPE = (1, 4, 16, 16)


def tensors(seed, *stems):
    generator = torch.Generator().manual_seed(seed)
    sizes = {TIME: (128, 32), TEXT: (128, 64)}
    found = {}
    for stem in stems:
        out, takes = sizes.get(stem, (64, 64))
        found[f"{stem}.lora_up.weight"] = torch.randn(out, 4, generator=generator)
        found[f"{stem}.lora_down.weight"] = torch.randn(4, takes, generator=generator) * takes**-0.5
    return found


@pytest.fixture
def bench(models):
    folder = models.workspace.root / "models" / "loras" / "sub"
    folder.mkdir(parents=True)
    save_file(tensors(1, IN, MID, OUT, TIME, TEXT), folder / "mine.safetensors")
    save_file(tensors(2, IN, MID, OUT, TIME, TEXT), folder.parent / "other.safetensors")
    save_file(tensors(1, OUT), folder.parent / "out_only.safetensors")
    return models


@pytest.fixture
def base(bench):
    return loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=bench.ctx)


def drawn(bench, model, clip):
    prompts = [clip_text_encode(text=text, clip=clip, ctx=bench.ctx) for text in ("a fox", "")]
    run = sample(
        model, noise=seeded_noise(SHAPE, 3), latent=torch.zeros(SHAPE), positive=prompts[0], negative=prompts[1],
        cfg=3.0, sampler="euler", scheduler="normal", steps=2, seed=3,
    )  # fmt: skip
    return final_latent(run, torch.zeros(SHAPE))


def strengths(model: Any):
    return {name: change.strength for name, (change,) in model.patches.changes.items()}


def with_blocks(bench, base, blocks, strength=1.0):
    return lora_block_weights(
        model=base.MODEL, clip=base.CLIP, lora_name="sub/mine.safetensors", blocks=blocks,
        strength_model=strength, ctx=bench.ctx,
    ).value  # fmt: skip


def test_each_block_has_its_strength(bench, base):
    numbers = [0.5, *([0.25] * 9), 0.75, *([2.0] * 9)]
    done = with_blocks(bench, base, ",".join(map(str, numbers)), strength=0.5)
    by_block = {name.split(".")[0]: strength for name, strength in strengths(done.MODEL).items()}
    assert by_block == {"input_blocks": 0.125, "middle_block": 0.375, "output_blocks": 1.0, "time_embed": 0.25}
    assert [change.strength for (change,) in done.CLIP.patches["l"].changes.values()] == [0.5]


def test_block_weights_change_what_is_drawn_and_leave_nothing_behind(bench, base):
    plain = drawn(bench, base.MODEL, base.CLIP)
    whole = lora_loader(model=base.MODEL, clip=base.CLIP, lora_name="sub/mine.safetensors", ctx=bench.ctx)
    everything, nothing = with_blocks(bench, base, "ALL"), with_blocks(bench, base, "none")
    assert torch.equal(drawn(bench, *everything), drawn(bench, *whole))
    assert torch.equal(drawn(bench, *nothing), plain)
    assert not nothing.MODEL.patches
    out = with_blocks(bench, base, "0,0,0,0,0,0,1,1,1,1,1,1")
    only = lora_loader(model=base.MODEL, clip=base.CLIP, lora_name="out_only.safetensors", ctx=bench.ctx)
    assert set(strengths(out.MODEL)) == set(strengths(only.MODEL))
    assert relative(drawn(bench, *out), plain) > 1e-4
    assert relative(drawn(bench, *out), drawn(bench, *whole)) > 1e-4
    assert torch.equal(drawn(bench, base.MODEL, base.CLIP), plain)


def test_a_block_that_is_not_named_is_as_the_next_one_towards_the_middle():
    weights = read_block_weights("9, 4, 5, 7, 8, 50, 60, 61, 62, 63, 64, 65")
    at = {n: weights(f"input_blocks.{n}.0.x") for n in range(9)}
    assert at == {0: 4, 1: 4, 2: 4, 3: 4, 4: 4, 5: 5, 6: 7, 7: 7, 8: 8}
    assert [weights(f"output_blocks.{n}.0.x") for n in range(9)] == [60, 61, 62, 63, 64, 65, 65, 65, 65]
    assert weights("middle_block.1.x") == 50
    assert weights("label_emb.0.0.weight") == weights("out.2.weight") == 9


@pytest.mark.parametrize("length", LAYOUTS)
def test_every_length_is_read(length):
    weights = read_block_weights(",".join(map(str, range(length))))
    assert weights.base == 0
    assert weights("middle_block.0.x") == LAYOUTS[length].index("MID")
    assert len(set(LAYOUTS[length])) == length


def test_presets_are_lists_of_twelve():
    assert {len(read_block_weights(name).named) for name in PRESETS} == {12}


@pytest.mark.parametrize(
    "text, says", [("1,2", "There are 2"), ("SOME", "neither a preset"), ("nan," * 12, "infinite")]
)
def test_block_weights_that_are_none(bench, base, text, says):
    with pytest.raises(BlockWeightError, match=says):
        read_block_weights(text)
    with pytest.raises(NodeInputError, match=says) as error:
        with_blocks(bench, base, text)
    assert error.value.input_name == "blocks"


def test_a_stack_is_one_loader_after_the_other(bench, base):
    both = lora_stack(
        model=base.MODEL, clip=base.CLIP, lora_1="sub/mine.safetensors", model_1=0.5, clip_1=0.25,
        lora_4="other.safetensors", model_4=-0.5, ctx=bench.ctx,
    )  # fmt: skip
    one = lora_loader(
        model=base.MODEL, clip=base.CLIP, lora_name="sub/mine.safetensors", strength_model=0.5, strength_clip=0.25,
        ctx=bench.ctx,
    )  # fmt: skip
    two = lora_loader(model=one.MODEL, clip=one.CLIP, lora_name="other.safetensors", strength_model=-0.5, ctx=bench.ctx)
    assert torch.equal(drawn(bench, *both), drawn(bench, *two))
    assert lora_stack(model=base.MODEL, clip=base.CLIP, ctx=bench.ctx) == (base.MODEL, base.CLIP)
    with pytest.raises(NodeInputError, match="There is no") as error:
        lora_stack(model=base.MODEL, clip=base.CLIP, lora_3="gone.safetensors", ctx=bench.ctx)
    assert error.value.input_name == "lora_3"


def in_prompt(bench, base, text, **inputs):
    return loras_in_prompt(model=base.MODEL, clip=base.CLIP, text=text, ctx=bench.ctx, **inputs)


def test_loras_named_in_a_prompt(bench, base):
    done = in_prompt(bench, base, "a fox <lora:mine:0.5:0.25>, <lora:other:-0.5:1>, (at night:1.2)")
    model, clip, text = done.value
    assert text == "a fox, (at night:1.2)"
    assert "mine: model 0.5, clip 0.25" in done.ui["text"][0]
    stacked = lora_stack(
        model=base.MODEL, clip=base.CLIP, lora_1="sub/mine.safetensors", model_1=0.5, clip_1=0.25,
        lora_2="other.safetensors", model_2=-0.5, ctx=bench.ctx,
    )  # fmt: skip
    assert torch.equal(drawn(bench, model, clip), drawn(bench, *stacked))
    plain = in_prompt(bench, base, "a fox").value
    assert plain == (base.MODEL, base.CLIP, "a fox")


def test_block_weights_in_a_prompt(bench, base):
    done = in_prompt(bench, base, "<lora:mine:1:lbw=0,0,0,0,0,0,1,1,1,1,1,1>").value
    wanted = with_blocks(bench, base, "0,0,0,0,0,0,1,1,1,1,1,1")
    assert strengths(done.MODEL) == strengths(wanted.MODEL)
    with pytest.raises(NodeInputError, match="neither a preset"):
        in_prompt(bench, base, "<lora:mine:1:lbw=WHAT>")


def test_an_unknown_name_tells_the_nearest(bench, base):
    with pytest.raises(NodeInputError, match=r"no LoRA 'mime'.*nearest names are sub/mine") as error:
        in_prompt(bench, base, "a fox <lora:mime:1>")
    assert error.value.input_name == "text"


@pytest.mark.parametrize(
    "text, plain, tags",
    [
        ("a fox", "a fox", []),
        ("<lora:a>", "", [("a", 1, 1)]),
        ("a <lora:b:0.5> c", "a c", [("b", 0.5, 0.5)]),
        ("a, <lora:b:0.5:0.25>, c", "a, c", [("b", 0.5, 0.25)]),
        ("<lora:b:1>, a", "a", [("b", 1, 1)]),
        ("a, <lora:b:1>, <lora:c:1>", "a", [("b", 1, 1), ("c", 1, 1)]),
        ("< LORA : x/y z : -1 >a", "a", [("x/y z", -1, -1)]),
        ("<lora:a:te=0.5:unet=2>", "", [("a", 2, 0.5)]),
        ("<lyco:a:0.5>", "", [("a", 0.5, 0.5)]),
        ("a < b > c <lor:x>", "a < b > c <lor:x>", []),
    ],
)  # fmt: skip
def test_tags(text, plain, tags):
    found = read_tags(text)
    assert found.text == plain
    assert [(tag.name, tag.strength_model, tag.strength_clip) for tag in found.tags] == tags
    assert tag_names(text) == [name for name, _, _ in tags]


def test_two_numbers_as_a1111_means_them():
    (tag,) = read_tags("<lora:a:0.25:0.75>", "clip:unet").tags
    assert (tag.strength_model, tag.strength_clip) == (0.75, 0.25)


@pytest.mark.parametrize("text", ["<lora:>", "<lora:a:x>", "<lora:a:1:2:3>", "<lora:a:foo=1>", "<lora:a:nan>"])
def test_tags_that_are_none(text):
    with pytest.raises(PromptError):
        read_tags(text)


def test_names_and_files():
    files = ["Add Detail.safetensors", "style/ink.v1.safetensors", "style/add detail.pt"]
    assert resolve("style/ink.v1", files) == resolve("ink.v1", files) == files[1]
    assert resolve("add detail", files) == files[2]
    assert resolve("ADD DETAIL", files) == files[0]
    assert resolve("ink", files) is None
    assert nearest("ink_v1", files) == ["style/ink.v1"]
    assert nearest("zzz", files) == []


def test_a_changed_file_is_read_again(bench):
    """The content of LoRAs that a prompt names is part of the node's cache key."""
    files = PromptFiles(bench.workspace)
    before = files.mentioned("loras", "a fox <lora:mine:1>"), files.mentioned("loras", "<lora:other:1>")
    save_file(tensors(9, IN), bench.workspace.root / "models" / "loras" / "sub" / "mine.safetensors")
    assert files.mentioned("loras", "a fox <lora:mine:1>") != before[0]
    assert files.mentioned("loras", "<lora:other:1>") == before[1]
    assert files.mentioned("loras", "a fox") == ""
    assert files.mentioned("loras", None)
