"""Noise levels by formula, by table, and cut to measure."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from models.sampling import spacing
from models.sampling.align_your_steps import TIMESTEPS, aligned_levels
from models.sampling.gits import gits_levels
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.schedules import basic_sigmas, sigmas, turbo_sigmas
from models.sampling.sigma_edits import extended, flipped, split_at, split_last, with_first

SCHEDULE = NoiseSchedule.scaled_linear()
LOW, HIGH = SCHEDULE.sigma_min, SCHEDULE.sigma_max
GOLDEN = Path(__file__).parents[3] / "shared/reference/golden/math/sigmas.json"


@pytest.mark.parametrize("name", ["karras", "exponential"])
def test_formulas_give_what_the_peer_measured_between_the_models_bounds(name):
    if not GOLDEN.is_file():
        pytest.skip("the reference data (../shared/reference) is not on this machine")
    formula = {"karras": spacing.karras_levels, "exponential": spacing.exponential_levels}[name]
    for steps, expected in json.loads(GOLDEN.read_text())["schedulers"][name].items():
        assert_close(formula(int(steps), LOW, HIGH), torch.tensor(expected), rtol=1e-6, atol=0)


def test_polyexponential_of_power_one_is_exponential():
    wanted = spacing.exponential_levels(9, 0.1, 10.0)
    assert_close(spacing.polyexponential_levels(9, 0.1, 10.0), wanted, rtol=1e-5, atol=0)
    bent = spacing.polyexponential_levels(9, 0.1, 10.0, 2.0)
    assert bent[0].item() == pytest.approx(10)
    assert bent[8].item() == pytest.approx(0.1)
    assert bent[4].item() == pytest.approx(math.exp(math.log(0.1) + 0.25 * math.log(100)))  # a quarter of the way up
    assert bent[9] == 0


def test_vp_levels_solve_the_equation_of_the_process():
    levels = spacing.vp_levels(7)
    time = np.linspace(1, 1e-3, 7)
    assert_close(
        torch.log1p(levels[:-1].double() ** 2), torch.tensor(19.9 * time**2 / 2 + 0.1 * time), rtol=1e-4, atol=0
    )
    assert levels[-1] == 0


def test_laplace_levels_are_quantiles_within_the_bounds():
    steps, mu, beta = 9, 0.2, 0.5
    levels = spacing.laplace_levels(steps, LOW, HIGH, mu, beta)
    assert len(levels) == steps
    assert levels[0].item() == pytest.approx(HIGH)
    assert levels[-1].item() == pytest.approx(LOW)
    assert levels[4].item() == pytest.approx(math.exp(mu), rel=1e-4)
    # the share of a Laplace distribution beyond its quantile p is 1 - p
    for place, level in enumerate(levels[1:-1].log().tolist(), 1):
        away = abs(level - mu) / beta
        beyond = 0.5 * math.exp(-away) if level > mu else 1 - 0.5 * math.exp(-away)
        assert beyond == pytest.approx(place / (steps - 1), abs=1e-4)


def test_aligned_levels_are_those_that_were_published():
    from diffusers.schedulers import AysSchedules  # the quickstart guide's figures, under a free licence

    for ours, theirs in (("SD1", "StableDiffusion"), ("SDXL", "StableDiffusionXL"), ("SVD", "StableDiffusionVideo")):
        published = torch.tensor(AysSchedules[f"{theirs}Sigmas"])
        assert_close(aligned_levels(ours, 10), published, rtol=0.015, atol=1e-3)  # rounded to timesteps and digits
        if ours in TIMESTEPS:
            assert list(TIMESTEPS[ours]) == [*AysSchedules[f"{theirs}Timesteps"], 0]


def test_optimised_levels_are_stretched_along_the_logarithm():
    ten, twenty = aligned_levels("SDXL", 10), aligned_levels("SDXL", 20)
    assert_close(twenty[:-2:2], ten[:-1])
    assert_close(twenty[1::2][:-1], (ten[:-2] * ten[1:-1]).sqrt())
    assert twenty[-1] == 0
    assert_close(aligned_levels("SDXL", 10, 0.5), ten[-6:])
    assert len(aligned_levels("SDXL", 10, 0.0)) == 0
    assert_close(gits_levels(1.2, 40)[:-2:2], gits_levels(1.2, 20)[:-1])


@pytest.mark.parametrize("steps", [2, 5, 16, 18, 19, 20, 33])
@pytest.mark.parametrize("coefficient", [round(0.8 + 0.05 * k, 2) for k in range(15)])
def test_gits_levels_fall_from_the_models_highest_level_to_zero(coefficient, steps):
    levels = gits_levels(coefficient, steps)
    assert len(levels) == steps + 1
    assert levels[0].item() == pytest.approx(HIGH, rel=1e-6)
    assert (levels.diff() < 0).all()
    assert levels[-1] == 0


def test_gits_levels_that_the_authors_published():
    # as listed with their figures at coefficients 1.20 (10 steps) and 0.80 (4 steps), without the last
    assert_close(gits_levels(0.8, 4)[:-1], torch.tensor([14.61464119, 11.54541874, 7.49001646, 3.07277966]))
    shares = [len([one for one in gits_levels(c, 10).tolist() if one > 1]) for c in (0.8, 1.0, 1.2, 1.5)]
    assert shares == sorted(shares, reverse=True)  # smaller coefficients dwell longer on high noise
    with pytest.raises(KeyError):
        gits_levels(0.7, 10)


def test_turbo_levels():
    ten = [SCHEDULE.sigmas[timestep].item() for timestep in range(999, 0, -100)]
    assert_close(turbo_sigmas(SCHEDULE, 10), torch.tensor([*ten, 0.0]))
    assert_close(turbo_sigmas(SCHEDULE, 1), torch.tensor([ten[0], 0.0]))
    assert_close(turbo_sigmas(SCHEDULE, 2, 0.5), torch.tensor([*ten[5:7], 0.0]))
    assert turbo_sigmas(SCHEDULE, 1, 0.0).tolist() == [0.0]


def test_the_basic_scheduler_never_takes_a_step_more():
    assert len(sigmas(SCHEDULE, "ddim_uniform", 7)) == 9
    assert_close(basic_sigmas(SCHEDULE, "ddim_uniform", 7), sigmas(SCHEDULE, "ddim_uniform", 7)[-8:])
    for denoise in (1.0, 0.5):
        assert torch.equal(basic_sigmas(SCHEDULE, "normal", 6, denoise), sigmas(SCHEDULE, "normal", 6, denoise))


LEVELS = torch.tensor([8.0, 4.0, 2.0, 1.0, 0.0])


def test_splitting():
    for step, high, low in ((0, [8], [8, 4, 2, 1, 0]), (3, [8, 4, 2, 1], [1, 0]), (9, [8, 4, 2, 1, 0], [])):
        assert [part.tolist() for part in split_at(LEVELS, step)] == [high, low]
    for share, high, low in ((0.25, [8, 4, 2, 1], [1, 0]), (0.0, [8, 4, 2, 1, 0], [0]), (1.0, [8], [8, 4, 2, 1, 0])):
        assert [part.tolist() for part in split_last(LEVELS, share)] == [high, low]


def test_turning_and_replacing_leave_the_given_levels_alone():
    before = LEVELS.clone()
    assert flipped(LEVELS).tolist() == pytest.approx([1e-4, 1, 2, 4, 8])
    assert flipped(LEVELS[:-1]).tolist() == [1, 2, 4, 8]
    assert with_first(LEVELS, 9.0).tolist() == [9, 4, 2, 1, 0]
    assert not len(with_first(torch.empty(0), 9.0))
    assert not len(flipped(torch.empty(0)))
    assert torch.equal(LEVELS, before)


def test_extending():
    assert extended(LEVELS, 2, math.inf, 2.0).tolist() == [8, 6, 4, 3, 2, 1.5, 1, 0]
    assert extended(LEVELS, 2, 4.0, 4.0).tolist() == [8, 4, 3, 2, 1, 0]
    assert extended(LEVELS, 1, math.inf, 0.0).tolist() == LEVELS.tolist()
    assert extended(LEVELS, 4, math.inf, 8.0).tolist()[:5] == pytest.approx([8, 7, 6, 5, 4])
    down = 4 * math.sin(math.pi / 4)
    assert extended(LEVELS, 2, math.inf, 8.0, "cosine")[1].item() == pytest.approx(8 - down)
    assert extended(LEVELS, 2, math.inf, 8.0, "sine")[1].item() == pytest.approx(8 - (4 - down))
    assert not len(extended(torch.empty(0), 2, math.inf, 0.0))
