"""Samplers on data whose exact solution is known: points normally distributed about a mean.

For them the best denoiser is `mu + (x - mu) s^2 / (s^2 + sigma^2)`, and the deterministic path from x_0 at sigma_0 is
`mu + (x_0 - mu) sqrt((s^2 + sigma^2) / (s^2 + sigma_0^2))`.
"""

import math
from dataclasses import dataclass, field

import pytest
import torch

from models.sampling.noise import seeded_noise
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import SCHEDULERS, sigmas
from models.sampling.steps import Prediction, split_ancestral

SCHEDULE = NoiseSchedule.scaled_linear()
MEAN, SPREAD = 1.5, 0.5
STOCHASTIC = [name for name, sampler in SAMPLERS.items() if sampler.noise != "none" and "cfg_pp" not in name]
DETERMINISTIC = [name for name, sampler in SAMPLERS.items() if sampler.noise == "none" and "cfg_pp" not in name]
STOCHASTIC.remove("res_multistep")  # draws nothing at its default
DETERMINISTIC += ["res_multistep", "euler_cfg_pp", "dpmpp_2m_cfg_pp", "res_multistep_cfg_pp"]
DETERMINISTIC.remove("ipndm_v")  # its published weights do not solve the equation: see models/sampling/adams.py


@dataclass
class NormalDenoiser:
    calls: list = field(default_factory=list)

    def __call__(self, x, sigma):
        self.calls.append(sigma)
        return MEAN + (x - MEAN) * (SPREAD**2 / (SPREAD**2 + sigma**2))

    def pair(self, x, sigma):
        denoised = self(x, sigma)
        return Prediction(denoised, denoised)


def start(shape=(1, 4, 8, 8)):
    return seeded_noise(shape, 7) * SCHEDULE.sigma_max


def levels(name, scheduler="karras", steps=40):
    return sigmas(SCHEDULE, scheduler, steps, skip_penultimate=SAMPLERS[name].skip_penultimate)


def run(name, x, run_levels, seed=1):
    denoiser = NormalDenoiser()
    return list(SAMPLERS[name].run(denoiser, x, run_levels, seed=seed, schedule=SCHEDULE)), denoiser


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_deterministic_samplers_solve_the_equation(name):
    x = start()
    *_, last = run(name, x, levels(name, steps=200))[0]
    exact = MEAN + (x - MEAN) * SPREAD / math.hypot(SPREAD, SCHEDULE.sigma_max)
    # Methods of first order, and those that stop at the last positive level, need the looser bound.
    loose = name.startswith(("euler", "ddim", "heunpp2", "dpm_fast", "dpm_adaptive"))
    assert (last.x - exact).abs().max() < (0.05 if loose else 0.02)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_stochastic_samplers_end_in_the_right_distribution(name):
    *_, last = run(name, start((1, 4, 64, 64)), levels(name, steps=100))[0]
    if name != "lcm":  # which trades spread for speed
        assert last.x.std().item() == pytest.approx(SPREAD, rel=0.06)
    assert last.x.mean().item() == pytest.approx(MEAN, abs=0.05)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_the_seed_decides_the_noise(name):
    first, again, other = (run(name, start(), levels(name, steps=8), seed)[0][-1].x for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_short_runs_are_finite_and_count_their_steps(name, steps):
    run_levels = levels(name, "sgm_uniform", steps)
    x = start()
    before = x.clone()
    made, _ = run(name, x, run_levels)
    assert torch.equal(x, before), "a sampler must not change the latent it was given"
    for step in made:
        assert step.x.isfinite().all()
        assert step.denoised.isfinite().all()
        assert 0 <= step.index < step.total
    if name not in ("dpm_fast", "dpm_adaptive"):
        assert [(step.index, step.total) for step in made] == [(i, steps) for i in range(steps)]
        assert [step.sigma for step in made[:-1]] == run_levels[1:-1].tolist()


@pytest.mark.parametrize("name", SAMPLERS)
def test_no_levels_no_steps(name):
    assert run(name, start(), torch.empty(0))[0] == []
    assert run(name, start(), torch.tensor([3.0]))[0] == []


@pytest.mark.parametrize("name", SAMPLERS)
def test_stopping_early_asks_the_model_no_further(name):
    denoiser = NormalDenoiser()
    running = SAMPLERS[name].run(denoiser, start(), levels(name), seed=1, schedule=SCHEDULE)
    next(running)
    asked = len(denoiser.calls)
    running.close()
    assert 0 < asked <= 4
    assert len(denoiser.calls) == asked


@pytest.mark.parametrize("name", SAMPLERS)
def test_runs_that_leave_noise_end_at_their_last_level(name):
    *_, last = run(name, start(), levels(name)[:20])[0]
    assert last.sigma == pytest.approx(levels(name)[19].item())
    spread = math.hypot(SPREAD, last.sigma)
    assert 0.3 * spread < last.x.std().item() < 2 * spread


def test_dpm_adaptive_takes_more_steps_for_a_stricter_tolerance():
    counts = []
    for rtol in (0.5, 0.05, 0.005):
        sampler = SAMPLERS["dpm_adaptive"].with_options(rtol=rtol, atol=rtol / 6)
        steps = list(sampler.run(NormalDenoiser(), start(), levels("euler"), seed=1, schedule=SCHEDULE))
        counts.append(len(steps))
        assert [step.index for step in steps] == sorted(step.index for step in steps)
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_ancestral_split_arrives_at_the_next_level(eta):
    down, up = split_ancestral(5.0, 3.0, eta)
    assert math.hypot(down, up) == pytest.approx(3.0)
    assert (up > 0) == (eta > 0)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_schedules_fall_to_zero(scheduler, steps):
    made = sigmas(SCHEDULE, scheduler, steps)
    assert made.isfinite().all()
    assert (made.diff() < 0).all()
    assert made[-1] == 0
    assert made[0] <= SCHEDULE.sigma_max * 1.00001


def test_v_prediction_undoes_its_own_definition():
    schedule = NoiseSchedule.scaled_linear("v_prediction")
    clean, noise, sigma = seeded_noise((1, 4, 2, 2), 1), seeded_noise((1, 4, 2, 2), 2), 2.5
    v = (noise - sigma * clean) / math.sqrt(1 + sigma**2)
    torch.testing.assert_close(schedule.denoised(v, clean + sigma * noise, sigma), clean)


def test_epsilon_prediction_undoes_its_own_definition():
    clean, noise, sigma = seeded_noise((1, 4, 2, 2), 1), seeded_noise((1, 4, 2, 2), 2), 2.5
    torch.testing.assert_close(SCHEDULE.denoised(noise, clean + sigma * noise, sigma), clean)


def test_timesteps_and_levels_are_inverse():
    for timestep in (0, 1, 333, 998, 999):
        assert SCHEDULE.timestep(SCHEDULE.sigma(timestep).item()) == timestep
