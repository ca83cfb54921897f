"""Networks that edit a picture by instruction (eight channels) draw what diffusers' pipeline draws with them.

`InstructPixToPixConditioning` and StableDiffusionXLInstructPix2PixPipeline. See `test_pipelines_parity` for what is
evened out.
"""

from __future__ import annotations

import pytest
import torch

from models.sampling.guiders import DualCfgGuider
from models.sampling.noise import seeded_noise
from models.sampling.sample import sample_guided
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import sigmas
from nodes.inpainting.model_conditioning import instruct_pix_to_pix_conditioning
from tests.models.small_models import relative
from tests.parity.diffusers_pipelines import LATENT_SCALE, base_pair, call, first_noise, pipeline, seeded
from tests.parity.test_pipelines_parity import (
    CFG,
    NEGATIVE,
    PROMPT,
    PROMPT_2,
    SEED,
    SETTINGS,
    SIDE,
    THEIR_PROMPTS,
    TOLERANCE,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # diffusers and transformers warn of their own changes

NAMES = ["sdxl's default", "euler trailing", "dpm++ 2m karras"]


@pytest.fixture(scope="module")
def editing(tmp_path_factory):
    return base_pair(tmp_path_factory.mktemp("editing"), in_channels=8)


def picture(count=1):
    return torch.rand(count, 8 * SIDE, 8 * SIDE, 3, generator=seeded(12))


def sides(nodes, pair):
    return nodes.prompt(pair, PROMPT, PROMPT_2), nodes.prompt(pair, NEGATIVE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [1, 2])
def test_editing_by_instruction(name, count, nodes, editing):
    setting = SETTINGS[name]
    scheduler = setting.make()
    noise = first_noise(scheduler, setting.steps, SEED, (count, 4, SIDE, SIDE), editing.ours.model.schedule)
    given = {"image": picture(count).movedim(-1, 1) * 2 - 1, "latents": noise, "image_guidance_scale": 1.0}
    size = {"height": 8 * SIDE, "width": 8 * SIDE, "num_inference_steps": setting.steps}
    pipe = pipeline("InstructPix2Pix", editing, scheduler)
    theirs = call(pipe, **THEIR_PROMPTS, **given, **size, num_images_per_prompt=count)
    positive, negative = sides(nodes, editing)
    ready = instruct_pix_to_pix_conditioning(
        positive=positive, negative=negative, vae=editing.ours.vae, pixels=picture(count)
    )
    settings = {"seed": SEED, "steps": setting.steps, "cfg": CFG, **setting.names}
    both = (ready.positive, ready.negative)
    ours = nodes.ksampler(editing, both, ready.latent["samples"], **settings)
    assert relative(ours, theirs) < TOLERANCE
    unaware = nodes.ksampler(editing, (positive, negative), ready.latent["samples"], **settings)
    assert relative(unaware, theirs) > 0.01


@pytest.mark.parametrize("cosxl", [False, True])
def test_editing_with_a_scale_for_the_picture(cosxl, nodes, editing):
    """Guidance from no picture to the picture by one scale, and from there to the instruction by the other."""
    setting = SETTINGS["euler trailing"]
    scheduler = setting.make()
    noise = first_noise(scheduler, setting.steps, SEED, (1, 4, SIDE, SIDE), editing.ours.model.schedule)
    given = {"image": picture().movedim(-1, 1) * 2 - 1, "latents": noise, "image_guidance_scale": 1.5}
    size = {"height": 8 * SIDE, "width": 8 * SIDE, "num_inference_steps": setting.steps}
    pipe = pipeline("InstructPix2Pix", editing, scheduler, is_cosxl_edit=cosxl)
    theirs = call(pipe, **THEIR_PROMPTS, **given, **size)
    positive, negative = sides(nodes, editing)
    shown = picture()
    ready = instruct_pix_to_pix_conditioning(positive=positive, negative=negative, vae=editing.ours.vae, pixels=shown)
    if cosxl:  # as a network under EDM's schedule is shown it (see the tests of further channels)
        for side in (ready.positive, ready.negative):
            side[0][1]["concat_latent_image"] = side[0][1]["concat_latent_image"] * LATENT_SCALE
    *_, last = sample_guided(
        DualCfgGuider(editing.ours.model, ready.positive, ready.negative, negative, CFG, 1.5),
        noise=seeded_noise((1, 4, SIDE, SIDE), SEED),
        latent=ready.latent["samples"],
        sampler=SAMPLERS["euler"],
        sigmas=sigmas(editing.ours.model.schedule, setting.here, setting.steps, 1.0),
        seed=SEED,
    )
    assert relative(last.x * LATENT_SCALE, theirs) < TOLERANCE
