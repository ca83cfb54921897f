"""Inpainting by diffusers and by Weft's nodes: with a plain checkpoint and a mask, and with one made for it."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from nodes.inpainting.model_conditioning import inpaint_model_conditioning
from nodes.latent import set_latent_noise_mask
from nodes.vae import vae_encode
from tests.models.small_models import relative
from tests.parity.diffusers_pipelines import LATENT_SCALE, base_pair, call, first_noise, pipeline, seeded
from tests.parity.test_pipelines_parity import (
    CFG,
    LEADING,
    NEGATIVE,
    PROMPT,
    PROMPT_2,
    REFINER_PROMPTS,
    SEED,
    SETTINGS,
    SIDE,
    THEIR_PROMPTS,
    TO_CLEAN,
    TOLERANCE,
    Setting,
    blank,
    picture,
)

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("most_likely_latents")]

# "ddim" itself draws other noise for what is kept, as in ComfyUI, and so differs from diffusers; "euler" is the same
# method without that.
DDIM = Setting("DDIMScheduler", "euler", "ddim_uniform", LEADING | TO_CLEAN)
CASES = {name: SETTINGS[name] for name in ("sdxl's default", "euler trailing", "dpm++ 2m karras")} | {"ddim": DDIM}
SIZE = {"height": 8 * SIDE, "width": 8 * SIDE}


@pytest.fixture(scope="module")
def inpainter(tmp_path_factory):
    """A base whose network also takes a mask and what is around it."""
    return base_pair(tmp_path_factory.mktemp("inpainter"), in_channels=9)


def hole():
    """A mask [1, H, W]: 1 in the middle, along the borders of latents."""
    mask = torch.zeros(1, 8 * SIDE, 8 * SIDE)
    mask[:, 16:48, 24:56] = 1
    return mask


def sides(nodes, pair):
    return nodes.prompt(pair, PROMPT, PROMPT_2), nodes.prompt(pair, NEGATIVE)


def theirs(pair, setting, **options):
    pipe = pipeline("Inpaint", pair, setting.make())
    given = {"image": picture().movedim(-1, 1), "mask_image": hole()[:, None], "num_inference_steps": setting.steps}
    return call(pipe, **THEIR_PROMPTS, **SIZE, **given, **options)


@pytest.mark.parametrize("setting", CASES.values(), ids=CASES)
def test_a_plain_checkpoint_and_a_noise_mask(setting, base, nodes):
    wanted = theirs(base, setting, strength=0.8, generator=seeded(SEED))
    masked = set_latent_noise_mask(samples=vae_encode(pixels=picture(), vae=base.ours.vae), mask=hole(), ctx=nodes.ctx)
    samples = masked["samples"] * LATENT_SCALE
    settings = {"seed": SEED, "steps": 8, "denoise": 0.8, "cfg": CFG, **setting.names}
    ours = nodes.ksampler(base, sides(nodes, base), samples, masked["noise_mask"], **settings)
    assert relative(ours, wanted) < TOLERANCE
    outside = interpolate(hole()[:, None], size=(SIDE, SIDE)).expand_as(ours) == 0
    assert relative(ours[outside], samples[outside]) < TOLERANCE


@pytest.mark.parametrize("strength", [1.0, 0.6])
@pytest.mark.parametrize("setting", CASES.values(), ids=CASES)
def test_a_checkpoint_for_inpainting(setting, strength, inpainter, nodes):
    """diffusers holds nothing to the picture then; InpaintModelConditioning does only where noise_mask is on."""
    positive, negative, latent = inpaint_model_conditioning(
        positive=sides(nodes, inpainter)[0],
        negative=sides(nodes, inpainter)[1],
        vae=inpainter.ours.vae,
        pixels=picture(),
        mask=hole(),
        noise_mask=False,
        ctx=nodes.ctx,
    )
    settings = {"seed": SEED, "steps": int(setting.steps * strength), "denoise": strength, "cfg": CFG, **setting.names}
    if strength == 1.0:  # begins with noise alone
        noise = first_noise(setting.make(), setting.steps, SEED, (1, 4, SIDE, SIDE), inpainter.ours.model.schedule)
        wanted, start = theirs(inpainter, setting, strength=strength, latents=noise), blank()
    else:
        wanted = theirs(inpainter, setting, strength=strength, generator=seeded(SEED))
        start = latent["samples"] * LATENT_SCALE
    assert relative(nodes.ksampler(inpainter, (positive, negative), start, **settings), wanted) < TOLERANCE
    unaware = nodes.ksampler(inpainter, sides(nodes, inpainter), start, **settings)
    assert relative(unaware, wanted) > 0.01  # the network does look at the picture


@pytest.mark.parametrize("fraction", [0.8, 0.5])
def test_an_ensemble_of_experts_inpaints(fraction, base, refiner, nodes):
    """Base and refiner by fractions, both held to the picture by a mask.

    Handing over, diffusers leaves no noise around the hole and begins the refiner so, and at strength 1 it begins
    with no picture around it; Weft has the noise that belongs there at every step. So the pipelines are told what to
    begin with; all else is theirs.
    """
    setting = SETTINGS["sdxl's default"]
    clean = vae_encode(pixels=picture(), vae=base.ours.vae)["samples"] * LATENT_SCALE
    noise = torch.randn(clean.shape, generator=seeded(SEED))
    scheduler = setting.make()
    scheduler.set_timesteps(setting.steps)
    start = clean + noise * scheduler.sigmas[0]

    def stage(pair, begin, prompts, **options):
        needs = {"requires_aesthetics_score": True} if pair is refiner else {}
        pipe = pipeline("Inpaint", pair, setting.make(), **needs)
        pipe.prepare_latents = lambda *_, **__: (begin, noise, clean)
        given = {"image": clean, "mask_image": hole()[:, None], "num_inference_steps": setting.steps, "strength": 1.0}
        return call(pipe, **prompts, **SIZE, **given, **options)

    common = {"steps": setting.steps, "cfg": CFG, **setting.names}
    half_done = stage(base, start, THEIR_PROMPTS, denoising_end=fraction)
    first = nodes.range(base, sides(nodes, base), clean, hole(), seed=SEED, denoising_end=fraction, **common)
    inside = interpolate(hole()[:, None], size=(SIDE, SIDE)).expand_as(first) == 1
    assert relative(first[inside], half_done[inside]) < TOLERANCE

    wanted = stage(refiner, first, REFINER_PROMPTS, denoising_start=fraction)
    prompts = nodes.refiner_prompt(refiner, PROMPT, 6.0), nodes.refiner_prompt(refiner, NEGATIVE, 2.5)
    last = nodes.range(refiner, prompts, first, hole(), original=clean, denoising_start=fraction, **common)
    assert relative(last, wanted) < TOLERANCE
    assert relative(last[~inside], clean[~inside]) < TOLERANCE
