"""What is said of handles on wires: a sentence with the facts that a person wants to know, never a class's name."""

import re
from pathlib import Path

import pytest
import torch

from folders.workspace import Workspace
from models.adapters.lora_file import LoraFile
from models.patches.operations import ReinhardToneMap, Sharpen
from models.vision.clip_vision import ClipVisionOutput
from nodes.controlnet import control_net_apply_advanced, control_net_loader
from nodes.custom_sampling.guiders import basic_guider, cfg_guider, dual_cfg_guider, perp_neg_guider
from nodes.custom_sampling.noise import disable_noise, random_noise
from nodes.custom_sampling.samplers import ksampler_select, sampler_euler_ancestral
from nodes.custom_sampling.schedulers import basic_scheduler
from nodes.hooks.create import create_hook_lora
from nodes.hooks.scheduling import create_hook_keyframe, set_hook_keyframes
from nodes.inpainting.crop_and_stitch import crop_around_mask
from nodes.inspection.curves import curve_of, steps_of
from nodes.inspection.inspector import ValueInspector
from nodes.inspection.rendering import long
from nodes.inspection.sentences import sentence_of
from nodes.loaders import checkpoint_loader
from nodes.loras import lora_loader
from nodes.preview_colours import PreviewColours
from nodes.previewing import preview_any
from nodes.text import clip_text_encode
from nodes.upscaling.with_models import upscale_model_loader
from tests.nodes.conftest import Bench

BASE = "weft_base.safetensors"
BUNDLED = Path(__file__).resolve().parents[2] / "models" / "bundled"


@pytest.fixture
def bench(tmp_path):
    """A workspace with the models that come with Weft."""
    return Bench(Workspace(tmp_path / "w", bundled=BUNDLED))


@pytest.fixture
def inspector():
    return ValueInspector(torch.device("cpu"), PreviewColours())


@pytest.fixture
def base(bench):
    return checkpoint_loader(ckpt_name=BASE, ctx=bench.ctx)


@pytest.fixture
def prompt(bench, base):
    return clip_text_encode(text="a red circle", clip=base.CLIP, ctx=bench.ctx)


def one(inspector, value, type="*"):
    (item,) = inspector.describe([value], type)["items"]
    return item


def is_sentence(text):
    """No class, module or address of something in memory."""
    return not re.search(r"models\.|nodes\.|torch\.|object at 0x|<|>", text)


def test_guiders(base, prompt):
    model = base.MODEL
    told = sentence_of(cfg_guider(model=model, positive=prompt, negative=prompt, cfg=6.5))
    assert "cfg 6.5" in told and "Stable Diffusion XL, computed in float32" in told
    assert "as it is" in sentence_of(basic_guider(model=model, conditioning=prompt))
    told = sentence_of(
        dual_cfg_guider(
            model=model,
            cond1=prompt,
            cond2=prompt,
            negative=prompt,
            cfg_conds=7,
            cfg_cond2_negative=1.5,
            style="nested",
        )
    )
    assert "nested" in told and "cfg 1.5 from the negative to the middle prompts, 7 on to the positive" in told
    told = sentence_of(
        perp_neg_guider(model=model, positive=prompt, negative=prompt, empty_conditioning=prompt, cfg=4, neg_scale=0.5)
    )
    assert "cfg 4, negative prompts times 0.5" in told and is_sentence(told)


def test_noise_and_samplers():
    assert "seed 4711" in sentence_of(random_noise(noise_seed=4711))
    assert sentence_of(disable_noise()).startswith("no noise")
    assert sentence_of(ksampler_select(sampler_name="dpmpp_2m")) == "sampling method dpmpp_2m"
    told = sentence_of(sampler_euler_ancestral(eta=0.5, s_noise=1.1))
    assert "eta 0.5" in told and "s_noise 1.1" in told and "fresh noise" in told and is_sentence(told)


def test_noise_levels_are_steps_and_a_line(inspector, base):
    sigmas = basic_scheduler(model=base.MODEL, scheduler="karras", steps=12, denoise=1.0)
    told = one(inspector, sigmas, "SIGMAS")
    assert told["kind"] == "tensor" and told["curve"] == sigmas.double().tolist()
    assert told["text"].startswith("12 steps of sampling, falling: 14.6") and told["text"].endswith(", 0")
    assert "..." in told["text"]
    assert one(inspector, torch.zeros(0), "SIGMAS")["curve"] is None


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([2.0, 0.0], "1 step of sampling, falling: 2, 0"),
        ([0.0, 1.0, 2.0], "2 steps of sampling, rising: 0, 1, 2"),
        ([1.0, 1.0], "1 step of sampling, neither falling nor rising throughout: 1, 1"),
        ([float(level) for level in range(8, 0, -1)], "7 steps of sampling, falling: 8, 7, 6, ..., 3, 2, 1"),
    ],
)
def test_steps_in_words(levels, words):
    assert steps_of(levels) == words


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1.0],
        [1.0, "x"],
        [True, False],
        [1.0, float("nan")],
        [1.0, 10**400],
        [0.0] * 1_025,
        "12",
        {"a": 1},
        torch.zeros(2, 2),
        torch.tensor([1.0, float("inf")]),
        torch.zeros(3, dtype=torch.complex64),
        torch.zeros(3, device="meta"),
    ],
)
def test_what_is_no_line(value):
    assert curve_of(value) is None


def test_previewed_noise_levels_are_all_written_out():
    assert preview_any(source=torch.tensor([14.614642, 1.5, 0.0])).data["text"] == ["14.6146, 1.5, 0"]


def test_notes_of_prompts_are_none_of_a_conditioning_s_options(prompt):
    assert "weft" not in long(prompt) and "pooled_output: float32" in long(prompt)


def test_strengths_over_time_are_a_line(inspector):
    assert one(inspector, [0.5, 1, 0.25], "FLOATS")["curve"] == [0.5, 1.0, 0.25]


def test_a_boolean_is_no_number(inspector):
    told = one(inspector, True, "BOOLEAN")
    assert (told["kind"], told["text"]) == ("boolean", "True")
    assert told["min"] is told["mean"] is told["std"] is None, "true is no number to print with four digits"


def test_what_steers_by_pictures(bench, base, prompt, inspector):
    net = control_net_loader(control_net_name="weft_controlnet.safetensors", ctx=bench.ctx)
    assert sentence_of(net).startswith("ControlNet weft_controlnet.safetensors, computed in float32, file ")
    steered = control_net_apply_advanced(
        positive=prompt,
        negative=prompt,
        control_net=net,
        image=torch.zeros(1, 64, 96, 3),
        strength=0.8,
        start_percent=0.0,
        end_percent=0.5,
    )
    options = inspector.describe([steered[0]], "CONDITIONING")["items"][0]["options"]
    (told,) = [text for text in options.values() if "weft_controlnet" in text]
    assert "by a picture of 96 x 64 pixels, strength 0.8 from 0 % to 50 % of the denoising" in told and is_sentence(
        told
    )


def test_networks_that_enlarge(bench):
    told = sentence_of(upscale_model_loader(model_name="weft_upscale_4x.safetensors", ctx=bench.ctx))
    assert "4 times larger" in told and is_sentence(told)


def test_models_say_how_many_of_their_weights_are_changed(bench, base):
    assert "changed" not in sentence_of(base.MODEL)
    worn, _ = lora_loader(
        model=base.MODEL,
        clip=base.CLIP,
        lora_name="weft_lora.safetensors",
        strength_model=1.0,
        strength_clip=1.0,
        ctx=bench.ctx,
    )
    assert f"{len(worn.patches.changes)} weights changed when used" in sentence_of(worn)


def test_hooks_and_their_schedule(bench):
    hooks = create_hook_lora(
        lora_name="weft_lora.safetensors", strength_model=0.75, strength_clip=0.5, prev_hooks=None, ctx=bench.ctx
    )
    assert sentence_of(hooks) == "LoRA weft_lora.safetensors (model 0.75, text encoders 0.5)"
    frames = create_hook_keyframe(strength_mult=0.5, start_percent=0.25, prev_hook_kf=None)
    assert sentence_of(frames) == "strength 0.5 from 25 %"
    assert "scheduled by 1 keyframe)" in sentence_of(set_hook_keyframes(hooks=hooks, hook_kf=frames))
    assert "no hooks" in sentence_of(
        create_hook_lora(
            lora_name="weft_lora.safetensors", strength_model=0.0, strength_clip=0.0, prev_hooks=None, ctx=bench.ctx
        )
    )


def test_what_an_image_encoder_saw(inspector):
    seen = ClipVisionOutput(torch.ones(2, 16), torch.zeros(2, 5, 8), torch.zeros(2, 5, 8))
    told = one(inspector, seen, "CLIP_VISION_OUTPUT")
    assert told["text"] == "what an image encoder saw in 2 pictures: 16 numbers each, and 4 patches"
    assert told["shape"] == [2, 16] and told["mean"] == 1.0


def test_a_part_of_a_picture(bench):
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:32, 8:24] = 1
    told = sentence_of(crop_around_mask(image=torch.rand(1, 64, 64, 3), mask=mask, ctx=bench.ctx)[0])
    assert "of 1 picture of 64 x 64 pixels, drawn at" in told and is_sentence(told)


def test_operations_on_latents():
    assert "multiplier 1.5" in sentence_of(ReinhardToneMap(1.5))
    assert "radius 2" in sentence_of(Sharpen(2, 1.0, 0.5))


def test_what_nobody_knows():
    assert sentence_of(LoraFile("x", (), 0)) == "something of the kind LoraFile (of models.adapters.lora_file)"
