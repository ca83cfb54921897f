"""Saved models: read back, they compute what the patched handles compute, and their headers say what they are."""

import hashlib
import json
import struct
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from execution.context import CancelToken, Context, Services
from execution.errors import Cancelled
from execution.events import Progress, Warned
from execution.node import NodeInputError
from folders.job_files import JobFiles
from models.adapters.lora import with_lora
from models.adapters.lora_file import read_lora
from models.checkpoint import load_checkpoint, load_clip, load_unet, load_vae
from models.memory import DeviceMemory
from models.sampling.noise_schedule import NoiseSchedule, scaled_linear_alphas_cumprod
from models.sampling.zero_terminal_snr import zero_terminal_snr
from nodes.loaders import checkpoint_loader, diffusers_loader
from nodes.merging.merge_clips import clip_merge_simple, clip_merge_subtract
from nodes.merging.merge_models import model_merge_simple, model_merge_subtract
from nodes.merging.save_folders import diffusers_save
from nodes.merging.save_lora import lora_save
from nodes.merging.save_models import checkpoint_save, clip_save, model_save, vae_save
from tests.models.small_models import make, relative

MEMORY = DeviceMemory.choose("cpu")
FAMILIES = ("sdxl", "sdxl_refiner", "sd15", "sd21")
LAYER = "input_blocks.3.1.transformer_blocks.0.attn1.to_q"


def half(family, path, seed=None, **extra):
    """A small checkpoint in float16, its weights moved where a seed is given."""
    generator = torch.Generator().manual_seed(seed or 0)
    state = {
        name: value + (0.1 * value.abs().mean() * torch.randn(value.shape, generator=generator) if seed else 0)
        for name, value in make(family).state.items()
    }
    notes = {"weft.unet.head_channels": "32"} if family in ("sd15", "sd21") else {}
    save_file({name: value.half().contiguous() for name, value in {**state, **extra}.items()}, path, notes)
    return path


@pytest.fixture
def base(tmp_path):
    return load_checkpoint(half("sdxl", tmp_path / "one.safetensors"), MEMORY)


@pytest.fixture
def other(tmp_path):
    return load_checkpoint(half("sdxl", tmp_path / "two.safetensors", seed=5), MEMORY)


def predict(model):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(1, model.config.in_channels, 8, 8, generator=generator)
    context = torch.randn(1, 7, model.config.context_dim, generator=generator)
    y = torch.randn(1, model.config.adm_channels, generator=generator) if model.config.adm_channels else None
    with torch.no_grad(), MEMORY.computing(model.network, model.patches) as network:
        return network(x, torch.tensor([500.0]), context, y)


def rounded(model):
    """The model's changed weights, as a float16 file keeps them, under official names."""
    return {
        name: (model.patches.of(name, value.data) if name in model.patches.changes else value.data).half()
        for name, value in model.network.named_parameters()
    }


def header(path):
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<Q", raw)
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def saved_path(bench, ui, index=0):
    told = ui.data["models"][index]
    return bench.workspace.folder(told["type"]) / told["subfolder"] / told["filename"]


@pytest.fixture
def lora(tmp_path):
    up, down = torch.randn(64, 4, generator=torch.Generator().manual_seed(1)), torch.randn(4, 64) * 0.1
    name, text = f"lora_unet_{LAYER.replace('.', '_')}", "lora_te1_text_model_encoder_layers_0_mlp_fc1"
    tensors = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down}
    tensors |= {f"{text}.lora_up.weight": torch.randn(128, 2), f"{text}.lora_down.weight": torch.randn(2, 64) * 0.1}
    save_file(tensors, tmp_path / "lora.safetensors")
    return read_lora(tmp_path / "lora.safetensors")


def test_a_merge_with_a_lora_is_saved_and_loaded_as_it_computed(bench, base, other, lora):
    merged = bench.call(model_merge_simple, model1=base.model, model2=other.model, ratio=0.3)
    clip = bench.call(clip_merge_simple, clip1=base.clip, clip2=other.clip, ratio=0.6)
    done = with_lora(merged, clip, lora, 0.8, 0.7)
    ui = bench.call(checkpoint_save, model=done.model, clip=done.clip, vae=base.vae)
    path = saved_path(bench, ui)
    assert path.relative_to(bench.workspace.folder("output")).as_posix() == "checkpoints/ComfyUI_00001_.safetensors"

    back = load_checkpoint(path, MEMORY)
    wanted = rounded(done.model)
    formats = {name.rpartition(".")[2]: value.dtype for name, value in load_file(path).items()}
    assert {formats.pop("logit_scale"), formats.pop("position_ids")} == {torch.float32, torch.int64}
    assert set(formats.values()) == {torch.float16}  # as the files have them
    for name, value in back.model.network.named_parameters():
        assert torch.equal(value.data, wanted[name].float()), name
    assert back.model.patches.changes == {}
    assert relative(predict(back.model), predict(done.model)) < 2e-3
    assert relative(predict(base.model), predict(done.model)) > 1e-2
    text = "a red fox"
    assert relative(back.clip.encode_text(text).cond, done.clip.encode_text(text).cond) < 2e-3
    assert relative(base.clip.encode_text(text).cond, done.clip.encode_text(text).cond) > 1e-2


@pytest.mark.parametrize("family", FAMILIES)
def test_an_unchanged_checkpoint_is_saved_tensor_for_tensor(bench, tmp_path, family):
    source = half(family, tmp_path / "source.safetensors")
    loaded = load_checkpoint(source, MEMORY)
    ui = bench.call(checkpoint_save, model=loaded.model, clip=loaded.clip, vae=loaded.vae)
    before, after = load_file(source), load_file(saved_path(bench, ui))
    assert before.keys() - after.keys() == set()
    assert {name.rpartition(".")[2] for name in after.keys() - before.keys()} <= {"position_ids"}
    for name, value in before.items():
        assert name.endswith("logit_scale") or torch.equal(value, after[name]), name


def test_weights_come_from_the_file_however_coarsely_they_are_computed(bench, tmp_path):
    source = make("sdxl").save(tmp_path / "fine.safetensors")  # float32
    memory = DeviceMemory.choose("cpu", dtype=torch.bfloat16)
    loaded = load_checkpoint(source, memory)
    assert next(loaded.model.network.parameters()).dtype == torch.bfloat16
    ui = bench.call(checkpoint_save, model=loaded.model, clip=loaded.clip, vae=loaded.vae)
    before, after = load_file(source), load_file(saved_path(bench, ui))
    assert all(torch.equal(value, after[name]) for name, value in before.items() if not name.endswith("logit_scale"))


def test_the_header_tells_what_it_is_and_how_it_was_made(bench, base, other):
    merged = bench.call(model_merge_simple, model1=base.model, model2=other.model, ratio=0.25)
    ui = bench.call(
        checkpoint_save,
        model=merged,
        clip=base.clip,
        vae=base.vae,
        filename_prefix="checkpoints/mine",
        prompt={"1": {"class_type": "CheckpointSave", "inputs": {}}},
        extra_pnginfo={"workflow": {"nodes": []}},
    )
    entries, content = header(saved_path(bench, ui))
    notes = entries["__metadata__"]
    assert notes["modelspec.architecture"] == "stable-diffusion-xl-v1-base"
    assert notes["modelspec.prediction_type"] == "epsilon" and notes["modelspec.title"] == "mine"
    assert notes["modelspec.hash_sha256"] == f"0x{hashlib.sha256(content).hexdigest()}"
    assert notes["modelspec.merged_from"] == "one.safetensors, two.safetensors"
    assert json.loads(notes["weft.merge_recipe"]) == {
        "model": {
            "from": "one.safetensors",
            "steps": [{"operation": "average", "ratio": 0.25, "with": "two.safetensors"}],
        }
    }
    assert json.loads(notes["prompt"])["1"]["class_type"] == "CheckpointSave"
    assert json.loads(notes["workflow"]) == {"nodes": []}


def test_v_prediction_and_zero_terminal_snr_come_back(bench, base):
    alphas = zero_terminal_snr(scaled_linear_alphas_cumprod())
    model = base.model.with_schedule(NoiseSchedule.from_alphas_cumprod(alphas, "v_prediction"))
    path = saved_path(bench, bench.call(checkpoint_save, model=model, clip=base.clip, vae=base.vae))
    back = load_checkpoint(path, MEMORY).model.schedule
    assert back.prediction == "v_prediction" and torch.equal(back.sigmas, model.schedule.sigmas)
    with safe_open(path, "pt") as file:
        assert {"v_pred", "ztsnr"} <= set(file.keys())


def test_a_schedule_that_files_have_no_words_for_is_told(bench, base):
    odd = replace(base.model.schedule, sigmas=base.model.schedule.sigmas * 2)
    bench.call(model_save, model=base.model.with_schedule(odd))
    assert ["noise schedule" in event.sentence for event in bench.told(Warned)] == [True]


def test_parts_alone_are_read_by_their_loaders(bench, base):
    unet = load_unet(saved_path(bench, bench.call(model_save, model=base.model)), MEMORY)
    assert torch.equal(predict(unet), predict(base.model))
    vae = load_vae(saved_path(bench, bench.call(vae_save, vae=base.vae)), MEMORY)
    assert all(
        torch.equal(one, two) for one, two in zip(vae.network.parameters(), base.vae.network.parameters(), strict=True)
    )
    ui = bench.call(clip_save, clip=base.clip)
    names = [one["filename"] for one in ui.data["models"]]
    assert names == ["ComfyUI_clip_l_00001_.safetensors", "ComfyUI_clip_g_00001_.safetensors"]
    paths = [saved_path(bench, ui, number) for number in (1, 0)]
    assert torch.equal(load_clip(paths, MEMORY).encode_text("a fox").cond, base.clip.encode_text("a fox").cond)
    assert [one.role.name for one in load_clip(paths[:1], MEMORY).encoders] == ["g"]  # though it has few layers


def test_a_part_that_is_missing_says_what_to_do(bench, tmp_path, base):
    state = {name: value for name, value in make("sdxl").state.items() if name.startswith("model.")}
    save_file({name: value.contiguous().clone() for name, value in state.items()}, tmp_path / "bare.safetensors")
    bare = load_checkpoint(tmp_path / "bare.safetensors", MEMORY)
    merged = bench.call(model_merge_simple, model1=bare.model, model2=base.model, ratio=0.5)
    for parts, blamed, said in (
        ({"clip": base.clip, "vae": bare.vae}, "vae", "bare.safetensors has no VAE. Load one with VAELoader"),
        ({"clip": bare.clip, "vae": base.vae}, "clip", "bare.safetensors has no text encoder. Load one with"),
    ):
        with pytest.raises(NodeInputError, match=said) as caught:
            bench.call(checkpoint_save, model=merged, **parts)
        assert caught.value.input_name == blamed
    with pytest.raises(NodeInputError, match="no text encoder"):
        bench.call(clip_merge_simple, clip1=base.clip, clip2=bare.clip, ratio=0.5)
    assert not list(bench.workspace.folder("output").rglob("*.safetensors"))


def test_text_encoders_of_another_family_are_refused(bench, base, tmp_path):
    sd15 = load_checkpoint(half("sd15", tmp_path / "sd15.safetensors"), MEMORY)
    with pytest.raises(NodeInputError, match="family sdxl, whose text encoders are l and g, but those given are l"):
        bench.call(checkpoint_save, model=base.model, clip=sd15.clip, vae=base.vae)


def test_a_merge_beyond_float16_is_refused_and_leaves_nothing(bench, base, other):
    model = bench.call(model_merge_subtract, model1=base.model, model2=other.model, multiplier=10.0)
    for _ in range(6):
        model = bench.call(model_merge_subtract, model1=model, model2=base.model, multiplier=10.0)
    with pytest.raises(NodeInputError, match=r"has values that torch\.float16 cannot hold"):
        bench.call(model_save, model=model)
    assert not [path for path in bench.workspace.folder("output").rglob("*") if path.is_file()]


def test_cancelled_in_the_middle_nothing_is_left(bench, base):
    def cancel_halfway(event):
        if isinstance(event, Progress) and event.value > event.total / 2:
            token.cancel()

    token = CancelToken()
    ctx = Context(services=Services([bench.workspace]), emit=cancel_halfway, cancel=token)
    for node in (checkpoint_save, diffusers_save):
        token.__init__()
        with pytest.raises(Cancelled):
            node(model=base.model, clip=base.clip, vae=base.vae, ctx=ctx)
    assert not [path for path in bench.workspace.folder("output").rglob("*") if path.is_file()]


def test_a_job_that_is_run_again_finds_what_it_saved(bench, base, tmp_path):
    def attempt():
        journal = JobFiles(tmp_path / "jobs").open("job")
        ctx = Context(services=Services([bench.workspace, journal]))
        first = checkpoint_save(model=base.model, clip=base.clip, vae=base.vae, ctx=ctx).data
        second = diffusers_save(model=base.model, clip=base.clip, vae=base.vae, ctx=ctx).data
        journal.close()
        return first, second

    assert attempt() == attempt()
    assert len(list((bench.workspace.folder("output") / "checkpoints").iterdir())) == 1
    assert len(list((bench.workspace.folder("output") / "diffusers").iterdir())) == 1


def test_what_was_saved_is_offered_by_the_loaders(bench, base):
    bench.call(checkpoint_save, model=base.model, clip=base.clip, vae=base.vae, filename_prefix="checkpoints/new/mine")
    bench.call(diffusers_save, model=base.model, clip=base.clip, vae=base.vae)
    assert bench.workspace.list_files("checkpoints") == ["new/mine_00001_.safetensors"]
    assert bench.workspace.list_files("diffusers") == ["ComfyUI_00001_"]
    single = bench.call(checkpoint_loader, ckpt_name="new/mine_00001_.safetensors")
    folder = bench.call(diffusers_loader, model_path="ComfyUI_00001_")
    for loaded in (single, folder):
        assert torch.equal(predict(loaded.MODEL), predict(base.model))
        assert torch.equal(loaded.CLIP.encode_text("a fox").cond, base.clip.encode_text("a fox").cond)


def test_a_folder_in_another_format(bench, base):
    ui = bench.call(diffusers_save, model=base.model, clip=base.clip, vae=base.vae, dtype="bf16")
    folder = saved_path(bench, ui).parent
    assert {value.dtype for value in load_file(folder / "unet/diffusion_pytorch_model.safetensors").values()} == {
        torch.bfloat16
    }


@pytest.mark.parametrize(("kind", "rank", "worst"), [("full_diff", 8, 1e-3), ("standard", 4096, 2e-3)])
def test_an_extracted_lora_turns_one_model_into_the_other(bench, base, other, kind, rank, worst):
    difference = bench.call(model_merge_subtract, model1=other.model, model2=base.model)
    text = bench.call(clip_merge_subtract, clip1=other.clip, clip2=base.clip)
    ui = bench.call(lora_save, model_diff=difference, text_encoder_diff=text, lora_type=kind, rank=rank)
    file = read_lora(saved_path(bench, ui))
    done = with_lora(base.model, base.clip, file, 1.0, 1.0)
    assert done.misfit == ""
    assert relative(predict(done.model), predict(other.model)) < worst
    assert relative(predict(base.model), predict(other.model)) > 10 * worst
    cond = [one.encode_text("a red fox").cond for one in (done.clip, other.clip, base.clip)]
    assert relative(cond[0], cond[1]) < worst and relative(cond[2], cond[1]) > 10 * worst


def test_a_low_rank_is_the_best_of_its_rank(bench, base, other):
    difference = bench.call(model_merge_subtract, model1=other.model, model2=base.model)
    ui = bench.call(lora_save, model_diff=difference, lora_type="standard", rank=5, bias_diff=False)
    tensors = load_file(saved_path(bench, ui))
    assert not any(name.endswith((".diff", ".diff_b")) for name in tensors)
    stem = f"diffusion_model.{LAYER}"
    up, down = tensors[f"{stem}.lora_up.weight"].float(), tensors[f"{stem}.lora_down.weight"].float()
    assert up.shape == (64, 5) and down.shape == (5, 64)
    name = f"{LAYER}.weight"
    wanted = difference.patches.of(name, difference.network.get_parameter(name).data)
    left = torch.linalg.svdvals(wanted)[5:].norm()  # Eckart and Young: no product of that rank comes nearer
    assert (wanted - up @ down).norm() == pytest.approx(left.item(), rel=1e-3)


def test_a_difference_that_is_no_number_is_refused(bench, base, tmp_path):
    broken = dict(make("sdxl").state)
    name = f"model.diffusion_model.{LAYER}.weight"
    broken[name] = torch.full_like(broken[name], float("nan"))
    save_file({one: value.contiguous() for one, value in broken.items()}, tmp_path / "broken.safetensors")
    other = load_unet(tmp_path / "broken.safetensors", MEMORY)
    difference = bench.call(model_merge_subtract, model1=other, model2=base.model)
    with pytest.raises(NodeInputError, match=f"{LAYER}.weight is no number"):
        bench.call(lora_save, model_diff=difference, lora_type="standard")


def test_a_value_that_the_format_cannot_hold_is_refused(bench, tmp_path):
    name = f"model.diffusion_model.{LAYER}.weight"
    loud = torch.full_like(make("sdxl").state[name], 1e6)
    loaded = load_checkpoint(make("sdxl").save(tmp_path / "loud.safetensors", **{name: loud}), MEMORY)
    parts = {"model": loaded.model, "clip": loaded.clip, "vae": loaded.vae}
    with pytest.raises(NodeInputError, match=r"a value of 1e\+06, which torch\.float16 cannot hold"):
        bench.call(diffusers_save, **parts, dtype="fp16")
    bench.call(diffusers_save, **parts, dtype="bf16")


def test_what_is_no_difference_is_refused(bench, base):
    with pytest.raises(NodeInputError, match="Nothing is connected"):
        bench.call(lora_save, lora_type="standard")
    with pytest.raises(NodeInputError, match="not a difference"):
        bench.call(lora_save, model_diff=base.model, lora_type="standard")
    same = bench.call(model_merge_subtract, model1=base.model, model2=base.model)
    with pytest.raises(NodeInputError, match="No layer differs"):
        bench.call(lora_save, model_diff=same, lora_type="standard")
