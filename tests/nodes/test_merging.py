"""Merged models compute with the weights that plain arithmetic on the files' tensors gives."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from execution.events import Warned
from execution.node import NodeInputError
from models.adapters.lora import with_lora
from models.adapters.lora_file import read_lora
from models.adapters.weight_patches import NO_PATCHES
from models.checkpoint import load_checkpoint, load_unet
from models.memory import DeviceMemory
from models.merging.blend import Blend
from nodes.merging.merge_blocks import block_prefixes, model_merge_sdxl
from nodes.merging.merge_clips import clip_merge_add, clip_merge_simple, clip_merge_subtract
from nodes.merging.merge_models import (
    model_merge_add,
    model_merge_blocks,
    model_merge_simple,
    model_merge_subtract,
)
from tests.models.small_models import make, relative

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "nodes.json"
UNET, TEXT_L = "model.diffusion_model.", "conditioner.embedders.0.transformer.text_model."
LAYER = "input_blocks.3.1.transformer_blocks.0.attn1.to_q"
MEMORY = DeviceMemory.choose("cpu")


def other_weights(family, seed=9):
    """Another checkpoint of the family: each weight is a seeded mixture."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: value + 0.1 * value.abs().mean() * torch.randn(value.shape, generator=generator)
        for name, value in make(family).state.items()
    }


def save(tensors, path):
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, path)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two checkpoints of SDXL's shape as float16 files, and their tensors in float32."""
    folder = tmp_path_factory.mktemp("merging")
    pair = []
    for name, state in (("one", make("sdxl").state), ("two", other_weights("sdxl"))):
        halves = {key: value.half() for key, value in state.items()}
        pair.append(
            (save(halves, folder / f"{name}.safetensors"), {key: value.float() for key, value in halves.items()})
        )
    return pair


@pytest.fixture
def pair(files):
    return [load_checkpoint(path, MEMORY) for path, _ in files]


def weights(model):
    """Every weight of a model as it computes with it."""
    return {
        name: model.patches.of(name, value.data) if name in model.patches.changes else value.data
        for name, value in model.network.named_parameters()
    }


def expected(files, formula):
    (_, one), (_, two) = files
    return {name.removeprefix(UNET): formula(one[name], two[name]) for name in one if name.startswith(UNET)}


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value.reshape(found[name].shape), rtol=1e-6, atol=1e-7)


def predict(model):
    generator = torch.Generator().manual_seed(3)
    x, context = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 7, 192, generator=generator)
    y = torch.randn(1, model.config.adm_channels, generator=generator)
    with torch.no_grad(), MEMORY.computing(model.network, model.patches) as network:
        return network(x, torch.tensor([500.0]), context, y)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
def test_simple_is_the_weighted_average(bench, pair, files, ratio):
    done = bench.call(model_merge_simple, model1=pair[0].model, model2=pair[1].model, ratio=ratio)
    same(weights(done), expected(files, lambda a, b: ratio * a + (1 - ratio) * b))


def test_subtract_and_add_are_differences_and_sums(bench, pair, files):
    one, two = (checkpoint.model for checkpoint in pair)
    difference = bench.call(model_merge_subtract, model1=one, model2=two, multiplier=-2.5)
    same(weights(difference), expected(files, lambda a, b: -2.5 * (a - b)))
    same(
        weights(bench.call(model_merge_add, model1=two, model2=difference)),
        expected(files, lambda a, b: b - 2.5 * (a - b)),
    )


def test_what_the_merge_computes_is_what_a_file_of_merged_weights_computes(bench, pair, files, tmp_path):
    done = bench.call(model_merge_simple, model1=pair[0].model, model2=pair[1].model, ratio=0.25)
    made = {UNET + name: value for name, value in expected(files, lambda a, b: 0.25 * a + 0.75 * b).items()}
    plain = load_unet(save(made, tmp_path / "merged.safetensors"), MEMORY)
    assert relative(predict(done), predict(plain)) < 1e-6
    assert relative(predict(pair[0].model), predict(plain)) > 1e-3  # so the comparison can fail


def test_blocks_take_their_ratios_and_the_rest_that_of_the_first(bench, pair, files):
    done = bench.call(model_merge_blocks, model1=pair[0].model, model2=pair[1].model, input=0.9, middle=0.5, out=0.1)
    found, simple = weights(done), {r: expected(files, lambda a, b, r=r: r * a + (1 - r) * b) for r in (0.9, 0.5, 0.1)}
    for name in found:
        head = name.partition(".")[0]
        ratio = {"middle_block": 0.5, "output_blocks": 0.1, "out": 0.1}.get(head, 0.9)
        torch.testing.assert_close(found[name], simple[ratio][name].reshape(found[name].shape), rtol=1e-6, atol=1e-7)


def test_the_longest_prefix_decides(bench, pair, files):
    given = {"time_embed_": 0.2, "label_emb_": 0.4, "input_blocks_3": 0.0, "middle_block_1": 0.6, "out_": 0.8}
    found = weights(bench.call(model_merge_sdxl, model1=pair[0].model, model2=pair[1].model, **given))
    wanted = {
        "time_embed.0.weight": 0.2,
        "label_emb.0.0.bias": 0.4,
        "input_blocks.3.0.in_layers.2.weight": 0.0,
        "input_blocks.2.0.op.weight": 1.0,
        "middle_block.1.proj_in.weight": 0.6,
        "middle_block.0.in_layers.2.weight": 1.0,
        "output_blocks.0.0.in_layers.2.weight": 1.0,
        "out.2.weight": 0.8,
    }
    for name, ratio in wanted.items():
        right = expected(files, lambda a, b, r=ratio: r * a + (1 - r) * b)[name]
        torch.testing.assert_close(found[name], right.reshape(found[name].shape), rtol=1e-6, atol=1e-7)


def test_block_inputs_are_the_stock_ones(registry):
    if not REFERENCE.exists():
        pytest.skip("the reference data in ../shared/reference is not there")
    stock = json.loads(REFERENCE.read_text())
    for name in ("ModelMergeSDXL", "ModelMergeSD1", "ModelMergeSD2"):
        assert [one.name for one in registry[name].spec.inputs] == stock[name]["input_order"]["required"]
    assert block_prefixes(9, dot="")[2] == "input_blocks.0"


@pytest.fixture
def lora(tmp_path):
    """A change to one layer, and its difference."""
    up, down = torch.randn(64, 4, generator=torch.Generator().manual_seed(1)), torch.randn(4, 64) * 0.1
    name = f"lora_unet_{LAYER.replace('.', '_')}"
    save_file({f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down}, tmp_path / "lora.safetensors")
    return read_lora(tmp_path / "lora.safetensors"), up @ down


def test_loras_below_and_above_a_merge_and_on_the_other_model(bench, pair, files, lora):
    file, delta = lora
    one, two = (checkpoint.model for checkpoint in pair)
    a, b = (tensors[f"{UNET}{LAYER}.weight"] for _, tensors in files)
    below = bench.call(model_merge_simple, model1=with_lora(one, None, file, 1.0).model, model2=two, ratio=0.25)
    other = bench.call(model_merge_simple, model1=one, model2=with_lora(two, None, file, 2.0).model, ratio=0.25)
    above = with_lora(bench.call(model_merge_simple, model1=one, model2=two, ratio=0.25), None, file, 0.5).model
    for model, wanted in (
        (below, 0.25 * (a + delta) + 0.75 * b),
        (other, 0.25 * a + 0.75 * (b + 2 * delta)),
        (above, 0.25 * a + 0.75 * b + 0.5 * delta),
    ):
        torch.testing.assert_close(weights(model)[f"{LAYER}.weight"], wanted, rtol=1e-5, atol=1e-6)


def test_a_merge_copies_nothing_and_leaves_both_models_as_they_were(bench, pair):
    before = [{name: value.clone() for name, value in one.model.network.named_parameters()} for one in pair]
    done = bench.call(model_merge_simple, model1=pair[0].model, model2=pair[1].model, ratio=0.5)
    predict(done)
    assert done.network is pair[0].model.network
    assert pair[0].model.patches is NO_PATCHES
    blends = [change for changes in done.patches.changes.values() for change in changes]
    assert all(isinstance(blend, Blend) and blend.other.dtype == torch.float16 for blend in blends)  # as in the file
    for one, kept in zip(pair, before, strict=True):
        assert all(torch.equal(value, kept[name]) for name, value in one.model.network.named_parameters())


def test_merges_of_merges(bench, pair, files):
    one, two = (checkpoint.model for checkpoint in pair)
    inner = bench.call(model_merge_simple, model1=one, model2=two, ratio=0.5)
    outer = bench.call(model_merge_simple, model1=two, model2=inner, ratio=0.2)
    same(weights(outer), expected(files, lambda a, b: 0.2 * b + 0.8 * (0.5 * a + 0.5 * b)))


def test_another_family_is_refused_in_a_sentence_that_names_both(models):
    files = {name: models.workspace.model("checkpoints", name) for name in ("base.safetensors", "refiner.safetensors")}
    base, refiner = (load_checkpoint(path, MEMORY) for path in files.values())
    with pytest.raises(NodeInputError, match=r"base\.safetensors.*refiner\.safetensors.*different shapes") as caught:
        models.call(model_merge_simple, model1=base.model, model2=refiner.model, ratio=0.5)
    assert caught.value.input_name == "model2"
    with pytest.raises(NodeInputError, match="'g' of clip1") as caught:
        models.call(clip_merge_add, clip1=base.clip, clip2=refiner.clip)
    assert caught.value.input_name == "clip2"


def test_an_inpainting_model_is_made_of_differences(bench, tmp_path):
    plain = make("sd15").state
    first = f"{UNET}input_blocks.0.0.weight"
    more = {**other_weights("sd15"), first: torch.randn(32, 9, 3, 3) * 0.1}
    tuned = other_weights("sd15", seed=4)
    inpaint, base, fine = (
        load_unet(save(state, tmp_path / f"{number}.safetensors"), MEMORY)
        for number, state in enumerate((more, plain, tuned))
    )
    difference = bench.call(model_merge_subtract, model1=inpaint, model2=base)
    done = bench.call(model_merge_add, model1=difference, model2=fine)
    found = weights(done)
    assert done.config.in_channels == 9 and len(bench.told(Warned)) == 2
    torch.testing.assert_close(found["input_blocks.0.0.weight"], more[first])
    name = f"{UNET}out.2.weight"
    torch.testing.assert_close(found["out.2.weight"], more[name] - plain[name] + tuned[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("node", "settings", "formula"),
    [
        (clip_merge_simple, {"ratio": 0.3}, lambda a, b: 0.3 * a + 0.7 * b),
        (clip_merge_add, {}, lambda a, b: a + b),
        (clip_merge_subtract, {"multiplier": 2.0}, lambda a, b: 2 * (a - b)),
    ],
)
def test_text_encoders_merge_as_models_do(bench, pair, files, node, settings, formula):
    done = bench.call(node, clip1=pair[0].clip, clip2=pair[1].clip, **settings)
    (_, one), (_, two) = files
    place = "encoder.layers.1.mlp.fc1.weight"
    name, parameter = next((name, value) for name, value in done.encoders[0].named_parameters() if name.endswith(place))
    found = done.patches["l"].of(name, parameter.data)
    torch.testing.assert_close(found, formula(one[TEXT_L + place], two[TEXT_L + place]), rtol=1e-5, atol=1e-6)
    assert relative(done.encode_text("a fox").cond, pair[0].clip.encode_text("a fox").cond) > 1e-4


def test_an_encoder_without_a_partner_stays_and_says_so(bench, pair, tmp_path):
    alone = load_checkpoint(make("sd15").save(tmp_path / "sd15.safetensors"), MEMORY).clip
    done = bench.call(clip_merge_simple, clip1=pair[0].clip, clip2=alone, ratio=0.5)
    assert list(done.patches) == ["l"]
    assert ["'g'" in event.sentence for event in bench.told(Warned)] == [True]
