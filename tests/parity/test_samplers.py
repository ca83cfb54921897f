"""Every sampler against the peer's results with a synthetic denoiser (`golden/samplers.md`)."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import sigmas as schedule_sigmas
from models.sampling.steps import Prediction

GOLDEN = Path(__file__).parents[3] / "shared/reference/golden"
if not GOLDEN.is_dir():
    pytest.skip("the reference data (../shared/reference) is not on this machine", allow_module_level=True)

SAMPLES = load_file(GOLDEN / "samplers.safetensors")
SIGMAS = json.loads((GOLDEN / "samplers_sigmas.json").read_text())
KEYS = [key for key in SAMPLES if not key.startswith("_")]
SCHEDULE = NoiseSchedule.scaled_linear()


class PointDenoiser:
    """Guided predictions for two normal distributions of variance 0.25."""

    def pair(self, x, sigma):
        cond, uncond = (
            mu + (x - mu) * (0.25 / (0.25 + sigma**2)) for mu in (SAMPLES["_mu_cond"], SAMPLES["_mu_uncond"])
        )
        return Prediction(uncond + 7 * (cond - uncond), uncond)

    def __call__(self, x, sigma):
        return self.pair(x, sigma).denoised


def parts(key):
    sampler, scheduler, steps, denoise, *start = key.split("|")
    return SAMPLERS[sampler], scheduler, int(steps), float(denoise), start == ["img2img"]


def test_every_sampler_is_compared():
    assert {key.split("|")[0] for key in KEYS} == set(SAMPLERS)


@pytest.mark.parametrize("key", KEYS)
def test_sigmas(key):
    sampler, scheduler, steps, denoise, _ = parts(key)
    ours = schedule_sigmas(SCHEDULE, scheduler, steps, denoise, skip_penultimate=sampler.skip_penultimate)
    expected = torch.tensor(SIGMAS[key])
    if key.startswith("uni_pc"):
        expected[-1] = 0  # recorded after the peer's sampler had replaced it by the level it really ends at
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("key", KEYS)
def test_samples(key):
    sampler, scheduler, steps, denoise, img2img = parts(key)
    levels = schedule_sigmas(SCHEDULE, scheduler, steps, denoise, skip_penultimate=sampler.skip_penultimate)
    first = levels[0].item()
    latent = SAMPLES["_image_latent"] if img2img else torch.zeros(1)
    x = SCHEDULE.scale_noise(SAMPLES["_noise"], latent, first, from_pure_noise=SCHEDULE.starts_from_pure_noise(first))
    *_, last = sampler.run(PointDenoiser(), x, levels, seed=42, schedule=SCHEDULE)
    expected = SAMPLES[key]
    error = (last.x - expected).norm() / expected.norm()
    assert error < (1e-3 if key.startswith("dpm_adaptive") else 1e-5), f"relative L2 distance {error:.2e}"
