"""LoRAs: every layout and form gives the weights that its definition says, and leaves the model as it was."""

from __future__ import annotations

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from execution.sizes import measure
from models.adapters.lora import with_lora
from models.adapters.lora_file import read_lora
from models.adapters.lora_names import BEGINNINGS
from models.adapters.weight_patches import NO_PATCHES, patched_at_use
from models.checkpoint import CheckpointError, load_checkpoint
from models.memory import DeviceMemory, Dtypes
from tests.models.small_models import make, relative

LINEAR = "input_blocks.3.1.transformer_blocks.0.attn1.to_q"  # [64, 64]
CONVOLUTION = "input_blocks.3.0.in_layers.2"  # [64, 32, 3, 3]
TEXT = "encoder.layers.0.self_attn.q_proj"
DIFFUSERS = {
    LINEAR: "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
    CONVOLUTION: "down_blocks.1.resnets.0.conv1",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    file = make("sdxl").save(tmp_path_factory.mktemp("base") / "base.safetensors")
    return load_checkpoint(file, DeviceMemory.choose("cpu"))


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.2


def loaded(tmp_path, tensors):
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, tmp_path / "lora.safetensors")
    return read_lora(tmp_path / "lora.safetensors")


def weight_of(model, layer):
    return model.network.get_submodule(layer).weight


def changed(model, layer, parameter="weight"):
    """The changed weight, as it is computed when used."""
    name = f"{layer}.{parameter}"
    return model.patches.of(name, model.network.get_parameter(name).data)


def digest(network):
    found = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        found.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


UP, DOWN = numbers(64, 4, seed=1), numbers(4, 64, seed=2)
LAYOUTS = {
    "kohya, diffusers' names": ("lora_unet_{diffusers_}.lora_up.weight", "lora_unet_{diffusers_}.lora_down.weight"),
    "kohya, official names": ("lora_unet_{official_}.lora_up.weight", "lora_unet_{official_}.lora_down.weight"),
    "peft in a pipeline": ("unet.{diffusers}.lora_B.weight", "unet.{diffusers}.lora_A.weight"),
    "peft alone": ("base_model.model.{diffusers}.lora_B.weight", "base_model.model.{diffusers}.lora_A.weight"),
    "peft, adapter named": ("{diffusers}.lora_B.default.weight", "{diffusers}.lora_A.default.weight"),
    "diffusers before peft": ("unet.{diffusers}.lora.up.weight", "unet.{diffusers}.lora.down.weight"),
    "attention processors": ("{processor}_lora.up.weight", "{processor}_lora.down.weight"),
    "official, with dots": ("diffusion_model.{official}.lora_up.weight", "diffusion_model.{official}.lora_down.weight"),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("alpha", [None, 2.0])
def test_every_layout_says_the_same(layout, alpha, base, tmp_path):
    theirs = DIFFUSERS[LINEAR]
    names = {
        "official": LINEAR,
        "official_": LINEAR.replace(".", "_"),
        "diffusers": theirs,
        "diffusers_": theirs.replace(".", "_"),
        "processor": theirs.replace(".attn1.", ".attn1.processor."),
    }
    up, down = (pattern.format(**names) for pattern in layout)
    tensors = {up: UP, down: DOWN}
    if alpha is not None and up.endswith("_up.weight"):
        tensors[up.replace(".lora_up.weight", ".alpha")] = torch.tensor(alpha)
    scale = 1.0 if len(tensors) == 2 else alpha / 4
    done = with_lora(base.model, None, loaded(tmp_path, tensors), 0.5)
    assert done.misfit == ""
    assert torch.allclose(changed(done.model, LINEAR), weight_of(base.model, LINEAR) + 0.5 * scale * UP @ DOWN)


def test_old_attention_processors_say_to_out_without_its_number(base, tmp_path):
    layer = f"{LINEAR.removesuffix('to_q')}to_out"
    stem = f"unet.{DIFFUSERS[LINEAR]}".removesuffix("attn1.to_q") + "attn1.processor.to_out"
    done = with_lora(
        base.model, None, loaded(tmp_path, {f"{stem}_lora.up.weight": UP, f"{stem}_lora.down.weight": DOWN}), 1.0
    )
    assert list(done.model.patches.changes) == [f"{layer}.0.weight"]


def loop_tucker(core, left, right):
    """[out, in, k, k] of a core [r, s, k, k] between left [r, out] and right [s, in], summed one by one."""
    result = torch.zeros(left.shape[1], right.shape[1], *core.shape[2:])
    for r in range(core.shape[0]):
        for s in range(core.shape[1]):
            result += left[r][:, None, None, None] * right[s][None, :, None, None] * core[r, s]
    return result


def forms():
    """Name -> tensors of a convolution [64, 32, 3, 3] and the difference that they mean, for alpha 2 and rank 4."""
    a, b, c, d = numbers(64, 4, seed=3), numbers(4, 288, seed=4), numbers(64, 4, seed=5), numbers(4, 288, seed=6)
    yield "locon", {"lora_up.weight": a[:, :, None, None], "lora_down.weight": b.view(4, 32, 3, 3)}, (a @ b) / 2
    core, inner = numbers(4, 4, 3, 3, seed=7), numbers(4, 32, seed=8)
    tucker = {"lora_up.weight": a[:, :, None, None], "lora_mid.weight": core}
    tucker["lora_down.weight"] = inner[:, :, None, None]
    yield "locon with a middle", tucker, loop_tucker(core, a.T, inner) / 2
    hada = {"hada_w1_a": a, "hada_w1_b": b, "hada_w2_a": c, "hada_w2_b": d}
    yield "loha", hada, (a @ b) * (c @ d) / 2
    cores = {"hada_t1": core, "hada_w1_a": a.T, "hada_w1_b": inner}
    cores |= {"hada_t2": core.flip(0), "hada_w2_a": c.T, "hada_w2_b": inner.flip(0)}
    product = loop_tucker(core, a.T, inner) * loop_tucker(core.flip(0), c.T, inner.flip(0))
    yield "loha with cores", cores, product / 2
    small, large = numbers(8, 4, seed=9), numbers(8, 8, 3, 3, seed=10)
    kron = torch.zeros(64, 32, 3, 3)
    for row in range(8):
        for column in range(4):
            kron[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = small[row, column] * large
    yield "lokr whole", {"lokr_w1": small, "lokr_w2": large}, kron  # nothing has a rank: alpha does not count
    left, right = numbers(8, 4, seed=11), numbers(4, 72, seed=12)
    kron = torch.kron(small, left @ right)
    yield "lokr", {"lokr_w1": small, "lokr_w2_a": left, "lokr_w2_b": right}, kron / 2
    yield "full", {"diff": a[:, :1] @ b[:1]}, a[:, :1] @ b[:1]


@pytest.mark.parametrize(("tensors", "difference"), [form[1:] for form in forms()], ids=[form[0] for form in forms()])
def test_every_form_adds_what_its_definition_says(tensors, difference, base, tmp_path):
    stem = f"lora_unet_{CONVOLUTION.replace('.', '_')}"
    named = {f"{stem}.{name}": tensor for name, tensor in tensors.items()} | {f"{stem}.alpha": torch.tensor(2.0)}
    model = with_lora(base.model, None, loaded(tmp_path, named), 1.0).model
    wanted = weight_of(base.model, CONVOLUTION) + difference.reshape(64, 32, 3, 3)
    assert relative(changed(model, CONVOLUTION), wanted) < 1e-6


@pytest.mark.parametrize("shape", [(64, 1, 1, 1), (1, 32, 1, 1)])
def test_dora_sets_the_length_of_rows_or_columns(shape, base, tmp_path):
    stem = f"lora_unet_{CONVOLUTION.replace('.', '_')}"
    up, down, lengths = numbers(64, 4, 1, 1, seed=1), numbers(4, 32, 3, 3, seed=2), 1 + numbers(*shape, seed=3).abs()
    named = {f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down, f"{stem}.dora_scale": lengths}
    found = changed(with_lora(base.model, None, loaded(tmp_path, named), 1.0).model, CONVOLUTION)
    axis = shape.index(max(shape))
    norms = found.movedim(axis, 0).flatten(1).norm(dim=1)
    assert torch.allclose(norms, lengths.flatten(), rtol=1e-5)
    sum_of_both = weight_of(base.model, CONVOLUTION) + (up.flatten(1) @ down.flatten(1)).view(64, 32, 3, 3)
    cosines = torch.cosine_similarity(found.movedim(axis, 0).flatten(1), sum_of_both.movedim(axis, 0).flatten(1))
    assert torch.allclose(cosines, torch.ones_like(cosines), atol=1e-5)


def test_dora_of_peft_is_one_length_a_row(base, tmp_path):
    stem = f"unet.{DIFFUSERS[LINEAR]}"
    named = {f"{stem}.lora_B.weight": UP, f"{stem}.lora_A.weight": DOWN}
    named[f"{stem}.lora_magnitude_vector"] = torch.full((64,), 3.0)
    found = changed(with_lora(base.model, None, loaded(tmp_path, named), 1.0).model, LINEAR)
    assert torch.allclose(found.norm(dim=1), torch.full((64,), 3.0))


def test_a_bias(base, tmp_path):
    named = {f"diffusion_model.{CONVOLUTION}.diff_b": torch.ones(64)}
    model = with_lora(base.model, None, loaded(tmp_path, named), 2.0).model
    before = base.model.network.get_submodule(CONVOLUTION).bias
    assert torch.allclose(changed(model, CONVOLUTION, "bias"), before + 2)


def kohya(layer, up, down, beginning="lora_unet"):
    stem = f"{beginning}_{layer.replace('.', '_')}"
    return {f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down}


def run(model):
    generator = torch.Generator().manual_seed(3)
    x, context = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 77, 192, generator=generator)
    y = torch.randn(1, model.config.adm_channels, generator=generator)
    with torch.no_grad(), model.memory.computing(model.network, model.patches) as network:
        return network(x, torch.tensor([500.0]), context, y)


def test_the_model_stays_bit_for_bit_as_it_was_and_strengths_add_up(base, tmp_path):
    before, plain = digest(base.model.network), run(base.model)
    lora = loaded(tmp_path, kohya(LINEAR, UP, DOWN))
    once = with_lora(base.model, None, lora, 0.75).model
    twice = with_lora(with_lora(base.model, None, lora, 0.5).model, None, lora, 0.25).model
    away = with_lora(once, None, lora, -0.75).model
    with_it = run(once)
    assert relative(with_it, plain) > 1e-3
    assert relative(run(twice), with_it) < 1e-5
    assert relative(run(away), plain) < 1e-5
    assert torch.equal(run(base.model), plain)
    assert once.network is base.model.network
    assert digest(base.model.network) == before
    assert with_lora(base.model, None, lora, 0.0).model is base.model


def test_a_computation_that_fails_leaves_no_trace(base, tmp_path):
    model = with_lora(base.model, None, loaded(tmp_path, kohya(LINEAR, UP, DOWN)), 1.0).model
    before, plain = digest(model.network), run(base.model)
    with pytest.raises(RuntimeError), model.memory.computing(model.network, model.patches) as network:
        network(torch.zeros(1, 3, 8, 8), torch.tensor([1.0]), torch.zeros(1, 77, 192), torch.zeros(1, 1))
    with pytest.raises(RuntimeError), patched_at_use(model.network, model.patches):
        model.network.get_submodule(LINEAR)(torch.zeros(1, 3))
    assert digest(model.network) == before
    assert torch.equal(run(base.model), plain)


class Accelerator(DeviceMemory):
    """A device that is a part of main memory."""

    def _copy(self, home):
        return home.clone()

    def _make_room(self, size):
        pass


def test_an_accelerator_changes_its_own_copy_and_makes_it_anew(base, tmp_path):
    memory = Accelerator(torch.device("meta"), Dtypes(torch.float32, torch.float32, torch.float32))
    lora = loaded(tmp_path, kohya(LINEAR, UP, DOWN))
    model = with_lora(base.model, None, lora, 1.0).model
    home = {name: tensor.data_ptr() for name, tensor in model.network.named_parameters()}
    before, weight = digest(model.network), weight_of(model, LINEAR)
    original = weight.data.clone()
    with memory.computing(model.network, model.patches):
        assert torch.equal(weight.data, model.patches.of(f"{LINEAR}.weight", original))
        kept = weight.data_ptr()
    with memory.computing(model.network, model.patches):
        assert weight.data_ptr() == kept  # changed once, not at every use
    with memory.computing(model.network):
        assert torch.equal(weight.data, original)
        assert weight.data_ptr() != home[f"{LINEAR}.weight"]
    with memory.computing(model.network, model.patches):
        pass
    memory.free()
    assert {name: tensor.data_ptr() for name, tensor in model.network.named_parameters()} == home
    assert digest(model.network) == before


class Stopped(Exception):
    pass


def test_stopped_while_it_changes_its_copy_an_accelerator_mends_it(base, tmp_path):
    memory = Accelerator(torch.device("meta"), Dtypes(torch.float32, torch.float32, torch.float32))
    other = LINEAR.replace("to_q", "to_k")
    model = with_lora(base.model, None, loaded(tmp_path, kohya(LINEAR, UP, DOWN) | kohya(other, UP, DOWN)), 1.0).model
    before = digest(model.network)
    with memory.computing(model.network):
        pass
    asked = iter([None, Stopped()])

    def ask():
        answer = next(asked)
        if answer:
            raise answer

    with memory.interruption.asking(ask), pytest.raises(Stopped), memory.computing(model.network, model.patches):
        pass
    with memory.computing(model.network):
        assert digest(model.network) == before
    memory.free()
    assert digest(model.network) == before


def test_text_encoders_are_changed_each_by_its_own(base, tmp_path):
    up, down = numbers(64, 4, seed=1), numbers(4, 64, seed=2)
    tensors = kohya(f"text_model.{TEXT}", up, down, "lora_te1")
    tensors |= kohya(f"text_model.{TEXT}", numbers(128, 4, seed=3), numbers(4, 128, seed=4), "lora_te2")
    lora = loaded(tmp_path, tensors)
    plain = base.clip.encode_text("a fox")
    done = with_lora(base.model, base.clip, lora, 1.0, 1.0)
    assert done.misfit == ""
    assert done.model is base.model
    assert {name: list(own.changes) for name, own in done.clip.patches.items()} == {
        role: [f"transformer.{core}{TEXT}.weight"]
        for role in "lg"
        for core in [next(n for n, _ in base.clip.encoders[0].named_parameters()).split("embeddings")[0][12:]]
    }
    with_it = done.clip.encode_text("a fox")
    assert relative(with_it.cond[..., :64], plain.cond[..., :64]) > 1e-3
    assert relative(with_it.cond[..., 64:], plain.cond[..., 64:]) > 1e-3
    again = base.clip.encode_text("a fox")
    assert torch.equal(again.cond, plain.cond)


def test_text_alone_needs_a_clip(base, tmp_path):
    lora = loaded(tmp_path, kohya(f"text_model.{TEXT}", UP, DOWN, "lora_te1"))
    with pytest.raises(CheckpointError, match="Load it with LoraLoader"):
        with_lora(base.model, None, lora, 1.0)


def test_a_lora_of_another_family_says_so(base, tmp_path):
    reads = LINEAR.replace("attn1.to_q", "attn2.to_k")
    lora = loaded(tmp_path, kohya(reads, UP, numbers(4, 768)))
    with pytest.raises(CheckpointError, match=r"made for Stable Diffusion 1\.x \(prompts 768 values wide\).*192"):
        with_lora(base.model, base.clip, lora, 1.0, 1.0)
    lora = loaded(tmp_path, kohya("double_blocks.0.img_attn.qkv", UP, DOWN))
    with pytest.raises(CheckpointError, match="None of the 2 tensors"):
        with_lora(base.model, base.clip, lora, 1.0, 1.0)


def test_what_fits_in_part_says_how_much(base, tmp_path):
    tensors = kohya(LINEAR, UP, DOWN) | kohya("middle_block.7.nothing", UP, DOWN)
    tensors |= kohya(LINEAR.replace("to_q", "to_v"), UP, numbers(4, 32))  # of another shape
    tensors |= kohya(LINEAR.replace("to_q", "to_k"), UP, numbers(3, 64))  # factors that do not go together
    done = with_lora(base.model, None, loaded(tmp_path, tensors), 1.0)
    assert "2 of the 8 tensors" in done.misfit
    assert list(done.model.patches.changes) == [f"{LINEAR}.weight"]


def test_files_that_are_no_lora(base, tmp_path):
    with pytest.raises(CheckpointError, match="a denoising network without the rest"):
        loaded(tmp_path, {"diffusion_model.input_blocks.0.0.weight": torch.zeros(4, 4)})
    with pytest.raises(CheckpointError, match="is empty"):
        loaded(tmp_path, kohya(LINEAR, torch.zeros(64, 0), torch.zeros(0, 64)))
    stem = f"lora_unet_{LINEAR.replace('.', '_')}"
    with pytest.raises(CheckpointError, match="alpha is nan"):
        loaded(tmp_path, kohya(LINEAR, UP, DOWN) | {f"{stem}.alpha": torch.tensor(float("nan"))})
    with pytest.raises(CheckpointError, match=r"alpha.* has the shape"):
        loaded(tmp_path, kohya(LINEAR, UP, DOWN) | {f"{stem}.alpha": torch.ones(2)})
    with pytest.raises(CheckpointError, match=r"lora_down.* has the shape"):
        loaded(tmp_path, kohya(LINEAR, UP, torch.tensor(1.0)))


def test_caches_count_the_factors_once(base, tmp_path):
    lora = loaded(tmp_path, kohya(LINEAR, UP, DOWN))
    weights = sum(size for _, size in measure([base.model]))
    model = with_lora(with_lora(base.model, None, lora, 1.0).model, None, lora, 1.0).model
    added = sum(size for _, size in measure([base.model, model])) - weights
    assert 0 < added <= UP.nbytes + DOWN.nbytes + 4096  # the file is mapped in pages


def test_no_patches_are_none():
    assert not NO_PATCHES
    assert BEGINNINGS[-1][0] == ""  # every name has a beginning
