"""Networks that take a picture beside the latent draw what diffusers' pipelines draw with them.

Nine channels: `InpaintModelConditioning` and StableDiffusionXLInpaintPipeline. Eight: `InstructPixToPixConditioning`
and StableDiffusionXLInstructPix2PixPipeline. See `test_pipelines_parity` for what is evened out.
"""

from __future__ import annotations

import pytest
import torch

from folders.workspace import Workspace
from models.sampling.guiders import DualCfgGuider
from models.sampling.noise import seeded_noise
from models.sampling.sample import sample_guided
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import sigmas
from nodes.inpainting.model_conditioning import inpaint_model_conditioning, instruct_pix_to_pix_conditioning
from tests.models.small_models import relative
from tests.parity.diffusers_pipelines import LATENT_SCALE, Nodes, base_pair, call, first_noise, pipeline, seeded
from tests.parity.test_pipelines_parity import CFG, NEGATIVE, PROMPT, PROMPT_2, SEED, SETTINGS, SIDE, THEIR_PROMPTS

pytestmark = pytest.mark.filterwarnings("ignore")  # diffusers and transformers warn of their own changes

TOLERANCE = 1e-5
NAMES = ["sdxl's default", "euler trailing", "dpm++ 2m karras"]


@pytest.fixture
def nodes(tmp_path):
    return Nodes(Workspace(tmp_path))


@pytest.fixture(scope="module")
def inpainting(tmp_path_factory):
    return base_pair(tmp_path_factory.mktemp("inpainting"), in_channels=9)


@pytest.fixture(scope="module")
def editing(tmp_path_factory):
    return base_pair(tmp_path_factory.mktemp("editing"), in_channels=8)


@pytest.fixture
def most_likely_latents(monkeypatch):
    """diffusers draws a picture's latents at random from a distribution, ComfyUI and Weft take its middle."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())


def picture(count=1):
    return torch.rand(count, 8 * SIDE, 8 * SIDE, 3, generator=seeded(12))


def hole():
    """A mask [1, H, W]: 1 in the middle, along the borders of latents, where all ways to shrink it agree."""
    mask = torch.zeros(1, 8 * SIDE, 8 * SIDE)
    mask[:, 16:48, 24:56] = 1
    return mask


def sides(nodes, pair):
    return nodes.prompt(pair, PROMPT, PROMPT_2), nodes.prompt(pair, NEGATIVE)


def prepared(nodes, pair, **changes):
    positive, negative = sides(nodes, pair)
    given = {"positive": positive, "negative": negative, "pixels": picture(), "mask": hole(), "noise_mask": False}
    return inpaint_model_conditioning(**given | changes, vae=pair.ours.vae, ctx=nodes.ctx)


@pytest.mark.parametrize("name", NAMES)
def test_inpainting_from_noise_alone(name, nodes, inpainting, most_likely_latents):
    setting = SETTINGS[name]
    scheduler = setting.make()
    noise = first_noise(scheduler, setting.steps, SEED, (1, 4, SIDE, SIDE), inpainting.ours.model.schedule)
    given = {"image": picture().movedim(-1, 1), "mask_image": hole()[:, None], "strength": 1.0, "latents": noise}
    size = {"height": 8 * SIDE, "width": 8 * SIDE, "num_inference_steps": setting.steps}
    theirs = call(pipeline("Inpaint", inpainting, scheduler), **THEIR_PROMPTS, **given, **size)
    ready = prepared(nodes, inpainting)
    blank = torch.zeros(1, 4, SIDE, SIDE)
    settings = {"seed": SEED, "steps": setting.steps, "cfg": CFG, **setting.names}
    ours = nodes.ksampler(inpainting, (ready.positive, ready.negative), blank, **settings)
    assert relative(ours, theirs) < TOLERANCE
    unaware = nodes.ksampler(inpainting, sides(nodes, inpainting), blank, **settings)
    assert relative(unaware, theirs) > 0.01  # the network does look at the picture


@pytest.mark.parametrize("name", NAMES)
def test_inpainting_that_keeps_something_of_the_masked_part(name, nodes, inpainting, most_likely_latents):
    setting = SETTINGS[name]
    given = {"image": picture().movedim(-1, 1), "mask_image": hole()[:, None], "strength": 0.8}
    size = {"height": 8 * SIDE, "width": 8 * SIDE, "num_inference_steps": setting.steps}
    pipe = pipeline("Inpaint", inpainting, setting.make())
    theirs = call(pipe, **THEIR_PROMPTS, **given, **size, generator=seeded(SEED))
    ready = prepared(nodes, inpainting)
    samples = ready.latent["samples"] * LATENT_SCALE
    settings = {"seed": SEED, "steps": 8, "denoise": 0.8, "cfg": CFG, **setting.names}
    ours = nodes.ksampler(inpainting, (ready.positive, ready.negative), samples, **settings)
    assert relative(ours, theirs) < TOLERANCE


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
