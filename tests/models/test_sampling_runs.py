"""Whole runs: ranges of steps, noise, masks and the latent's scale."""

import pytest
import torch
from torch import nn

from models.memory import DeviceMemory
from models.sampling.noise import seeded_noise
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.sample import cut, final_latent, sample
from models.sdxl.config import UNetConfig
from models.types import Model

SCALE = 0.13025
SHAPE = (2, 4, 8, 8)
LATENT = seeded_noise(SHAPE, 11) * 7
EMPTY = torch.zeros(SHAPE)
PROMPT = [[torch.zeros(1, 77, 8), {}]]


class Shrink(nn.Module):
    """Takes 0.6 of what it sees for noise, whatever the prompt; counts its calls."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x, timesteps, context, y=None):
        self.calls += 1
        return 0.6 * x


@pytest.fixture
def model():
    return Model(
        network=Shrink(),
        config=UNetConfig(context_dim=8, adm_channels=0),
        family="sd15",
        schedule=NoiseSchedule.scaled_linear(),
        latent_scale=SCALE,
        memory=DeviceMemory.choose("cpu"),
        dtype=torch.float32,
        digest="",
    )


def steps_of(model, latent=EMPTY, *, seed=5, noise=None, **options):
    settings = {"sampler": "euler", "scheduler": "normal", "steps": 8, "cfg": 3.0, **options}
    noise = seeded_noise(latent.shape, seed) if noise is None else noise
    return sample(model, noise=noise, latent=latent, positive=PROMPT, negative=PROMPT, seed=seed, **settings)


def result(model, latent=EMPTY, **options):
    return final_latent(steps_of(model, latent, **options), latent)


def test_a_run_denoises_in_units_of_the_wire(model):
    steps = list(steps_of(model))
    assert [(step.index, step.total) for step in steps] == [(i, 8) for i in range(8)]
    # 0.6 of unit variance is taken for noise, so the first guess keeps 1 - 0.6 sigma / sqrt(1 + sigma^2) of x.
    sigma = model.schedule.sigma_max
    x = seeded_noise(SHAPE, 5) * (1 + sigma**2) ** 0.5
    kept = 1 - 0.6 * sigma / (1 + sigma**2) ** 0.5
    torch.testing.assert_close(steps[0].denoised, x * kept / SCALE)
    torch.testing.assert_close(result(model), steps[-1].x)


def test_two_halves_make_the_whole(model):
    whole = result(model, LATENT)
    first = result(model, LATENT, end_step=5)
    second = result(model, first, noise=EMPTY, start_step=5, end_step=10_000)
    assert not torch.allclose(first, whole, rtol=0.1)
    torch.testing.assert_close(second, whole, rtol=1e-4, atol=1e-4)


def test_a_range_may_be_made_to_end_without_noise(model):
    steps = list(steps_of(model, end_step=5, force_full_denoise=True))
    assert len(steps) == 5
    assert steps[-1].sigma == 0
    torch.testing.assert_close(steps[-1].x, steps[-1].denoised)
    noisy = list(steps_of(model, end_step=5))
    assert noisy[-1].sigma > 0
    torch.testing.assert_close(noisy[3].x, steps[3].x)


def test_cutting_levels_leaves_the_whole_schedule_as_it_was():
    levels = torch.tensor([9.0, 5.0, 2.0, 1.0, 0.0])
    before = levels.clone()
    assert cut(levels, None, None).tolist() == before.tolist()
    assert cut(levels, 1, 3, force_full_denoise=True).tolist() == [5, 2, 0]
    assert cut(levels, 1, 3).tolist() == [5, 2, 1]
    assert cut(levels, 0, 4, force_full_denoise=True).tolist() == before.tolist()
    assert len(cut(levels, 4, 10_000)) < 2
    assert len(cut(levels, 100, None)) < 2
    assert len(cut(levels, 0, 0)) < 2
    assert torch.equal(levels, before)


@pytest.mark.parametrize("options", [{"denoise": 0.0}, {"start_step": 8}, {"start_step": 100}, {"end_step": 0}])
def test_runs_without_a_step_give_the_latent_back(model, options):
    assert torch.equal(result(model, LATENT, **options), LATENT)
    assert model.network.calls == 0


def test_partial_denoising_starts_from_the_latent(model):
    first, *_ = steps_of(model, LATENT, denoise=0.5, steps=4)
    assert first.total == 4
    # The last half of 8 evenly spaced timesteps; Euler's first step, by hand.
    whole = model.schedule.sigma(torch.linspace(999, 0, 8))
    start, after = whole[4].item(), whole[5].item()
    x = LATENT * SCALE + seeded_noise(SHAPE, 5) * start
    slope = 0.6 * x / (1 + start**2) ** 0.5
    torch.testing.assert_close(first.x, (x + slope * (after - start)) / SCALE, rtol=1e-4, atol=1e-4)


def test_the_same_seed_makes_the_same_latent(model):
    first, again, other = (result(model, sampler="euler_ancestral", seed=seed) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@pytest.mark.parametrize("sampler", ["euler", "ddim", "dpmpp_2m", "euler_ancestral", "dpmpp_sde"])
def test_what_a_mask_covers_not_is_kept(model, sampler):
    mask = torch.zeros(1, 64, 64)
    mask[:, :32] = 1
    made = result(model, LATENT, noise_mask=mask, sampler=sampler)
    torch.testing.assert_close(made[:, :, 5:], LATENT[:, :, 5:], rtol=1e-4, atol=1e-4)
    assert (made[:, :, :4] - LATENT[:, :, :4]).abs().mean() > 1
    unmasked = result(model, LATENT, sampler=sampler)
    everywhere = result(model, LATENT, noise_mask=torch.ones(2, 1, 8, 8), sampler=sampler)
    torch.testing.assert_close(everywhere, unmasked)


def test_a_soft_mask_blends(model):
    half = result(model, LATENT, noise_mask=torch.full((1, 8, 8), 0.5))
    free, kept = result(model, LATENT), LATENT
    assert (half - kept).norm() < (free - kept).norm()
    assert (half - kept).norm() > 1


def test_stopping_between_steps_asks_the_network_no_further(model):
    running = steps_of(model)
    next(running)
    running.close()
    assert model.network.calls == 1


def test_unknown_names_are_errors(model):
    with pytest.raises(KeyError, match="fancy"):
        steps_of(model, sampler="fancy")
    with pytest.raises(KeyError, match="fancy"):
        steps_of(model, scheduler="fancy")


def test_pictures_taken_out_of_a_batch_keep_their_noise():
    batch = seeded_noise((4, 4, 8, 8), 3, [0, 1, 2, 3])
    assert torch.equal(seeded_noise((2, 4, 8, 8), 3, [3, 1]), batch[[3, 1]])
    assert torch.equal(seeded_noise((2, 4, 8, 8), 3, [2, 2])[0], seeded_noise((2, 4, 8, 8), 3, [2, 2])[1])
