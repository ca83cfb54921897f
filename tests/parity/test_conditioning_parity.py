"""What SDXL is conditioned on: the same prompts, sizes, scores and learned words give the latents of diffusers."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from nodes.conditioning import conditioning_zero_out
from nodes.text import clip_set_last_layer, clip_text_encode
from tests.models.small_models import G_WIDTH, L_WIDTH, relative
from tests.parity.diffusers_pipelines import (
    TRAIN,
    base_pair,
    call,
    first_noise,
    pipeline,
    seeded,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # diffusers and transformers warn of their own changes

TOLERANCE = 1e-5
SEED, CFG, STEPS, SIDE = 3, 5.0, 4, 8
PROMPT, NEGATIVE = "a red fox", "blurry"
SETTINGS = {"seed": SEED, "steps": STEPS, "cfg": CFG, "scheduler": "ddim_uniform"}


def scheduler():
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(**TRAIN, timestep_spacing="leading", steps_offset=1)


def theirs(pair, *, pipe=None, **options):
    """Text to image by diffusers."""
    noise = first_noise(scheduler(), STEPS, SEED, (1, 4, SIDE, SIDE), pair.ours.model.schedule)
    given = {"num_inference_steps": STEPS, "guidance_scale": CFG, "height": 8 * SIDE, "width": 8 * SIDE}
    return call(pipe or pipeline("", pair, scheduler()), latents=noise, **given, **options)


def drawn(nodes, pair, *sides):
    """Text to image by Weft."""
    return nodes.ksampler(pair, sides, torch.zeros(1, 4, SIDE, SIDE), **SETTINGS)


def test_a_prompt_for_each_encoder_positive_and_negative(base, nodes):
    texts = {
        "prompt": PROMPT,
        "prompt_2": "in deep snow",
        "negative_prompt": NEGATIVE,
        "negative_prompt_2": "a drawing",
    }
    wanted = theirs(base, **texts)
    ours = drawn(nodes, base, nodes.prompt(base, PROMPT, "in deep snow"), nodes.prompt(base, NEGATIVE, "a drawing"))
    assert relative(ours, wanted) < TOLERANCE
    swapped = drawn(nodes, base, nodes.prompt(base, "in deep snow", PROMPT), nodes.prompt(base, NEGATIVE, "a drawing"))
    assert relative(swapped, wanted) > 0.01


def test_micro_conditioning_with_negative_sizes(base, nodes):
    """diffusers writes sizes (height, width) and corners (top, left)."""
    sizes = {
        "original_size": (96, 160), "crops_coords_top_left": (8, 24), "target_size": (64, 80),
        "negative_original_size": (32, 48), "negative_crops_coords_top_left": (16, 0), "negative_target_size": (72, 56),
    }  # fmt: skip
    wanted = theirs(base, prompt=PROMPT, negative_prompt=NEGATIVE, **sizes)
    positive = nodes.prompt(base, PROMPT, width=160, height=96, crop_w=24, crop_h=8, target_width=80, target_height=64)
    negative = nodes.prompt(base, NEGATIVE, width=48, height=32, crop_w=0, crop_h=16, target_width=56, target_height=72)
    assert relative(drawn(nodes, base, positive, negative), wanted) < TOLERANCE
    plain = drawn(nodes, base, nodes.prompt(base, PROMPT), nodes.prompt(base, NEGATIVE))
    assert relative(plain, wanted) > 0.01


def test_without_negative_sizes_both_prompts_have_the_same(base, nodes):
    wanted = theirs(base, prompt=PROMPT, negative_prompt=NEGATIVE, original_size=(96, 160), target_size=(64, 80))
    sizes = {"width": 160, "height": 96, "target_width": 80, "target_height": 64}
    ours = drawn(nodes, base, nodes.prompt(base, PROMPT, **sizes), nodes.prompt(base, NEGATIVE, **sizes))
    assert relative(ours, wanted) < TOLERANCE


def test_a_plain_prompt_has_the_size_of_the_picture(base, nodes):
    wanted = theirs(base, prompt=PROMPT, negative_prompt=NEGATIVE)
    sides = [clip_text_encode(text=text, clip=base.ours.clip, ctx=nodes.ctx) for text in (PROMPT, NEGATIVE)]
    assert relative(drawn(nodes, base, *sides), wanted) < TOLERANCE


def test_no_negative_prompt_is_zeros_to_sdxl(base, nodes):
    """Official repositories set force_zeros_for_empty_prompt; here that is ConditioningZeroOut, not an empty text."""
    pipe = pipeline("", base, scheduler(), force_zeros_for_empty_prompt=True)
    wanted = theirs(base, pipe=pipe, prompt=PROMPT)
    positive = nodes.prompt(base, PROMPT)
    ours = drawn(nodes, base, positive, conditioning_zero_out(conditioning=positive))
    assert relative(ours, wanted) < TOLERANCE
    assert relative(drawn(nodes, base, positive, nodes.prompt(base, "")), wanted) > 0.01


def test_clip_skip(base, nodes):
    """diffusers counts from the layer before the last, which SDXL takes anyway, and does not skip in the negative."""
    wanted = theirs(base, prompt=PROMPT, negative_prompt=NEGATIVE, clip_skip=1)
    assert relative(theirs(base, prompt=PROMPT, negative_prompt=NEGATIVE), wanted) > 0.001
    clip = clip_set_last_layer(clip=base.ours.clip, stop_at_clip_layer=-3)
    plain = clip_set_last_layer(clip=base.ours.clip, stop_at_clip_layer=-2)
    positive = clip_text_encode(text=PROMPT, clip=clip, ctx=nodes.ctx)
    negative = clip_text_encode(text=NEGATIVE, clip=plain, ctx=nodes.ctx)
    assert relative(drawn(nodes, base, positive, negative), wanted) < TOLERANCE


def test_the_refiners_aesthetic_score_and_sizes(refiner, nodes):
    image = torch.randn(1, 4, SIDE, SIDE, generator=seeded(11))
    pipe = pipeline("Img2Img", refiner, scheduler(), requires_aesthetics_score=True)
    common = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "guidance_scale": CFG, "num_inference_steps": 2 * STEPS}
    sizes = {"original_size": (96, 160), "negative_original_size": (32, 48), "target_size": (64, 64)}
    sizes |= {"negative_target_size": (64, 64)}
    scores = {"aesthetic_score": 7.5, "negative_aesthetic_score": 1.25}
    wanted = call(pipe, image=image, strength=0.5, **common, **sizes, **scores, generator=seeded(SEED))
    positive = nodes.refiner_prompt(refiner, PROMPT, 7.5, width=160, height=96)
    negative = nodes.refiner_prompt(refiner, NEGATIVE, 1.25, width=48, height=32)
    ours = nodes.ksampler(refiner, (positive, negative), image, denoise=0.5, **SETTINGS)
    assert relative(ours, wanted) < TOLERANCE
    other = nodes.refiner_prompt(refiner, PROMPT, 6.0, width=160, height=96), negative
    assert relative(nodes.ksampler(refiner, other, image, denoise=0.5, **SETTINGS), wanted) > 0.001


@pytest.mark.parametrize("vectors", [1, 3])
def test_textual_inversion_for_both_encoders(vectors, nodes, tmp_path):
    base = base_pair(tmp_path / "base")  # of its own: the tokenizers and encoders are changed
    generator = seeded(21)
    learned = {
        "clip_l": 0.3 * torch.randn(vectors, L_WIDTH, generator=generator),
        "clip_g": 0.3 * torch.randn(vectors, G_WIDTH, generator=generator),
    }
    folder = tmp_path / "models" / "embeddings"
    folder.mkdir(parents=True)
    save_file(learned, folder / "cat-toy.safetensors")
    pipe = pipeline("", base, scheduler())
    unlearned = theirs(base, pipe=pipe, prompt="a photo of", negative_prompt=NEGATIVE)
    for name, number in (("clip_l", ""), ("clip_g", "_2")):
        parts = {"text_encoder": base.parts[f"text_encoder{number}"], "tokenizer": base.parts[f"tokenizer{number}"]}
        pipe.load_textual_inversion(learned[name], token="<cat-toy>", **parts)
    wanted = theirs(base, pipe=pipe, prompt="a photo of <cat-toy> asleep", negative_prompt=NEGATIVE)
    assert relative(unlearned, wanted) > 0.01
    sides = nodes.prompt(base, "a photo of embedding:cat-toy asleep"), nodes.prompt(base, NEGATIVE)
    assert relative(drawn(nodes, base, *sides), wanted) < TOLERANCE
