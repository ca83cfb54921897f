"""Base and refiner by fractions: which steps are whose, and that the parts make the whole."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from execution.events import Warned
from execution.node import NodeInputError
from models.sampling.continuous_schedule import EdmSchedule
from models.sampling.denoising_range import steps_before
from models.sampling.distilled_schedule import DistilledSchedule
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.schedules import sigmas
from nodes.custom_sampling.denoising_range import ksampler_denoising_range, split_at_fraction
from nodes.latent import empty_latent_image, set_latent_noise_mask
from nodes.loaders import checkpoint_loader
from nodes.sampling import ksampler, ksampler_advanced
from nodes.text import clip_text_encode

SCHEDULE = NoiseSchedule.scaled_linear()
SETTINGS = {"cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "seed": 7, "steps": 10}


@pytest.mark.filterwarnings("ignore")  # diffusers warns of its own changes
@pytest.mark.parametrize("spacing", ["leading", "linspace", "trailing"])
@pytest.mark.parametrize("karras", [False, True])
@pytest.mark.parametrize("steps", [7, 10, 25, 40])
def test_the_step_is_the_one_that_diffusers_hands_over_at(spacing, karras, steps):
    from diffusers import EulerDiscreteScheduler

    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        timestep_spacing=spacing, use_karras_sigmas=karras, steps_offset=1,
    )  # fmt: skip
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.numpy()
    for fraction in np.linspace(0.01, 0.99, 99).tolist():
        cutoff = round(1000 - fraction * 1000)  # as the pipelines compute it, from both sides
        expected = int((timesteps >= cutoff).sum())
        assert expected == steps - int((timesteps < cutoff).sum())
        assert steps_before(SCHEDULE, scheduler.sigmas, fraction) == expected


def test_fractions_at_the_ends_and_of_other_schedules():
    for schedule in (SCHEDULE, EdmSchedule.between(0.002, 80.0, "edm", 0.5), DistilledSchedule.thinned(SCHEDULE)):
        levels = sigmas(schedule, "normal", 8)
        counts = [steps_before(schedule, levels, fraction) for fraction in (0.0, 0.25, 0.5, 0.75, 1.0)]
        assert (counts[0], counts[-1]) == (0, 8)
        assert counts == sorted(counts)
        assert 3 <= counts[2] <= 5


@pytest.fixture
def given(models):
    loaded = checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)
    return {
        "model": loaded.MODEL,
        "positive": clip_text_encode(text="a fox", clip=loaded.CLIP, ctx=models.ctx),
        "negative": clip_text_encode(text="blurry", clip=loaded.CLIP, ctx=models.ctx),
        "ctx": models.ctx,
    }


def blank():
    return empty_latent_image(width=64, height=64, batch_size=1)


def image():
    return {"samples": torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))}


@pytest.mark.parametrize("fraction", [0.02, 0.5, 0.8])
def test_two_parts_make_the_picture_of_one_run(given, fraction):
    base = ksampler_denoising_range(**given, **SETTINGS, latent_image=blank(), denoising_end=fraction)
    both = ksampler_denoising_range(**given, **SETTINGS, latent_image=base, denoising_start=fraction)
    whole = ksampler(**given, **SETTINGS, latent_image=blank())
    assert not torch.equal(base["samples"], both["samples"])
    assert_close(both["samples"], whole["samples"], rtol=1e-4, atol=1e-3)


def test_the_node_with_steps_does_the_same(given):
    split = split_at_fraction(model=given["model"], scheduler="normal", steps=10, fraction=0.8)
    assert (len(split.high_sigmas) - 1, len(split.low_sigmas) - 1) == (split.step, 10 - split.step)
    settings = {key: value for key, value in SETTINGS.items() if key != "seed"}
    base = ksampler_advanced(
        **given, **settings, noise_seed=7, latent_image=blank(), add_noise="enable",
        start_at_step=0, end_at_step=split.step, return_with_leftover_noise="enable",
    )  # fmt: skip
    ours = ksampler_denoising_range(**given, **SETTINGS, latent_image=blank(), denoising_end=0.8)
    assert torch.equal(base["samples"], ours["samples"])


@pytest.mark.parametrize("fraction", [0.5, 0.8])
def test_inpainting_in_two_parts_keeps_what_the_mask_leaves_out(given, fraction):
    mask = torch.zeros(1, 64, 64)
    mask[..., 32:] = 1
    masked = set_latent_noise_mask(samples=image(), mask=mask, ctx=given["ctx"])
    base = ksampler_denoising_range(**given, **SETTINGS, latent_image=masked, denoising_end=fraction)
    kept = base["samples"][..., :4] - image()["samples"][..., :4]
    assert kept.std() > 1  # the base left its noise there
    both = ksampler_denoising_range(
        **given, **SETTINGS, latent_image=base, denoising_start=fraction, original_latent=masked
    )
    whole = ksampler(**given, **SETTINGS, latent_image=masked)["samples"]
    assert_close(both["samples"], whole, rtol=1e-3, atol=1e-2)
    assert_close(both["samples"][..., :4], image()["samples"][..., :4], rtol=1e-4, atol=1e-4)


def test_inpainting_without_the_original_is_warned_of(given, models):
    masked = set_latent_noise_mask(samples=image(), mask=torch.ones(1, 64, 64), ctx=given["ctx"])
    ksampler_denoising_range(**given, **SETTINGS, latent_image=masked, denoising_start=0.8)
    assert any("original_latent" in event.sentence for event in models.told(Warned))


def test_a_part_without_steps_is_warned_of_and_changes_nothing(given, models):
    result = ksampler_denoising_range(
        **given, **SETTINGS, latent_image=image(), denoising_start=0.5, denoising_end=0.51
    )
    assert torch.equal(result["samples"], image()["samples"])
    assert any("None of the 10 steps" in event.sentence for event in models.told(Warned))


def test_parts_that_end_before_they_begin(given):
    with pytest.raises(NodeInputError, match="nothing to do") as error:
        ksampler_denoising_range(**given, **SETTINGS, latent_image=blank(), denoising_start=0.8, denoising_end=0.8)
    assert error.value.input_name == "denoising_start"


def test_originals_of_another_size(given):
    other = empty_latent_image(width=128, height=64, batch_size=1)
    with pytest.raises(NodeInputError, match="shape") as error:
        ksampler_denoising_range(**given, **SETTINGS, latent_image=image(), denoising_start=0.5, original_latent=other)
    assert error.value.input_name == "original_latent"
