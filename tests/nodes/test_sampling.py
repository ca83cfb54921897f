"""KSampler and KSamplerAdvanced on a small random model."""

import pytest
import torch
from torch.testing import assert_close

from execution.errors import Cancelled
from execution.events import Preview, Progress, Warned
from execution.node import NodeInputError
from models.sampling.noise import seeded_noise
from models.sampling.sample import final_latent, sample
from nodes.latent import empty_latent_image, set_latent_noise_mask
from nodes.latent_batch import latent_from_batch
from nodes.loaders import checkpoint_loader
from nodes.sampling import LatentPreview, ksampler, ksampler_advanced
from nodes.text import clip_text_encode

SETTINGS = {"cfg": 4.0, "sampler_name": "euler", "scheduler": "normal"}


@pytest.fixture
def given(models):
    """A model, its prompts and a context."""
    loaded = checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)
    return {
        "model": loaded.MODEL,
        "positive": clip_text_encode(text="a fox", clip=loaded.CLIP, ctx=models.ctx),
        "negative": clip_text_encode(text="blurry", clip=loaded.CLIP, ctx=models.ctx),
        "ctx": models.ctx,
    }


def blank(batch=1, side=64):
    return empty_latent_image(width=side, height=side, batch_size=batch)


def advanced(given, latent, start, end, *, noise="enable", leftover="disable", seed=7):
    return ksampler_advanced(
        **given,
        **SETTINGS,
        steps=6,
        noise_seed=seed,
        latent_image=latent,
        add_noise=noise,
        start_at_step=start,
        end_at_step=end,
        return_with_leftover_noise=leftover,
    )


def test_the_result_is_that_of_the_sampler(given):
    latent = {"samples": torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)), "batch_index": [0]}
    result = ksampler(**given, **SETTINGS, seed=7, steps=3, denoise=0.6, latent_image=latent)
    known = sample(
        given["model"],
        noise=seeded_noise((1, 4, 8, 8), 7),
        latent=latent["samples"],
        positive=given["positive"],
        negative=given["negative"],
        cfg=4.0,
        sampler="euler",
        scheduler="normal",
        steps=3,
        seed=7,
        denoise=0.6,
    )
    assert torch.equal(result["samples"], final_latent(known, latent["samples"]))
    assert result["batch_index"] == [0]


def test_the_seed_decides(given):
    def draw(seed):
        return ksampler(**given, **SETTINGS, seed=seed, steps=2, latent_image=blank())["samples"]

    assert torch.equal(draw(1), draw(1))
    assert not torch.allclose(draw(1), draw(2))


def test_nothing_to_denoise_changes_nothing(given):
    latent = {"samples": torch.ones(1, 4, 8, 8)}
    result = ksampler(**given, **SETTINGS, seed=1, steps=3, denoise=0.0, latent_image=latent)
    assert torch.equal(result["samples"], latent["samples"])


def test_progress_and_previews_for_each_step(given, models):
    ksampler(**given, **SETTINGS, seed=1, steps=3, latent_image=blank())
    assert [(event.value, event.total) for event in models.told(Progress)] == [(1, 3), (2, 3), (3, 3)]
    previews = [event.image for event in models.told(Preview)]
    assert [(one.step, one.total, tuple(one.denoised.shape)) for one in previews] == [
        (number, 3, (1, 4, 8, 8)) for number in (1, 2, 3)
    ]
    assert all(isinstance(one, LatentPreview) for one in previews)


def test_cancelling_stops_within_a_step(given, models):
    seen = []

    def cancel_at_two(event):
        if isinstance(event, Progress):
            seen.append(event.value)
            if event.value == 2:
                models.cancel.cancel()

    context = models.ctx
    context._emit = cancel_at_two
    with pytest.raises(Cancelled):
        ksampler(**{**given, "ctx": context}, **SETTINGS, seed=1, steps=10, latent_image=blank())
    assert seen == [1, 2]


def test_a_run_cancelled_before_it_begins_does_nothing(given, models):
    models.cancel.cancel()
    with pytest.raises(Cancelled):
        ksampler(**given, **SETTINGS, seed=1, steps=10, latent_image=blank())
    assert models.events == []


def test_steps_in_two_parts_are_the_same_as_in_one(given):
    whole = advanced(given, blank(), 0, 10_000)["samples"]
    first = advanced(given, blank(), 0, 4, leftover="enable")
    assert not torch.allclose(first["samples"], whole, rtol=0.1)
    second = advanced(given, first, 4, 10_000, noise="disable", seed=99)["samples"]
    assert_close(second, whole, rtol=1e-4, atol=1e-4)


def test_stopping_early_without_leftover_noise_ends_clean(given, models):
    clean = advanced(given, blank(), 0, 4)["samples"]
    assert torch.equal(clean, models.told(Preview)[-1].image.denoised)
    noisy = advanced(given, blank(), 0, 4, leftover="enable")["samples"]
    assert noisy.std() > clean.std()


def test_a_start_beyond_the_end_changes_nothing(given):
    latent = {"samples": torch.ones(1, 4, 8, 8)}
    assert torch.equal(advanced(given, latent, 6, 10_000)["samples"], latent["samples"])
    assert torch.equal(advanced(given, latent, 4, 2)["samples"], latent["samples"])


def test_a_latent_taken_out_of_a_batch_becomes_the_same_picture(given):
    indexed = {**blank(3), "batch_index": [0, 1, 2]}
    batch = ksampler(**given, **SETTINGS, seed=5, steps=2, latent_image=indexed)["samples"]
    alone = latent_from_batch(samples=blank(3), batch_index=1, length=1)
    single = ksampler(**given, **SETTINGS, seed=5, steps=2, latent_image=alone)["samples"]
    assert_close(single, batch[1:2], rtol=1e-4, atol=1e-4)


def test_what_the_mask_leaves_out_is_kept(given):
    mask = torch.zeros(1, 64, 64)
    mask[..., 32:] = 1
    start = {"samples": torch.ones(1, 4, 8, 8) * 0.5}
    latent = set_latent_noise_mask(samples=start, mask=mask, ctx=given["ctx"])
    result = ksampler(**given, **SETTINGS, seed=5, steps=3, latent_image=latent)
    assert_close(result["samples"][..., :4], start["samples"][..., :4], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(result["samples"][..., 4:], start["samples"][..., 4:], atol=0.05)
    assert result["noise_mask"] is latent["noise_mask"]


@pytest.mark.parametrize("width, height", [(72, 64), (520 // 8, 88), (16, 16)])
def test_sides_that_the_network_cannot_halve(given, width, height):
    latent = empty_latent_image(width=width, height=height, batch_size=1)
    assert (
        ksampler(**given, **SETTINGS, seed=1, steps=1, latent_image=latent)["samples"].shape == latent["samples"].shape
    )


def test_latents_that_the_model_does_not_take(given):
    for shape in ((1, 16, 8, 8), (4, 8, 8)):
        with pytest.raises(NodeInputError, match="takes") as error:
            ksampler(**given, **SETTINGS, seed=1, steps=1, latent_image={"samples": torch.zeros(shape)})
        assert error.value.input_name == "latent_image"


def test_names_that_came_by_a_link(given):
    for name in ("sampler_name", "scheduler"):
        with pytest.raises(NodeInputError, match="There is no 'magic'") as error:
            ksampler(**given, **{**SETTINGS, name: "magic"}, seed=1, steps=1, latent_image=blank())
        assert error.value.input_name == name


def test_prompts_of_another_model_are_refused(given, models):
    refiner = checkpoint_loader(ckpt_name="refiner.safetensors", ctx=models.ctx)
    with pytest.raises(NodeInputError, match="belong to the model"):
        ksampler(**{**given, "model": refiner.MODEL}, **SETTINGS, seed=1, steps=1, latent_image=blank())


@pytest.mark.parametrize("start, end", [(4, 4), (5, 2), (6, 10_000)])
def test_a_range_without_steps_hands_the_latents_on_and_says_so(given, models, start, end):
    latent = {"samples": torch.ones(1, 4, 8, 8)}
    assert torch.equal(advanced(given, latent, start, end)["samples"], latent["samples"])
    (warned,) = models.told(Warned)
    assert f"start_at_step is {start}" in warned.sentence and "lower start_at_step" in warned.sentence


def test_a_range_with_steps_is_not_warned_of(given, models):
    advanced(given, blank(), 5, 6)
    assert models.told(Warned) == []


@pytest.mark.parametrize("denoise", [-0.1, 1.7])
def test_a_share_of_denoising_out_of_range_by_a_link_is_refused(given, denoise):
    with pytest.raises(NodeInputError, match="from 0") as error:
        ksampler(**given, **SETTINGS, seed=1, steps=2, denoise=denoise, latent_image=blank())
    assert error.value.input_name == "denoise"
