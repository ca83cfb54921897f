"""diffusers' SDXL pipelines and Weft's nodes draw the same latents from the same weights, seeds and settings.

`SETTINGS` maps schedulers of diffusers to a sampler and a scheduler here. Two things differ by nature and are evened
out where they matter: how loud the first noise is (`first_noise`), and that diffusers asks the network between its
1,000 trained timesteps where noise levels fall between them (`AtTrainedTimesteps`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from nodes.vae import vae_decode, vae_encode
from tests.models.small_models import relative
from tests.parity.diffusers_pipelines import (
    LATENT_SCALE,
    TRAIN,
    AtTrainedTimesteps,
    call,
    first_noise,
    pipeline,
    seeded,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # diffusers and transformers warn of their own changes

TOLERANCE = 1e-5
SEED, CFG = 3, 5.0
PROMPT, PROMPT_2, NEGATIVE = "a red fox", "in deep snow", "blurry"
SIDE = 8  # of the latents
THEIR_PROMPTS = {"prompt": PROMPT, "prompt_2": PROMPT_2, "negative_prompt": NEGATIVE, "guidance_scale": CFG}


@dataclass(frozen=True)
class Setting:
    """A scheduler of diffusers and what it is here; `steps` for which both have the very same noise levels."""

    scheduler: str
    sampler_name: str
    here: str  # the scheduler
    options: dict[str, Any] = field(default_factory=dict)
    steps: int = 10

    def make(self) -> Any:
        import diffusers

        made = getattr(diffusers, self.scheduler).from_config({**TRAIN, **self.options})
        return AtTrainedTimesteps.of(made)

    @property
    def names(self) -> dict[str, str]:
        return {"sampler_name": self.sampler_name, "scheduler": self.here}


LEADING = {"timestep_spacing": "leading", "steps_offset": 1}  # how SDXL's own repositories are set
TRAILING, LINSPACE = {"timestep_spacing": "trailing"}, {"timestep_spacing": "linspace"}
KARRAS, EXPONENTIAL = LINSPACE | {"use_karras_sigmas": True}, LINSPACE | {"use_exponential_sigmas": True}
TO_CLEAN = {"clip_sample": False, "set_alpha_to_one": True}
SETTINGS = {
    "sdxl's default": Setting("EulerDiscreteScheduler", "euler", "ddim_uniform", LEADING),
    "euler trailing": Setting("EulerDiscreteScheduler", "euler", "simple", TRAILING),
    "euler linspace": Setting("EulerDiscreteScheduler", "euler", "normal", LINSPACE),
    "euler karras": Setting("EulerDiscreteScheduler", "euler", "karras", KARRAS),
    "euler exponential": Setting("EulerDiscreteScheduler", "euler", "exponential", EXPONENTIAL),
    "heun trailing": Setting("HeunDiscreteScheduler", "heun", "simple", TRAILING),
    "ddim trailing": Setting("DDIMScheduler", "ddim", "simple", TRAILING | TO_CLEAN),
    "ddim leading": Setting("DDIMScheduler", "ddim", "ddim_uniform", LEADING | TO_CLEAN),
    "dpm++ 2m": Setting("DPMSolverMultistepScheduler", "dpmpp_2m", "sgm_uniform", LINSPACE, 9),
    "dpm++ 2m karras": Setting("DPMSolverMultistepScheduler", "dpmpp_2m", "karras", KARRAS),
}
DEFAULT = SETTINGS["sdxl's default"]


@pytest.fixture
def sides(nodes, base):
    """The prompts for the base, as `THEIR_PROMPTS` has them."""
    return nodes.prompt(base, PROMPT, PROMPT_2), nodes.prompt(base, NEGATIVE)


@pytest.fixture
def refiner_sides(nodes, refiner):
    return nodes.refiner_prompt(refiner, PROMPT, 6.0), nodes.refiner_prompt(refiner, NEGATIVE, 2.5)


REFINER_PROMPTS = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "guidance_scale": CFG}


def blank():
    return torch.zeros(1, 4, SIDE, SIDE)


def sketch():
    """Latents to begin with, about as loud as a picture's."""
    return torch.randn(1, 4, SIDE, SIDE, generator=seeded(11))


def picture():
    return torch.rand(1, 8 * SIDE, 8 * SIDE, 3, generator=seeded(12))


def text_to_image(pair, setting, **options):
    scheduler = setting.make()
    noise = first_noise(scheduler, setting.steps, SEED, (1, 4, SIDE, SIDE), pair.ours.model.schedule)
    pipe = pipeline("", pair, scheduler)
    given = {"num_inference_steps": setting.steps, "height": 8 * SIDE, "width": 8 * SIDE, "latents": noise}
    return call(pipe, **THEIR_PROMPTS, **given, **options)


@pytest.mark.parametrize("name", SETTINGS)
def test_text_to_image(name, base, nodes, sides):
    setting = SETTINGS[name]
    ours = nodes.ksampler(base, sides, blank(), seed=SEED, steps=setting.steps, cfg=CFG, **setting.names)
    assert relative(ours, text_to_image(base, setting)) < TOLERANCE


def test_the_same_seed_draws_the_same_noise(base, nodes, sides):
    """Nothing is evened out: the first noise differs by sqrt(sigma^2 + 1) / sigma, which is 1 in 100 here."""
    pipe = pipeline("", base, DEFAULT.make())
    given = {"num_inference_steps": DEFAULT.steps, "height": 8 * SIDE, "width": 8 * SIDE}
    theirs = call(pipe, **THEIR_PROMPTS, **given, generator=seeded(SEED))
    ours = nodes.ksampler(base, sides, blank(), seed=SEED, steps=DEFAULT.steps, cfg=CFG, **DEFAULT.names)
    assert 1e-4 < relative(ours, theirs) < 0.03
    other = nodes.ksampler(base, sides, blank(), seed=SEED + 1, steps=DEFAULT.steps, cfg=CFG, **DEFAULT.names)
    assert relative(other, theirs) > 0.5


@pytest.mark.parametrize("name", ["sdxl's default", "euler trailing", "euler karras", "dpm++ 2m karras"])
@pytest.mark.parametrize("strength", [0.3, 0.6])
def test_image_to_image(name, strength, base, nodes, sides):
    setting = SETTINGS[name]
    pipe = pipeline("Img2Img", base, setting.make())
    given = {"image": sketch(), "strength": strength, "num_inference_steps": setting.steps}
    theirs = call(pipe, **THEIR_PROMPTS, **given, generator=seeded(SEED))
    begin = setting.steps - int(setting.steps * strength)
    common = {"cfg": CFG, **setting.names}
    cut = nodes.advanced(base, sides, sketch(), noise_seed=SEED, steps=setting.steps, start_at_step=begin, **common)
    assert relative(cut, theirs) < TOLERANCE
    steps = setting.steps - begin
    ours = nodes.ksampler(base, sides, sketch(), seed=SEED, steps=steps, denoise=strength, **common)
    assert relative(ours, theirs) < TOLERANCE


def test_image_to_image_from_a_picture(base, nodes, sides, most_likely_latents):
    pipe = pipeline("Img2Img", base, DEFAULT.make())
    image = picture().movedim(-1, 1)
    given = {"image": image, "strength": 0.5, "num_inference_steps": DEFAULT.steps}
    theirs = call(pipe, **THEIR_PROMPTS, **given, generator=seeded(SEED))
    latent = vae_encode(pixels=picture(), vae=base.ours.vae)["samples"] * LATENT_SCALE
    ours = nodes.ksampler(base, sides, latent, seed=SEED, steps=5, denoise=0.5, cfg=CFG, **DEFAULT.names)
    assert relative(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("fraction", [0.8, 0.55])
@pytest.mark.parametrize("name", ["sdxl's default", "euler trailing", "dpm++ 2m karras"])
def test_an_ensemble_of_experts(name, fraction, base, refiner, nodes, sides, refiner_sides):
    """`denoising_end` and `denoising_start`, as a range of steps and as themselves: both stages leave the same."""
    setting = SETTINGS[name]
    half_done = text_to_image(base, setting, denoising_end=fraction)
    pipe = pipeline("Img2Img", refiner, setting.make(), requires_aesthetics_score=True)
    given = {"image": half_done, "num_inference_steps": setting.steps, "denoising_start": fraction}
    theirs = call(pipe, **REFINER_PROMPTS, **given)
    split = steps_before(setting, fraction)
    common = {"steps": setting.steps, "cfg": CFG, **setting.names}
    first = nodes.advanced(
        base, sides, blank(), noise_seed=SEED, end_at_step=split, return_with_leftover_noise="enable", **common
    )
    assert relative(first, in_units_of(setting, half_done, split)) < TOLERANCE
    last = nodes.advanced(refiner, refiner_sides, first, add_noise="disable", start_at_step=split, **common)
    assert relative(last, theirs) < TOLERANCE
    first = nodes.range(base, sides, blank(), seed=SEED, denoising_end=fraction, **common)
    assert relative(first, in_units_of(setting, half_done, split)) < TOLERANCE
    last = nodes.range(refiner, refiner_sides, first, denoising_start=fraction, **common)
    assert relative(last, theirs) < TOLERANCE


def steps_before(setting, fraction):
    """How many steps have timesteps of at least round(1000 (1 - fraction)): those that the base does."""
    scheduler = setting.make()
    scheduler.set_timesteps(setting.steps)
    return int((np.asarray(scheduler.timesteps) >= round(1000 - fraction * 1000)).sum())


def in_units_of(setting, latents, step):
    """Half-done latents of a variance-preserving scheduler as Weft keeps them: the picture and sigma times noise."""
    if setting.scheduler == "EulerDiscreteScheduler":
        return latents
    scheduler = setting.make()
    scheduler.set_timesteps(setting.steps)
    return latents * (scheduler.sigmas[step] ** 2 + 1).sqrt()


@pytest.mark.parametrize("from_pictures", [False, True])
def test_a_refiner_over_finished_latents_or_pictures(
    from_pictures, base, refiner, nodes, sides, refiner_sides, most_likely_latents
):
    """SDEdit: the base's picture, to which the refiner adds noise and removes it."""
    finished = text_to_image(base, DEFAULT)
    pipe = pipeline("Img2Img", refiner, DEFAULT.make(), requires_aesthetics_score=True)
    image = finished
    if from_pictures:
        with torch.no_grad():
            image = (base.parts["vae"].decode(finished / LATENT_SCALE).sample / 2 + 0.5).clamp(0, 1)
    given = {"image": image, "strength": 0.3, "num_inference_steps": DEFAULT.steps}
    theirs = call(pipe, **REFINER_PROMPTS, **given, generator=seeded(SEED))
    common = {"seed": SEED, "cfg": CFG, **DEFAULT.names}
    ours = nodes.ksampler(base, sides, blank(), steps=DEFAULT.steps, **common)
    if from_pictures:
        pixels = vae_decode(samples={"samples": ours / LATENT_SCALE}, vae=base.ours.vae)
        ours = vae_encode(pixels=pixels, vae=refiner.ours.vae)["samples"] * LATENT_SCALE
    ours = nodes.ksampler(refiner, refiner_sides, ours, steps=3, denoise=0.3, **common)
    assert relative(ours, theirs) < TOLERANCE
