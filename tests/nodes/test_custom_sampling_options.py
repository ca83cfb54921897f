"""Samplers with options, schedulers and noise schedules as nodes: what their widgets change."""

import pytest
import torch
from torch.testing import assert_close

from execution.node import NodeInputError
from models.sampling.latent_statistics import PLAYGROUND
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import sigmas
from nodes.custom_sampling import formula_schedulers, model_sampling, samplers, schedulers
from nodes.custom_sampling.sigmas import sampling_percent_to_sigma
from nodes.latent import empty_latent_image
from nodes.loaders import checkpoint_loader
from nodes.sampling import ksampler
from nodes.text import clip_text_encode
from tests.models.test_sampling_samplers import MEAN, SPREAD, NormalDenoiser, start

SCHEDULE = NoiseSchedule.scaled_linear()
LEVELS = sigmas(SCHEDULE, "karras", 12)


@pytest.fixture
def loaded(models):
    return checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)


def run(sampler, x=None, levels=LEVELS, seed=3):
    x = start() if x is None else x
    return list(sampler.run(NormalDenoiser(), x, levels, seed=seed, schedule=SCHEDULE))


def last(sampler, **options):
    return run(sampler, **options)[-1].x


DEFAULTS = [
    ("euler_ancestral", samplers.sampler_euler_ancestral()),
    ("euler_ancestral_cfg_pp", samplers.sampler_euler_ancestral_cfg_pp()),
    ("euler_cfg_pp", samplers.sampler_euler_cfg_pp(version="regular")),
    ("lms", samplers.sampler_lms()),
    ("dpmpp_2m_sde", samplers.sampler_dpmpp_2m_sde(solver_type="midpoint", noise_device="gpu")),
    ("dpmpp_2m_sde_heun", samplers.sampler_dpmpp_2m_sde(solver_type="heun", noise_device="cpu")),
    ("dpmpp_3m_sde", samplers.sampler_dpmpp_3m_sde(noise_device="gpu")),
    ("dpmpp_sde", samplers.sampler_dpmpp_sde(noise_device="cpu")),
    ("dpmpp_2s_ancestral", samplers.sampler_dpmpp_2s_ancestral()),
    ("dpm_adaptive", samplers.sampler_dpm_adaptive()),
    ("er_sde", samplers.sampler_er_sde(solver_type="ER-SDE")),
]


@pytest.mark.parametrize("name, made", DEFAULTS, ids=[name for name, _ in DEFAULTS])
def test_samplers_left_at_their_defaults_are_the_ksamplers(name, made):
    assert torch.equal(last(made), last(SAMPLERS[name]))


def sa_solver(model, **options):
    usual = {"use_pece": False, "simple_order_2": False}
    return samplers.sampler_sa_solver(model=model, **{**usual, **options})


def test_sa_solver(loaded):
    assert torch.equal(last(sa_solver(loaded.MODEL)), last(SAMPLERS["sa_solver"]))
    assert torch.equal(last(sa_solver(loaded.MODEL, use_pece=True)), last(SAMPLERS["sa_solver_pece"]))


@pytest.mark.parametrize(
    "made",
    [
        samplers.sampler_euler_ancestral(eta=0.0),
        samplers.sampler_dpmpp_2m_sde(solver_type="midpoint", eta=0.0, noise_device="gpu"),
        samplers.sampler_dpmpp_3m_sde(eta=0.0, noise_device="gpu"),
        samplers.sampler_dpmpp_sde(eta=0.0, noise_device="gpu"),
        samplers.sampler_dpmpp_2s_ancestral(eta=0.0),
        samplers.sampler_er_sde(solver_type="ODE"),
        samplers.sampler_er_sde(solver_type="Reverse-time SDE", eta=0.0),
        samplers.sampler_lms(order=9),
        samplers.sampler_dpm_adaptive(order=2, rtol=0.01),
    ],
)
def test_without_fresh_noise_every_seed_leads_to_the_exact_solution(made):
    x, levels = start(), sigmas(SCHEDULE, "karras", 200)
    ends = [last(made, x=x, levels=levels, seed=seed) for seed in (1, 2)]
    assert torch.equal(*ends)
    exact = MEAN + (x - MEAN) * SPREAD / (SPREAD**2 + SCHEDULE.sigma_max**2) ** 0.5
    assert ((ends[0] - exact).norm() / exact.norm()) < 0.03


@pytest.mark.parametrize("predictor, corrector", [(2, 2), (1, 0), (3, 0), (2, 4)])
@pytest.mark.parametrize("simple", [False, True])
def test_sa_solver_without_noise_is_exact_in_any_order(loaded, predictor, corrector, simple):
    x, levels = start(), sigmas(SCHEDULE, "karras", 300)
    made = sa_solver(loaded.MODEL, eta=0.0, predictor_order=predictor, corrector_order=corrector, simple_order_2=simple)
    exact = MEAN + (x - MEAN) * SPREAD / (SPREAD**2 + SCHEDULE.sigma_max**2) ** 0.5
    assert ((last(made, x=x, levels=levels) - exact).norm() / exact.norm()) < (0.03 if predictor == 1 else 3e-3)
    if 2 in (predictor, corrector):
        usual = sa_solver(loaded.MODEL, eta=0.0, predictor_order=predictor, corrector_order=corrector)
        assert torch.equal(last(made), last(usual)) != simple


@pytest.mark.parametrize(
    "made",
    [
        samplers.sampler_dpm_adaptive(eta=1.0),
        samplers.sampler_er_sde(solver_type="Reverse-time SDE", eta=1.0),
        samplers.sampler_euler_ancestral(eta=0.5),
        samplers.sampler_dpmpp_sde(eta=0.5, r=0.3, noise_device="cpu"),
    ],
)
def test_fresh_noise_ends_in_the_right_distribution(made):
    ends = last(made, x=start((8, 4, 32, 32)), levels=sigmas(SCHEDULE, "karras", 60))
    assert ends.mean().item() == pytest.approx(MEAN, abs=0.05)
    assert ends.std().item() == pytest.approx(SPREAD, abs=0.07)
    assert not torch.equal(last(made, seed=1), last(made, seed=2))


def test_the_alternative_of_cfg_pp_doubles_the_scale_of_guidance():
    class Pair(NormalDenoiser):
        def pair(self, x, sigma):
            denoised = self(x, sigma)
            return type(super().pair(x, sigma))(denoised, denoised - 0.25)

    class Doubled(NormalDenoiser):
        def __call__(self, x, sigma):
            return super().__call__(x, sigma) + 0.25

    made = samplers.sampler_euler_cfg_pp(version="alternative")
    (*_, one), (*_, two) = (
        sampler.run(denoiser, start(), LEVELS, seed=1, schedule=SCHEDULE)
        for sampler, denoiser in ((made, Pair()), (SAMPLERS["euler"], Doubled()))
    )
    assert torch.equal(one.x, two.x)


def test_lcm_upscale_grows_step_by_step_and_is_lcm_at_scale_one():
    levels = sigmas(SCHEDULE, "sgm_uniform", 4)
    x = start((1, 4, 8, 8))
    grown = run(samplers.sampler_lcm_upscale(scale_ratio=2.0, scale_steps=2, upscale_method="bilinear"), x, levels)
    assert [step.x.shape[-1] for step in grown] == [12, 16, 16, 16]
    first = run(SAMPLERS["lcm"], x, levels)[0].denoised
    still = run(samplers.sampler_lcm_upscale(scale_ratio=1.0, scale_steps=0, upscale_method="bilinear"), x, levels)
    assert torch.equal(still[0].denoised, first)
    # its noise goes on where the run's own noise ended
    generator = torch.Generator().manual_seed(3)
    torch.randn(x.shape, generator=generator)
    assert_close(still[0].x - still[0].denoised, torch.randn(x.shape, generator=generator) * levels[1])


def test_no_number_ends_the_adaptive_sampler():
    x = torch.full((1, 4, 8, 8), float("nan"))
    assert last(samplers.sampler_dpm_adaptive(), x=x).isnan().all()


@pytest.mark.parametrize(
    "make, blamed",
    [
        (lambda: samplers.sampler_dpmpp_sde(r=0.0, noise_device="cpu"), "r"),
        (lambda: samplers.sampler_dpm_adaptive(h_init=0.0), "h_init"),
        (lambda: samplers.sampler_dpm_adaptive(accept_safety=50.0), "accept_safety"),
        (lambda: samplers.ksampler_select(sampler_name="magic"), "sampler_name"),
        (lambda: formula_schedulers.karras_scheduler(rho=0.0), "rho"),
        (lambda: formula_schedulers.exponential_scheduler(sigma_min=0.0), "sigma_min"),
        (lambda: formula_schedulers.polyexponential_scheduler(sigma_max=0.0), "sigma_max"),
        (lambda: formula_schedulers.laplace_scheduler(sigma_min=20.0), "sigma_min"),
        (lambda: formula_schedulers.vp_scheduler(beta_d=5000.0), "beta_d"),
        (lambda: schedulers.gits_scheduler(coeff=0.82), "coeff"),
    ],
)
def test_options_that_make_no_sense_are_said_so(make, blamed):
    with pytest.raises(NodeInputError) as error:
        make()
    assert error.value.input_name == blamed


def test_schedulers_of_the_model(loaded):
    model = loaded.MODEL
    assert torch.equal(schedulers.beta_scheduler(model=model, steps=8), sigmas(model.schedule, "beta", 8))
    dense = schedulers.beta_scheduler(model=model, steps=8, alpha=0.3, beta=2.0)
    assert (dense[1:-1] < sigmas(model.schedule, "beta", 8)[1 : len(dense) - 1]).all()  # more of the steps at low noise
    with pytest.raises(NodeInputError, match="above 0"):
        schedulers.beta_scheduler(model=model, beta=0.0)
    with pytest.raises(NodeInputError, match="There is no 'magic'"):
        schedulers.basic_scheduler(model=model, scheduler="magic")
    assert len(schedulers.sd_turbo_scheduler(model=model, steps=3)) == 4
    assert len(schedulers.align_your_steps_scheduler(model_type="SDXL", steps=6)) == 7
    assert len(schedulers.gits_scheduler(steps=10, denoise=0.5)) == 6


def test_formula_schedulers_reach_their_bounds():
    for make in (
        formula_schedulers.karras_scheduler,
        formula_schedulers.exponential_scheduler,
        formula_schedulers.polyexponential_scheduler,
    ):
        levels = make(steps=5, sigma_max=9.0, sigma_min=0.5)
        assert (levels[0].item(), levels[-2].item(), levels[-1].item()) == (
            pytest.approx(9), pytest.approx(0.5), 0,
        )  # fmt: skip
    assert len(formula_schedulers.laplace_scheduler(steps=5)) == 5
    assert len(formula_schedulers.vp_scheduler(steps=5)) == 6


def test_percent_to_sigma(loaded):
    def ask(percent, actual=False):
        return sampling_percent_to_sigma(
            model=loaded.MODEL, sampling_percent=percent, return_actual_sigma=actual
        ).sigma_value

    assert (ask(0.0), ask(1.0)) == (999999999.9, 0.0)
    assert (ask(0.0, True), ask(1.0, True)) == (SCHEDULE.sigma_max, SCHEDULE.sigma_min)
    assert ask(0.5) == ask(0.5, True) == SCHEDULE.percent_to_sigma(0.5)


def picture(model, loaded, ctx, **settings):
    prompts = {name: clip_text_encode(text=name, clip=loaded.CLIP, ctx=ctx) for name in ("positive", "negative")}
    usual = {"seed": 3, "steps": 3, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal"}
    blank = empty_latent_image(width=64, height=64, batch_size=1)
    return ksampler(model=model, **prompts, latent_image=blank, ctx=ctx, **{**usual, **settings})["samples"]


def test_a_discrete_schedule_that_says_what_the_file_says_changes_nothing(loaded, models):
    same = model_sampling.model_sampling_discrete(model=loaded.MODEL, sampling="eps")
    assert same.network is loaded.MODEL.network
    assert torch.equal(picture(same, loaded, models.ctx), picture(loaded.MODEL, loaded, models.ctx))
    assert loaded.MODEL.schedule.prediction == "epsilon"


@pytest.mark.parametrize("sampling", ["v_prediction", "lcm", "x0", "img_to_img"])
def test_other_answers_make_other_pictures(loaded, models, sampling):
    changed = model_sampling.model_sampling_discrete(model=loaded.MODEL, sampling=sampling)
    made = picture(changed, loaded, models.ctx)
    assert made.isfinite().all()
    assert not torch.allclose(made, picture(loaded.MODEL, loaded, models.ctx), rtol=1e-5, atol=1e-3)


def test_zero_terminal_snr_begins_from_pure_noise(loaded, models):
    changed = model_sampling.model_sampling_discrete(model=loaded.MODEL, sampling="v_prediction", zsnr=True)
    assert changed.schedule.sigma_max == pytest.approx(4518.76, rel=1e-4)
    assert changed.schedule.sigma_min == pytest.approx(SCHEDULE.sigma_min, rel=1e-4)
    assert picture(changed, loaded, models.ctx).isfinite().all()
    distilled = model_sampling.model_sampling_discrete(model=loaded.MODEL, sampling="lcm", zsnr=True)
    assert distilled.schedule.sigma_max == changed.schedule.sigma_max
    assert len(distilled.schedule.sigmas) == 50


@pytest.mark.parametrize("sampling, prediction, data", [
    ("v_prediction", "v_prediction", 1.0), ("eps", "epsilon", 1.0), ("edm", "edm", 0.5),
    ("edm_playground_v2.5", "edm", 0.5),
])  # fmt: skip
def test_continuous_edm(loaded, models, sampling, prediction, data):
    changed = model_sampling.model_sampling_continuous_edm(model=loaded.MODEL, sampling=sampling, sigma_max=80.0)
    assert (changed.schedule.prediction, changed.schedule.sigma_data) == (prediction, data)
    assert changed.schedule.sigma_max == pytest.approx(80)
    assert (changed.latent_statistics is PLAYGROUND) == (sampling == "edm_playground_v2.5")
    assert changed.latent_scale == (0.5 if changed.latent_statistics else loaded.MODEL.latent_scale)
    assert picture(changed, loaded, models.ctx).isfinite().all()


def test_continuous_v(loaded, models):
    changed = model_sampling.model_sampling_continuous_v(model=loaded.MODEL, sampling="v_prediction")
    assert changed.schedule.timestep(500.0) == pytest.approx(0.99873, abs=1e-5)
    assert picture(changed, loaded, models.ctx, scheduler="karras").isfinite().all()


def test_schedules_that_no_model_here_has(loaded):
    with pytest.raises(NodeInputError, match="Cosmos") as error:
        model_sampling.model_sampling_continuous_edm(model=loaded.MODEL, sampling="cosmos_rflow")
    assert error.value.input_name == "sampling"
    with pytest.raises(NodeInputError, match="sigma_min") as error:
        model_sampling.model_sampling_continuous_v(
            model=loaded.MODEL, sampling="v_prediction", sigma_max=1.0, sigma_min=2.0
        )
    assert error.value.input_name == "sigma_min"


def test_turbo_levels_need_a_model_with_timesteps(loaded):
    continuous = model_sampling.model_sampling_continuous_edm(model=loaded.MODEL, sampling="v_prediction")
    with pytest.raises(NodeInputError, match="no timesteps") as error:
        schedulers.sd_turbo_scheduler(model=continuous, steps=1)
    assert error.value.input_name == "model"
    assert schedulers.sd_turbo_scheduler(model=loaded.MODEL, steps=1).isfinite().all()
