"""Noise levels of every scheduler against the peer's (`golden/math/sigmas.json`)."""

import json
import math
from pathlib import Path

import pytest
import torch

from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import SCHEDULERS, sigmas

GOLDEN = Path(__file__).parents[3] / "shared/reference/golden/math/sigmas.json"
if not GOLDEN.is_file():
    pytest.skip("the reference data (../shared/reference) is not on this machine", allow_module_level=True)

EXPECTED = json.loads(GOLDEN.read_text())
SCHEDULE = NoiseSchedule.scaled_linear()
RUNS = [(name, int(steps)) for name, runs in EXPECTED["schedulers"].items() for steps in runs]


def assert_equal(ours, expected):
    torch.testing.assert_close(ours, torch.tensor(expected), rtol=1e-6, atol=0)


def test_levels_of_the_model():
    assert_equal(SCHEDULE.sigmas, EXPECTED["sigmas_1000"])
    assert SCHEDULE.sigma_min == pytest.approx(EXPECTED["sigma_min"], rel=1e-6)
    assert SCHEDULE.sigma_max == pytest.approx(EXPECTED["sigma_max"], rel=1e-6)


def test_every_scheduler_is_compared():
    assert set(EXPECTED["schedulers"]) == set(SCHEDULERS)


@pytest.mark.parametrize(("scheduler", "steps"), RUNS)
def test_scheduler(scheduler, steps):
    expected = EXPECTED["schedulers"][scheduler][str(steps)]
    ours = sigmas(SCHEDULE, scheduler, steps)
    if any(math.isnan(level) for level in expected):
        # The peer divides 0 by 0 here and makes a black picture; a single step from the highest level makes sense.
        assert (scheduler, steps) == ("kl_optimal", 1)
        expected = [SCHEDULE.sigma_max, 0.0]
    assert_equal(ours, expected)


@pytest.mark.parametrize("key", EXPECTED["denoise"])
def test_partial_denoising(key):
    sampler, scheduler, steps, denoise = key.split("|")
    ours = sigmas(SCHEDULE, scheduler, int(steps), float(denoise), skip_penultimate=SAMPLERS[sampler].skip_penultimate)
    assert_equal(ours, EXPECTED["denoise"][key])


@pytest.mark.parametrize("percent", EXPECTED["percent_to_sigma"])
def test_percent_to_sigma(percent):
    assert SCHEDULE.percent_to_sigma(float(percent)) == pytest.approx(EXPECTED["percent_to_sigma"][percent], rel=1e-6)


@pytest.mark.parametrize("timestep", EXPECTED["sigma_of_timestep"])
def test_sigma_of_timestep(timestep):
    ours = SCHEDULE.sigma(float(timestep)).item()
    assert ours == pytest.approx(EXPECTED["sigma_of_timestep"][timestep], rel=1e-6)


@pytest.mark.parametrize("sigma", EXPECTED["timestep_of_sigma"])
def test_timestep_of_sigma(sigma):
    assert SCHEDULE.timestep(float(sigma)) == EXPECTED["timestep_of_sigma"][sigma]
