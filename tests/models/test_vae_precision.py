"""Autoencoders in float16: recognised where they were made for it, run again in float32 where they overflow."""

import pytest
import torch
from safetensors.torch import save_file

from execution.context import Context
from execution.events import Warned
from models.checkpoint import load_vae
from models.checkpoints.vae_precision import survives_float16, vae_dtype, with_float16_note
from models.checkpoints.weights import Weights
from models.memory import DeviceMemory, Dtypes
from models.vae_codec import decode_latent, decode_latent_tiled, encode_image
from nodes.vae import vae_decode, vae_encode
from tests.models.small_models import make, relative

PRECISE = DeviceMemory.choose("cpu")
HALF = DeviceMemory(torch.device("cpu"), Dtypes(torch.float16, torch.float16, torch.float16))
LARGE = 4000.0  # takes what a latent of some 200 becomes beyond 65504


def tensors(scale=1.0):
    """A VAE whose values inside are `scale` times as large; norms make of them what they would be anyway."""
    state = {
        name.removeprefix("first_stage_model."): value.clone()
        for name, value in make("sdxl").state.items()
        if name.startswith("first_stage_model.")
    }
    for half in ("encoder", "decoder"):
        for kind in ("weight", "bias"):
            state[f"{half}.conv_in.{kind}"] *= scale
    return {name: value.contiguous() for name, value in state.items()}


@pytest.fixture
def files(tmp_path):
    save_file(tensors(), tmp_path / "tame.safetensors")
    save_file(tensors(LARGE), tmp_path / "wild.safetensors")
    return tmp_path / "tame.safetensors", tmp_path / "wild.safetensors"


def latent(count=1):
    return torch.randn(count, 4, 4, 4, generator=torch.Generator().manual_seed(1)) * 200


def picture():
    return torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(2))


def test_the_wild_one_overflows_and_the_tame_one_does_not(files):
    for path, whole in zip(files, (True, False), strict=True):
        vae = load_vae(path, HALF)
        with torch.no_grad():
            assert bool(vae.network.decode(latent().half()).isfinite().all()) == whole


@pytest.mark.parametrize("decode", [decode_latent, decode_latent_tiled])
def test_what_overflows_is_decoded_again_in_float32_and_told_once(files, decode):
    told = []
    found = decode(load_vae(files[1], HALF), latent(3), warn=told.append)
    assert relative(found, decode(load_vae(files[1], PRECISE), latent(3))) < 1e-6
    assert len(told) == 1 and "run again in float32" in told[0]


def test_what_fits_stays_in_float16_and_nothing_is_told(files):
    told = []
    found = decode_latent(load_vae(files[0], HALF), latent(), warn=told.append)
    assert told == [] and 0 < relative(found, decode_latent(load_vae(files[0], PRECISE), latent())) < 0.05


def test_encoding_is_retried_too(files):
    state = tensors()
    state["encoder.conv_in.weight"] *= 1e6
    save_file({name: value.clamp(-6e4, 6e4) for name, value in state.items()}, files[0].with_name("b.safetensors"))
    vae = load_vae(files[0].with_name("b.safetensors"), HALF)
    told = []
    found = encode_image(vae, picture(), warn=told.append)
    assert found.isfinite().all() and len(told) == 1
    assert relative(found, encode_image(load_vae(files[0].with_name("b.safetensors"), PRECISE), picture())) < 1e-6


def test_a_broken_latent_is_no_reason_to_try_again(files):
    told = []
    decode_latent(load_vae(files[0], HALF), torch.full((1, 4, 4, 4), torch.nan), warn=told.append)
    assert told == []


def test_the_nodes_warn(files):
    events = []
    ctx = Context(emit=events.append)
    vae = load_vae(files[1], HALF)
    vae_decode(samples={"samples": latent()}, vae=vae, ctx=ctx)
    vae_encode(pixels=picture(), vae=load_vae(files[0], HALF), ctx=ctx)
    assert ["float32" in event.sentence for event in events if isinstance(event, Warned)] == [True]
    assert vae.dtype == torch.float16  # the handle stays as it is


@pytest.mark.parametrize(
    ("name", "notes", "recognised"),
    [
        ("vae/sdxl-vae-fp16-fix.safetensors", {}, True),
        ("vae/sdxl_vae_fp16_fix.safetensors", {}, True),
        ("vae/SDXL.VAE.FP16Fix.safetensors", {}, True),
        ("sdxl-vae-fp16-fix/diffusion_pytorch_model.safetensors", {}, True),
        ("checkpoints/wonder_fp16-vae-fix.safetensors", {}, True),
        ("vae/a.safetensors", {"modelspec.title": "SDXL VAE FP16 fix"}, True),
        ("vae/sdxl_vae.safetensors", {}, False),
        ("vae/model.fp16.safetensors", {}, False),  # weights in float16 alone say nothing of what grows inside
        ("vae/prefix.safetensors", {}, False),
    ],
)
def test_who_is_made_for_float16(tmp_path, name, notes, recognised):
    weights = Weights(tmp_path / name, {}, notes, lambda _name: torch.zeros(0))
    assert survives_float16(with_float16_note(weights, {}).metadata) == recognised


def test_diffusers_setting_says_it_too(tmp_path):
    weights = Weights(tmp_path / "x.safetensors", {}, {}, lambda _name: torch.zeros(0))
    for upcast in (False, True):
        assert survives_float16(with_float16_note(weights, {"force_upcast": upcast}).metadata) is not upcast


def test_only_a_gpu_that_computes_in_float16_runs_it_so():
    noted = {"weft.vae.float16": "true"}
    gpu = Dtypes(torch.float16, torch.float16, torch.bfloat16)
    cuda = DeviceMemory(torch.device("cuda", 0), gpu)
    assert vae_dtype(cuda, noted) == torch.float16 and vae_dtype(cuda, {}) == torch.bfloat16
    assert vae_dtype(DeviceMemory(torch.device("cuda", 0), gpu._replace(model=torch.float32)), noted) == torch.bfloat16
    assert vae_dtype(DeviceMemory.choose("cpu", dtype=torch.float16), noted) == torch.float32
