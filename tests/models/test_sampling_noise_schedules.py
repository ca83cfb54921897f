"""What other models than SDXL's usual ones call their noise levels, and what they answer."""

import math

import pytest
import torch
from torch.testing import assert_close

from models.sampling.continuous_schedule import EdmSchedule, VSchedule
from models.sampling.distilled_schedule import DistilledSchedule
from models.sampling.latent_statistics import PLAYGROUND
from models.sampling.noise_schedule import NoiseSchedule, scaled_linear_alphas_cumprod
from models.sampling.schedules import SCHEDULERS, sigmas
from models.sampling.zero_terminal_snr import zero_terminal_snr

TEACHER = NoiseSchedule.scaled_linear()


def tensors(*seeds, shape=(2, 4, 8, 8)):
    return [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]


@pytest.mark.parametrize("sigma", [0.05, 0.7, 3.0, 50.0])
def test_edm_is_preconditioned_as_diffusers_does_it(sigma):
    from diffusers import EDMEulerScheduler

    (output, x) = tensors(1, 2)
    for prediction, theirs in (("edm", "epsilon"), ("v_prediction", "v_prediction")):
        schedule = EdmSchedule.between(0.002, 80.0, prediction, 0.5)
        scheduler = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, prediction_type=theirs)
        assert_close(schedule.scale_input(x, sigma), scheduler.precondition_inputs(x, sigma))
        assert_close(schedule.denoised(output, x, sigma), scheduler.precondition_outputs(x, output, sigma))
        assert schedule.timestep(sigma) == pytest.approx(float(scheduler.precondition_noise(torch.tensor(sigma))))


@pytest.mark.parametrize("kind", [EdmSchedule, VSchedule])
def test_continuous_schedules_name_their_levels(kind):
    schedule = kind.between(0.002, 120.0, "v_prediction")
    assert (schedule.sigma_min, schedule.sigma_max) == (pytest.approx(0.002), pytest.approx(120))
    for sigma in (0.002, 0.3, 7.0, 120.0):
        assert schedule.sigma(schedule.timestep(sigma)).item() == pytest.approx(sigma, rel=1e-4)
    assert schedule.percent_to_sigma(0.0) > 1e8
    assert schedule.percent_to_sigma(1.0) == 0
    assert schedule.percent_to_sigma(0.5) == pytest.approx(math.sqrt(0.002 * 120), rel=1e-4)  # half the logarithm
    assert schedule.starts_from_pure_noise(120.0)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("kind", [EdmSchedule, VSchedule, DistilledSchedule])
def test_all_schedulers_find_their_way_through_other_schedules(kind, scheduler):
    schedule = (
        DistilledSchedule.thinned(TEACHER) if kind is DistilledSchedule else kind.between(0.002, 120.0, "epsilon")
    )
    levels = sigmas(schedule, scheduler, 5)
    assert levels[0].item() <= schedule.sigma_max * 1.0001
    if scheduler != "ddim_uniform":  # which counts from the least level upwards
        assert levels[0].item() > schedule.sigma_max * 0.9
    assert (levels.diff() < 0).all()
    assert levels[-1] == 0


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (2.0, 1.0), (1.0, 1.0)])
def test_bounds_that_are_none(bounds):
    with pytest.raises(ValueError, match="sigma_min"):
        EdmSchedule.between(*bounds, "edm")


def test_v_by_the_angle():
    schedule = VSchedule.between(0.03, 500.0, "v_prediction")
    assert schedule.timestep(1.0) == pytest.approx(0.5)  # as much noise as signal: 45 of 90 degrees
    assert schedule.sigma(0.5).item() == pytest.approx(1.0)


def test_lcm_is_what_diffusers_does():
    from diffusers import LCMScheduler

    schedule = DistilledSchedule.thinned(TEACHER)
    scheduler = LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    scheduler.set_timesteps(50)
    timesteps = [int(schedule.timestep(level)) for level in schedule.sigmas.flip(0).tolist()]
    assert timesteps == scheduler.timesteps.tolist()
    scheduler.set_timesteps(4)
    assert scheduler.timesteps[0] == schedule.timestep(schedule.sigma_max)
    (noise, clean) = tensors(1, 2)
    for timestep in scheduler.timesteps.tolist():
        sigma = schedule.sigma(timestep).item()
        assert sigma == pytest.approx(TEACHER.sigmas[timestep].item(), rel=1e-5)
        variance = math.sqrt(1 + sigma**2)
        theirs = scheduler.step(noise, timestep, (clean + sigma * noise) / variance).denoised
        assert_close(schedule.denoised(noise, clean + sigma * noise, sigma), theirs, rtol=1e-3, atol=1e-3)


def test_a_distilled_schedule_knows_the_teachers_timesteps():
    schedule = DistilledSchedule.thinned(TEACHER)
    assert len(schedule.sigmas) == 50
    assert torch.equal(schedule.sigmas, TEACHER.sigmas[19::20])
    assert schedule.timestep(TEACHER.sigmas[600].item()) == 599
    assert schedule.percent_to_sigma(0.5) == pytest.approx(TEACHER.sigma(499.5).item(), rel=1e-2)


@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon", "x0", "edm"])
def test_every_kind_of_answer_leads_back_to_the_clean_latent(prediction):
    clean, noise = tensors(1, 2)
    sigma, data = 2.5, 0.5 if prediction == "edm" else 1.0
    schedule = NoiseSchedule(TEACHER.sigmas, prediction, data)
    x = clean + sigma * noise
    v = (data * noise - sigma / data * clean) / math.sqrt(1 + (sigma / data) ** 2) / data
    answer = {"epsilon": noise, "x0": clean, "v_prediction": v, "edm": -v}[prediction]
    assert_close(schedule.denoised(answer, x, sigma), clean, rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy's, of diffusers with torch
def test_v_prediction_is_what_diffusers_does():
    from diffusers import EulerDiscreteScheduler

    settings = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    scheduler = EulerDiscreteScheduler(
        **settings, prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing"
    )
    scheduler.set_timesteps(10)
    schedule = NoiseSchedule.from_alphas_cumprod(zero_terminal_snr(scaled_linear_alphas_cumprod()), "v_prediction")
    (output, x) = tensors(1, 2)
    # the first level is as good as infinite, and each program has another number for that
    for timestep, sigma in zip(scheduler.timesteps[1:], scheduler.sigmas[1:].tolist(), strict=False):
        assert schedule.sigmas[int(timestep)].item() == pytest.approx(sigma, rel=1e-4)
    scheduler.timesteps, scheduler.sigmas = scheduler.timesteps[1:], scheduler.sigmas[1:]
    sigma = scheduler.sigmas[0].item()
    seen = scheduler.scale_model_input(x, scheduler.timesteps[0])
    assert_close(schedule.scale_input(x, sigma), seen)
    assert_close(
        schedule.denoised(output, x, sigma), scheduler.step(output, scheduler.timesteps[0], x).pred_original_sample
    )


def test_zero_terminal_snr_is_what_diffusers_does():
    from diffusers.schedulers.scheduling_euler_discrete import rescale_zero_terminal_snr

    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    theirs = torch.cumprod(1 - rescale_zero_terminal_snr(betas), 0)
    ours = zero_terminal_snr(torch.cumprod(1 - betas, 0))
    assert_close(ours[:-1], theirs[:-1])
    assert theirs[-1] == 0
    assert 0 < ours[-1] < 1e-7


def test_an_unscaled_input_for_networks_that_see_pictures():
    (x,) = tensors(1)
    assert NoiseSchedule(TEACHER.sigmas, "img_to_img").scale_input(x, 3.0) is x


def test_normalised_latents_have_mean_0_and_deviation_1():
    latent = torch.randn(64, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(values).view(1, 4, 1, 1) for values in (PLAYGROUND.mean, PLAYGROUND.std))
    normal = PLAYGROUND.normalised(latent * std + mean)
    assert_close(normal.mean((0, 2, 3)), torch.zeros(4), rtol=0, atol=0.02)
    assert_close(normal.std((0, 2, 3)), torch.ones(4), rtol=0.02, atol=0)
    assert_close(PLAYGROUND.restored(PLAYGROUND.normalised(latent)), latent, rtol=1e-4, atol=1e-5)
    assert not PLAYGROUND.normalised(torch.zeros(1, 4, 8, 8)).any()
