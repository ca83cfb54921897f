"""Sampling from parts: the same pictures as the KSampler's, runs in pieces, and what each guider makes of prompts."""

import pytest
import torch
from torch.testing import assert_close

from execution.events import Preview, Progress
from execution.node import NodeInputError
from models.sampling.noise import seeded_noise
from nodes.custom_sampling import guiders, noise, samplers, schedulers, sigmas
from nodes.custom_sampling.sampling import sampler_custom, sampler_custom_advanced
from nodes.latent import empty_latent_image, set_latent_noise_mask
from nodes.latent_batch import latent_from_batch
from nodes.loaders import checkpoint_loader
from nodes.sampling import ksampler
from nodes.text import clip_text_encode

SEED, STEPS, CFG = 7, 4, 4.0


@pytest.fixture
def loaded(models):
    return checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)


@pytest.fixture
def prompts(models, loaded):
    return {
        name: clip_text_encode(text=text, clip=loaded.CLIP, ctx=models.ctx)
        for name, text in (("positive", "a fox"), ("negative", "blurry"), ("middle", "a hill"), ("empty", ""))
    }


@pytest.fixture
def model(loaded):
    return loaded.MODEL


@pytest.fixture
def ctx(models):
    return models.ctx


def blank(batch=1):
    return empty_latent_image(width=64, height=64, batch_size=batch)


def image(batch=1):
    return {"samples": torch.randn(batch, 4, 8, 8, generator=torch.Generator().manual_seed(0))}


def known(model, prompts, ctx, latent, *, sampler="euler", scheduler="normal", **more):
    """What the KSampler makes of it."""
    return ksampler(
        model=model,
        positive=prompts["positive"],
        negative=prompts["negative"],
        cfg=CFG,
        sampler_name=sampler,
        scheduler=scheduler,
        seed=SEED,
        steps=STEPS,
        latent_image=latent,
        ctx=ctx,
        **more,
    )["samples"]


def levels(model, scheduler="normal", steps=STEPS, denoise=1.0):
    return schedulers.basic_scheduler(model=model, scheduler=scheduler, steps=steps, denoise=denoise)


def advanced(guider, ctx, latent, run_levels, *, sampler="euler", source=None):
    return sampler_custom_advanced(
        noise=source or noise.random_noise(noise_seed=SEED),
        guider=guider,
        sampler=samplers.ksampler_select(sampler_name=sampler),
        sigmas=run_levels,
        latent_image=latent,
        ctx=ctx,
    )


def cfg_guider(model, prompts, cfg=CFG):
    return guiders.cfg_guider(model=model, positive=prompts["positive"], negative=prompts["negative"], cfg=cfg)


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m_sde", "euler_ancestral_cfg_pp", "lcm"])
@pytest.mark.parametrize("scheduler, denoise", [("karras", 1.0), ("normal", 0.6)])
def test_sampler_custom_is_the_ksampler(model, prompts, ctx, sampler, scheduler, denoise):
    result = sampler_custom(
        model=model,
        add_noise=True,
        noise_seed=SEED,
        cfg=CFG,
        positive=prompts["positive"],
        negative=prompts["negative"],
        sampler=samplers.ksampler_select(sampler_name=sampler),
        sigmas=levels(model, scheduler, denoise=denoise),
        latent_image=image(2),
        ctx=ctx,
    )
    wanted = known(model, prompts, ctx, image(2), sampler=sampler, scheduler=scheduler, denoise=denoise)
    assert torch.equal(result.output["samples"], wanted)
    assert_close(result.denoised_output["samples"], wanted)  # the last step ends clean


def test_the_advanced_one_is_the_ksampler_too_with_masks_and_previews(model, prompts, models):
    mask = torch.zeros(1, 64, 64)
    mask[..., 20:] = 1
    latent = set_latent_noise_mask(samples=image(), mask=mask, ctx=models.ctx)
    result = advanced(cfg_guider(model, prompts), models.ctx, latent, levels(model))
    assert [(event.value, event.total) for event in models.told(Progress)] == [(n, STEPS) for n in range(1, STEPS + 1)]
    assert len(models.told(Preview)) == STEPS
    assert torch.equal(result.output["samples"], known(model, prompts, models.ctx, latent))
    assert result.output["noise_mask"] is latent["noise_mask"]


@pytest.mark.parametrize("step", range(STEPS + 1))
def test_two_parts_are_the_whole(model, prompts, ctx, step):
    guider = cfg_guider(model, prompts)
    high, low = sigmas.split_sigmas(sigmas=levels(model), step=step)
    first = advanced(guider, ctx, blank(), high)
    second = advanced(guider, ctx, first.output, low, source=noise.disable_noise())
    whole = known(model, prompts, ctx, blank())
    assert_close(second.output["samples"], whole, rtol=1e-4, atol=1e-4)
    if step < STEPS:  # noise is left
        assert not torch.equal(first.denoised_output["samples"], first.output["samples"])


def test_the_denoised_output_is_the_picture_so_far_in_units_of_the_wire(model, prompts, models):
    high, _ = sigmas.split_sigmas(sigmas=levels(model), step=2)
    result = advanced(cfg_guider(model, prompts), models.ctx, blank(), high)
    assert torch.equal(result.denoised_output["samples"], models.told(Preview)[-1].image.denoised)


def test_no_level_leaves_everything_as_it_is(model, prompts, ctx):
    latent = image()
    for none in (torch.empty(0), levels(model, denoise=0.0)):
        result = advanced(cfg_guider(model, prompts), ctx, latent, none)
        assert torch.equal(result.output["samples"], latent["samples"])
        assert torch.equal(result.denoised_output["samples"], latent["samples"])


def test_levels_that_repeat_change_nothing(model, prompts, ctx):
    plain = levels(model, "karras")
    repeated = plain.repeat_interleave(2)
    for sampler in ("dpmpp_2m", "heun"):
        one, two = (
            advanced(cfg_guider(model, prompts), ctx, blank(), run, sampler=sampler).output for run in (plain, repeated)
        )
        assert torch.equal(one["samples"], two["samples"])


def test_a_picture_of_a_batch_is_made_again_alone(model, prompts, ctx):
    guider = cfg_guider(model, prompts)
    batch = advanced(guider, ctx, blank(3), levels(model)).output["samples"]
    for number in range(3):
        one = latent_from_batch(samples=blank(3), batch_index=number, length=1)
        alone = advanced(guider, ctx, one, levels(model)).output["samples"]
        assert_close(alone, batch[number : number + 1], rtol=1e-4, atol=1e-4)


def test_a_flipped_run_finds_the_noise_that_leads_back(model, prompts, ctx):
    guider = guiders.basic_guider(model=model, conditioning=prompts["positive"])
    forward = levels(model, "karras", 60)
    start = {"samples": image()["samples"] * 3}
    found = advanced(guider, ctx, start, sigmas.flip_sigmas(sigmas=forward), source=noise.disable_noise()).output
    back = advanced(guider, ctx, found, forward, source=noise.disable_noise()).output["samples"]
    # coarse steps do not lead back exactly, but far nearer than a run from other noise
    other = advanced(guider, ctx, blank(), forward).output["samples"]
    assert (back - start["samples"]).norm() < 0.5 * (other - start["samples"]).norm()


def test_one_prompt_alone_is_guidance_at_scale_one(model, prompts, ctx):
    basic = guiders.basic_guider(model=model, conditioning=prompts["positive"])
    one = advanced(basic, ctx, blank(), levels(model)).output["samples"]
    assert torch.equal(one, advanced(cfg_guider(model, prompts, 1.0), ctx, blank(), levels(model)).output["samples"])
    assert not torch.allclose(one, advanced(cfg_guider(model, prompts), ctx, blank(), levels(model)).output["samples"])


def dual(model, prompts, middle, style, conds=3.0, negative=5.0):
    return guiders.dual_cfg_guider(
        model=model,
        cond1=prompts["positive"],
        cond2=prompts[middle],
        negative=prompts["negative"],
        cfg_conds=conds,
        cfg_cond2_negative=negative,
        style=style,
    )


def test_dual_guidance_with_equal_prompts_is_plain_guidance(model, prompts, ctx):
    def run(guider):
        return advanced(guider, ctx, blank(), levels(model)).output["samples"]

    equal_negative = run(dual(model, prompts, "negative", "regular"))
    assert_close(equal_negative, run(cfg_guider(model, prompts, 3.0)), rtol=1e-4, atol=1e-4)
    equal_positive = run(dual(model, prompts, "positive", "regular"))
    assert_close(equal_positive, run(cfg_guider(model, prompts, 5.0)), rtol=1e-4, atol=1e-4)
    nested = run(dual(model, prompts, "positive", "nested"))
    assert_close(nested, run(cfg_guider(model, prompts, 5.0)), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(run(dual(model, prompts, "middle", "regular")), equal_negative, atol=1e-2)
    styles = [run(dual(model, prompts, "middle", style)) for style in ("regular", "nested")]
    assert not torch.allclose(*styles, atol=1e-2)


def test_perp_neg_with_an_empty_negative_prompt_is_plain_guidance(model, prompts, ctx):
    def run(negative, scale=1.0):
        guider = guiders.perp_neg_guider(
            model=model,
            positive=prompts["positive"],
            negative=prompts[negative],
            empty_conditioning=prompts["empty"],
            cfg=CFG,
            neg_scale=scale,
        )
        return advanced(guider, ctx, blank(), levels(model)).output["samples"]

    plain = guiders.cfg_guider(model=model, positive=prompts["positive"], negative=prompts["empty"], cfg=CFG)
    wanted = advanced(plain, ctx, blank(), levels(model)).output["samples"]
    assert_close(run("empty"), wanted, rtol=1e-4, atol=1e-4)
    assert_close(run("negative", 0.0), wanted, rtol=1e-4, atol=1e-4)
    assert_close(run("positive"), wanted, rtol=1e-3, atol=1e-3)  # nothing of it lies across the positive prompt
    assert not torch.allclose(run("negative"), wanted, atol=1e-2)


def test_noise_is_added_as_much_as_lies_between_the_levels(model):
    latent, source = image(), noise.random_noise(noise_seed=SEED)
    drawn = seeded_noise((1, 4, 8, 8), SEED)
    for run_levels, strength in (([9.0, 4.0, 2.0], 7.0), ([3.0], 3.0)):
        added = noise.add_noise(model=model, noise=source, sigmas=torch.tensor(run_levels), latent_image=latent)
        assert_close(added["samples"], latent["samples"] + drawn * strength / model.latent_scale)
    none = noise.add_noise(model=model, noise=source, sigmas=torch.empty(0), latent_image=latent)
    assert torch.equal(none["samples"], latent["samples"])


def test_added_noise_is_what_a_run_without_its_own_begins_with(model, prompts, ctx):
    guider, run_levels = cfg_guider(model, prompts), levels(model, denoise=0.5)
    noisy = noise.add_noise(
        model=model, noise=noise.random_noise(noise_seed=SEED), sigmas=run_levels, latent_image=image()
    )
    result = advanced(guider, ctx, noisy, run_levels, source=noise.disable_noise()).output["samples"]
    assert_close(result, advanced(guider, ctx, image(), run_levels).output["samples"], rtol=1e-4, atol=1e-4)


def test_prompts_of_another_model_are_refused_by_the_guider(models, prompts, ctx):
    refiner = checkpoint_loader(ckpt_name="refiner.safetensors", ctx=models.ctx).MODEL
    with pytest.raises(NodeInputError, match="belong to the model") as error:
        advanced(cfg_guider(refiner, prompts), ctx, blank(), levels(refiner))
    assert error.value.input_name == "guider"


def test_latents_that_grow_while_sampling(model, prompts, ctx):
    growing = samplers.sampler_lcm_upscale(scale_ratio=2.0, scale_steps=-1, upscale_method="bislerp")
    guider = guiders.basic_guider(model=model, conditioning=prompts["positive"])
    parts = {"noise": noise.random_noise(noise_seed=SEED), "guider": guider, "sigmas": levels(model), "ctx": ctx}
    result = sampler_custom_advanced(**parts, sampler=growing, latent_image=blank())
    assert result.output["samples"].shape == (1, 4, 16, 16)
    same = samplers.sampler_lcm_upscale(scale_ratio=1.0, scale_steps=-1, upscale_method="bislerp")
    assert sampler_custom_advanced(**parts, sampler=same, latent_image=blank()).output["samples"].shape[-1] == 8
    masked = set_latent_noise_mask(samples=blank(), mask=torch.ones(1, 64, 64), ctx=ctx)
    with pytest.raises(NodeInputError, match="noise mask"):
        sampler_custom_advanced(**parts, sampler=growing, latent_image=masked)
