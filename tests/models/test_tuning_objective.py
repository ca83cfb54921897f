"""What a training asks of a network, what an error costs, and how fast it learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.sampling.noise_schedule import NoiseSchedule
from models.tuning.errors import TuningError
from models.tuning.objective import Noise, Objective
from models.tuning.schedule import share_of_rate
from models.tuning.settings import TrainSettings

SCHEDULE = NoiseSchedule.scaled_linear()


def drawn(count=64):
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(count, 4, 4, 4, generator=generator)
    return latents, Objective.of(SCHEDULE, TrainSettings()).draw(tuple(latents.shape), generator)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_perfect_answer_is_what_the_sampler_takes_for_the_picture(prediction):
    schedule = NoiseSchedule.scaled_linear(prediction)
    objective = Objective.of(schedule, TrainSettings())
    latents, noise = drawn()
    noisy, answer = objective.noisy(latents, noise), objective.target(latents, noise)
    for row, timestep in enumerate(noise.timesteps):
        sigma = schedule.sigmas[timestep].item()
        x = latents[row] + sigma * noise.values[row]
        assert torch.allclose(noisy[row], schedule.scale_input(x, sigma), atol=1e-5)
        assert torch.allclose(schedule.denoised(answer[row], x, sigma), latents[row], atol=2e-3)
    assert objective.loss(answer, latents, noise).item() == 0
    assert objective.loss(torch.zeros_like(answer), latents, noise).item() == pytest.approx(1, abs=0.1)


def test_min_snr_weighs_as_its_paper_says():
    timesteps = torch.tensor([0, 300, 600, 999])
    snr = SCHEDULE.sigmas[timesteps] ** -2
    own = Objective.of(SCHEDULE, TrainSettings(min_snr=5))
    assert torch.allclose(own.weights(timesteps), torch.minimum(snr, torch.tensor(5.0)) / snr)
    v = replace(own, prediction="v_prediction")
    assert torch.allclose(v.weights(timesteps), torch.minimum(snr, torch.tensor(5.0)) / (snr + 1))
    assert torch.equal(replace(own, min_snr=0.0).weights(timesteps), torch.ones(4))
    latents, noise = drawn(1)
    noise = Noise(noise.values, torch.tensor([0]))
    plain = replace(own, min_snr=0.0).loss(torch.zeros_like(latents), latents, noise)
    assert torch.allclose(own.loss(torch.zeros_like(latents), latents, noise), plain * 5 / snr[0])


def test_the_noise_offset_moves_whole_channels():
    shape = (256, 4, 8, 8)
    plain, moved = (
        Objective.of(SCHEDULE, TrainSettings(noise_offset=offset)).draw(shape, torch.Generator().manual_seed(1))
        for offset in (0.0, 0.5)
    )
    assert torch.equal(plain.timesteps, moved.timesteps)
    difference = moved.values - plain.values
    assert difference.var((2, 3)).max() < 1e-9
    assert difference.mean((2, 3)).std().item() == pytest.approx(0.5, abs=0.03)


def test_timesteps_are_all_equally_likely_between_the_bounds():
    settings = TrainSettings(first_timestep=100, last_timestep=199)
    noise = Objective.of(SCHEDULE, settings).draw((20_000, 1, 1, 1), torch.Generator().manual_seed(2))
    counts = torch.bincount(noise.timesteps)
    assert len(counts) == 200 and counts[:100].sum() == 0
    assert counts[100:].min() > 140 and counts[100:].max() < 260


def test_what_cannot_be_trained_is_said():
    with pytest.raises(TuningError, match="predicts 'x0'"):
        Objective.of(NoiseSchedule.scaled_linear("x0"), TrainSettings())
    assert Objective.of(NoiseSchedule.scaled_linear("x0"), TrainSettings(prediction="epsilon")).prediction == "epsilon"
    with pytest.raises(TuningError, match="above the last one, 10"):
        Objective.of(SCHEDULE, TrainSettings(first_timestep=20, last_timestep=10))


def test_rates_rise_and_fall():
    cosine = TrainSettings(steps=110, warmup=10, schedule="cosine")
    shares = [share_of_rate(cosine, step) for step in range(111)]
    assert shares[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert shares[10] == 1
    assert shares[60] == pytest.approx(0.5)
    assert shares[110] == pytest.approx(0)
    assert sorted(shares[10:], reverse=True) == shares[10:]
    assert share_of_rate(TrainSettings(steps=110, warmup=10), 60) == 1
