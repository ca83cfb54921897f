"""What is made of whole checkpoints and of files of one part."""

import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from folders.digest import file_digest
from models.checkpoint import CheckpointError, load_checkpoint, load_clip, load_unet, load_vae
from models.checkpoints.layout import Parts
from models.checkpoints.schedule import noise_schedule
from models.checkpoints.weights import Weights
from models.memory import DeviceMemory
from models.sampling.continuous_schedule import EdmSchedule
from models.sampling.noise_schedule import scaled_linear_alphas_cumprod
from models.sampling.zero_terminal_snr import LAST_SIGNAL, zero_terminal_snr
from models.sdxl.text import TextError
from models.vae_codec import decode_latent, encode_image
from tests.models.small_models import make, open_clip_state, relative, transformers_state

FAMILIES = ("sdxl", "sdxl_refiner", "sd15", "sd21")


@pytest.fixture(scope="module")
def memory():
    return DeviceMemory.choose("cpu")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    made = {family: make(family) for family in FAMILIES}
    return {family: (reference, reference.save(folder / f"{family}.safetensors")) for family, reference in made.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family(files, memory, family):
    reference, path = files[family]
    model, clip, vae = load_checkpoint(path, memory)
    assert model.family == family
    assert model.latent_scale == (0.13025 if family.startswith("sdxl") else 0.18215)
    assert model.schedule.prediction == "epsilon"
    assert model.dtype == torch.float32
    for name, weight in reference.unet.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], weight), name
    assert clip.encode_text("a fox").cond.shape[2] == model.config.context_dim
    assert decode_latent(vae, torch.zeros(1, 4, 2, 2)).shape == (1, 16, 16, 3)


def test_half_precision_files_are_computed_in_single_on_a_cpu(tmp_path, memory):
    reference = make("sdxl")
    path = reference.save(tmp_path / "half.safetensors", torch.float16)
    model, clip, vae = load_checkpoint(path, memory)
    for network in (model.network, vae.network, *clip.encoders):
        assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
        assert not any(parameter.requires_grad for parameter in network.parameters())
    assert torch.equal(model.network.out[2].weight, reference.unet.out[2].weight.half().float())


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what is mapped")
def test_weights_of_the_wanted_format_stay_in_the_mapped_file(tmp_path, memory):
    path = make("sdxl").save(tmp_path / "half.safetensors", torch.float16)

    def mapped(weight):
        for line in Path("/proc/self/maps").read_text().splitlines():
            start, end = (int(address, 16) for address in line.split(maxsplit=1)[0].split("-"))
            if start <= weight.data_ptr() < end:
                return str(path) in line
        return False

    same, converted = (load_unet(path, memory, dtype=dtype).network for dtype in (torch.float16, torch.float32))
    assert mapped(same.out[2].weight)
    assert not mapped(converted.out[2].weight)


def test_networks_loaded_in_inference_mode_can_be_trained(files, memory):
    with torch.inference_mode():
        network = load_unet(files["sdxl"][1], memory).network
    weight = network.out[2].weight.requires_grad_(True)
    (weight**2).sum().backward()
    assert weight.grad is not None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_unet_alone(files, memory, tmp_path, family):
    reference, _ = files[family]
    for prefix in ("", "model.diffusion_model.", "diffusion_model."):
        path = tmp_path / "unet.safetensors"
        save_file({prefix + name: value for name, value in reference.unet.state_dict().items()}, path)
        assert load_unet(path, memory).family == family


def test_parts_that_a_checkpoint_lacks_say_so_when_used(files, memory, tmp_path):
    reference, _ = files["sdxl"]
    path = tmp_path / "only_unet.safetensors"
    save_file({f"model.diffusion_model.{name}": value for name, value in reference.unet.state_dict().items()}, path)
    _, clip, vae = load_checkpoint(path, memory)
    with pytest.raises(TextError, match=r"only_unet.safetensors has no text encoder.*CLIPLoader"):
        clip.tokenize("a fox")
    with pytest.raises(CheckpointError, match=r"only_unet.safetensors has no VAE.*VAELoader"):
        decode_latent(vae, torch.zeros(1, 4, 2, 2))
    with pytest.raises(CheckpointError, match="has no VAE"):
        encode_image(vae, torch.zeros(1, 16, 16, 3))


def test_a_vae_from_any_file(files, memory, tmp_path):
    reference, path = files["sdxl"]
    bare = tmp_path / "vae.safetensors"
    save_file(dict(reference.vae.state_dict()), bare)
    latent = torch.randn(1, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    pictures = [decode_latent(load_vae(file, memory), latent) for file in (path, bare)]
    assert torch.equal(*pictures)


def test_a_pickled_checkpoint(files, memory, tmp_path):
    reference, _ = files["sd15"]
    path = tmp_path / "old.ckpt"
    torch.save({"state_dict": reference.state, "global_step": 470000, "epoch": 3}, path)
    model = load_checkpoint(path, memory).model
    assert model.family == "sd15"
    assert torch.equal(model.network.out[2].weight, reference.unet.out[2].weight)


def test_a_pickled_checkpoint_is_loaded_in_inference_mode(files, memory, tmp_path):
    """As nodes do it; the tensors have the format of the computation already, so none is converted."""
    reference, _ = files["sd15"]
    path = tmp_path / "fp32.ckpt"
    torch.save({"state_dict": {name: value.contiguous() for name, value in reference.state.items()}}, path)
    with torch.inference_mode():
        found = load_checkpoint(path, memory)
    assert not any(parameter.is_inference() for parameter in found.model.network.parameters())


def test_a_pickled_checkpoint_with_its_trainers_records(files, memory, tmp_path, monkeypatch):
    module = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")
    module.ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": module.__name__})
    record = {module.ModelCheckpoint: {"monitor": "loss", "score": np.float64(2.5), "best": torch.tensor(1.0)}}
    path = tmp_path / "official.ckpt"
    with monkeypatch.context() as patch:
        for name in ("pytorch_lightning", "pytorch_lightning.callbacks", module.__name__):
            patch.setitem(sys.modules, name, module)
        torch.save({"callbacks": record, "state_dict": files["sd15"][0].state}, path)
    assert load_checkpoint(path, memory).model.family == "sd15"


def test_a_file_is_not_trusted_by_its_name(files, memory, tmp_path):
    reference, path = files["sd15"]
    renamed = tmp_path / "model.ckpt"
    renamed.write_bytes(path.read_bytes())
    assert load_unet(renamed, memory).family == "sd15"
    pickled = tmp_path / "model.safetensors"
    torch.save(reference.unet.state_dict(), pickled)
    with pytest.raises(CheckpointError, match=r"model.safetensors is a Python pickle.*\.ckpt"):
        load_unet(pickled, memory)


def test_a_header_that_begins_like_a_pickle(tmp_path, memory):
    header = b'{"decoder.x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    start = (0x280).to_bytes(8, "little")
    assert start.startswith(b"\x80\x02")
    path = tmp_path / "x.safetensors"
    path.write_bytes(start + header.ljust(0x280) + bytes(4))
    with pytest.raises(CheckpointError, match=r"tensors \(decoder.x"):
        load_checkpoint(path, memory)


def test_text_encoders_alone(files, memory, tmp_path):
    reference, whole = files["sdxl"]
    text_l, text_g = tmp_path / "l.safetensors", tmp_path / "g.safetensors"
    save_file(transformers_state(reference.texts["l"]), text_l)
    save_file({name: value.contiguous() for name, value in open_clip_state(reference.texts["g"]).items()}, text_g)
    wanted = load_clip([whole], memory).encode_text("a fox")
    for order in ([text_l, text_g], [text_g, text_l]):
        found = load_clip(order, memory).encode_text("a fox")
        assert relative(found.cond, wanted.cond) < 1e-6
        assert relative(found.pooled, wanted.pooled) < 1e-6
    assert [encoder.role.name for encoder in load_clip([text_l], memory).encoders] == ["l"]
    with pytest.raises(CheckpointError, match="3 text encoders"):
        load_clip([text_l, whole], memory)


def test_v_prediction_and_zero_terminal_snr(tmp_path, memory):
    reference = make("sdxl")
    empty = torch.zeros(0)
    v = load_unet(reference.save(tmp_path / "v.safetensors", v_pred=empty), memory).schedule
    both = load_unet(reference.save(tmp_path / "z.safetensors", v_pred=empty, ztsnr=empty), memory).schedule
    assert v.prediction == both.prediction == "v_prediction"
    assert v.sigma_max == pytest.approx(14.6146, abs=1e-3)
    assert both.sigma_max == pytest.approx(LAST_SIGNAL**-0.5, rel=1e-3)
    assert both.sigma_min == pytest.approx(v.sigma_min, rel=1e-3)


def test_checkpoints_that_know_every_noise_level(tmp_path, memory):
    bounds = {"edm_vpred.sigma_min": torch.tensor(0.01), "edm_vpred.sigma_max": torch.tensor(90.0)}
    cosxl = load_unet(make("sdxl").save(tmp_path / "cosxl.safetensors", **bounds), memory).schedule
    assert isinstance(cosxl, EdmSchedule) and cosxl.prediction == "v_prediction"
    assert cosxl.sigma_min == pytest.approx(0.01, rel=1e-3) and cosxl.sigma_max == pytest.approx(90, rel=1e-3)
    marks = {"edm_mean": torch.zeros(4), "edm_std": torch.ones(4)}
    playground = load_unet(make("sdxl").save(tmp_path / "playground.safetensors", **marks), memory)
    assert isinstance(playground.schedule, EdmSchedule) and playground.schedule.prediction == "edm"
    assert playground.latent_statistics is not None


def test_zero_terminal_snr_keeps_the_first_step():
    before = scaled_linear_alphas_cumprod()
    after = zero_terminal_snr(before)
    assert after[0].item() == pytest.approx(before[0].item(), rel=1e-9)
    assert (after.diff() < 0).all()


def test_sd21_is_told_to_predict_v_by_one_bias(tmp_path, memory):
    name = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
    for deviation, prediction in ((0.05, "epsilon"), (0.2, "v_prediction")):
        bias = torch.randn(320, generator=torch.Generator().manual_seed(0)) * deviation
        unet = Weights(tmp_path, {name: (320,)}, {}, {name: bias}.__getitem__)
        parts = Parts(tmp_path, frozenset(), unet)
        assert noise_schedule(parts, "sd21").prediction == prediction
        assert noise_schedule(parts, "sd15").prediction == "epsilon"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["lora_unet_down_blocks_0.lora_down.weight"], "LoRA.*LoraLoader"),
        (["control_model.input_blocks.0.0.weight"], "ControlNet.*ControlNetLoader"),
        (["down_blocks.0.resnets.0.conv1.weight", "controlnet_cond_embedding.conv_in.weight"], "ControlNetLoader"),
        (["model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"], "Stable Diffusion 3"),
        (["model.diffusion_model.double_blocks.0.img_attn.qkv.weight"], "Flux"),
        (["encoder.conv_in.weight", "decoder.mid.attn_1.q.weight"], "VAELoader"),
        (["text_model.encoder.layers.0.mlp.fc1.weight"], "CLIPLoader"),
        (["vision_model.embeddings.class_embedding"], "CLIPVisionLoader"),
        (["clip_g", "clip_l"], "embedding:NAME"),
        (["latent_tensor"], "LoadLatent"),
        (["who.knows"], "who.knows"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path, memory, names, said):
    path = tmp_path / "some.safetensors"
    save_file({name: torch.zeros(2, 2) for name in names}, path)
    with pytest.raises(CheckpointError, match=rf"some.safetensors.*{said}"):
        load_checkpoint(path, memory)


def test_parts_asked_of_the_wrong_file(files, memory, tmp_path):
    path = tmp_path / "lora.safetensors"
    save_file({"lora_te_x.lora_up.weight": torch.zeros(2, 2)}, path)
    for load in (lambda: load_vae(path, memory), lambda: load_clip([path], memory), lambda: load_unet(path, memory)):
        with pytest.raises(CheckpointError, match=r"is a LoRA, but a .* needed here"):
            load()


def test_a_missing_and_a_misshapen_tensor_are_named(tmp_path, memory):
    state = dict(make("sdxl").unet.state_dict())
    name = "middle_block.0.in_layers.2.weight"
    whole = state.pop(name)
    save_file(state, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=r"lacks the tensor 'middle_block.0.in_layers.2.weight'"):
        load_unet(tmp_path / "a.safetensors", memory)
    save_file({**state, name: whole[:5].clone()}, tmp_path / "b.safetensors")
    with pytest.raises(CheckpointError, match=r"has the shape \[5, 64, 3, 3\] instead of \[64, 64, 3, 3\]"):
        load_unet(tmp_path / "b.safetensors", memory)


def test_digest_follows_the_content(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"x" * 1000)
    two.write_bytes(b"x" * 1000)
    assert file_digest(one) == file_digest(two)
    two.write_bytes(b"x" * 999 + b"y")
    assert file_digest(one) != file_digest(two)
    folder = file_digest(tmp_path)
    two.rename(tmp_path / "three")
    assert file_digest(tmp_path) != folder


def test_digest_of_a_large_file_follows_every_change(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(80 * 2**20)  # sparse: takes no room
    first = file_digest(path)
    assert file_digest(path) == first
    with path.open("r+b") as file:
        file.seek(3 * 2**20 + 12345)
        file.write(b"!")
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))  # clocks can be coarser than this test
    assert file_digest(path) != first


def test_facts_that_shapes_do_not_tell_stand_in_the_metadata(tmp_path, memory):
    reference = make("sdxl")
    facts = {
        "weft.clip_l.heads": "4",
        "weft.clip_g.heads": "8",
        "weft.unet.head_channels": "16",
        "weft.unet.norm_groups": "8",
        "weft.vae.norm_groups": "4",
    }
    path = tmp_path / "facts.safetensors"
    save_file({name: value.contiguous() for name, value in reference.state.items()}, path, metadata=facts)
    model, clip, vae = load_checkpoint(path, memory)
    assert [encoder.config.heads for encoder in clip.encoders] == [4, 8]
    assert (model.config.head_channels, model.config.norm_groups, vae.config.norm_groups) == (16, 8, 4)
    save_file({name: value.contiguous() for name, value in reference.state.items()}, path, {"weft.clip_l.heads": "-1"})
    with pytest.raises(CheckpointError, match=r"claims '-1' attention heads"):
        load_checkpoint(path, memory)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2])
def test_weights_of_any_format_are_converted(tmp_path, memory, dtype):
    reference = make("sd15")
    state = {name: value.to(dtype) for name, value in reference.unet.state_dict().items()}
    save_file(state, tmp_path / "unet.safetensors")
    network = load_unet(tmp_path / "unet.safetensors", memory).network
    assert torch.equal(network.out[2].weight, state["out.2.weight"].float())
