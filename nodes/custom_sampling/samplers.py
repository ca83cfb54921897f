"""Samplers with their options."""

from typing import Annotated, Literal

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models.sampling import samplers as methods
from models.sampling.dpm_solver import dpm_adaptive
from models.sampling.er_sde import reverse_time_noise
from models.sampling.euler import euler_towards_guided_twice
from models.sampling.lcm_upscale import lcm_upscale
from models.sampling.sa_solver import noise_between, sa_solver
from models.sampling.samplers import SAMPLERS
from nodes.custom_sampling.values import Eta, NoiseFactor, Sampler
from nodes.sampling import SamplerName, check_names
from nodes.types import Model

CATEGORY = "sampling/custom_sampling/samplers"

NoiseDevice = Annotated[
    Literal["gpu", "cpu"], Help("Makes no difference here: noise is drawn on the CPU, so that seeds agree everywhere.")
]
Tolerance = Annotated[float, Range(0, 100, step=0.01, round=False)]
Percent = Annotated[float, Range(0, 1, step=0.001)]


@node("KSamplerSelect", category=CATEGORY, display_name="KSamplerSelect")
def ksampler_select(*, sampler_name: SamplerName) -> Sampler:
    """One of the KSampler's samplers, as it is there."""
    check_names(sampler=sampler_name)
    return SAMPLERS[sampler_name]


@node("SamplerEulerAncestral", category=CATEGORY, display_name="SamplerEulerAncestral")
def sampler_euler_ancestral(*, eta: Eta = 1.0, s_noise: NoiseFactor = 1.0) -> Sampler:
    """Euler's method with fresh noise at each step."""
    return SAMPLERS["euler_ancestral"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerEulerAncestralCFGPP", category=CATEGORY, display_name="SamplerEulerAncestralCFG++")
def sampler_euler_ancestral_cfg_pp(
    *,
    eta: Annotated[
        float, Range(0, 1, step=0.01, round=False), Help("How much fresh noise each step adds; 0: none.")
    ] = 1.0,
    s_noise: Annotated[float, Range(0, 10, step=0.01, round=False), Help("Multiplies the fresh noise.")] = 1.0,
) -> Sampler:
    """Euler's method with fresh noise and CFG++: set the scale of guidance to 1 or 2."""
    return SAMPLERS["euler_ancestral_cfg_pp"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerEulerCFGpp", category="_for_testing", display_name="SamplerEulerCFG++")
def sampler_euler_cfg_pp(
    *,
    version: Annotated[
        Literal["regular", "alternative"],
        Help("regular: CFG++ as published; alternative: Euler's method with the scale of guidance doubled."),
    ],
) -> Sampler:
    """Euler's method with CFG++: set the scale of guidance to 1 or 2."""
    return methods.Sampler(euler_towards_guided_twice) if version == "alternative" else SAMPLERS["euler_cfg_pp"]


@node("SamplerLMS", category=CATEGORY, display_name="SamplerLMS")
def sampler_lms(
    *, order: Annotated[int, Range(1, 100), Help("How many past steps are looked back on; 4 is usual.")] = 4
) -> Sampler:
    """Linear multistep: the next step follows from the slopes of the last ones."""
    return SAMPLERS["lms"].with_options(order=order)


@node("SamplerLCMUpscale", category=CATEGORY)
def sampler_lcm_upscale(
    *,
    scale_ratio: Annotated[float, Range(0.1, 20, step=0.01), Help("How many times larger the latents become.")] = 1.0,
    scale_steps: Annotated[
        int, Range(-1, 1000, step=1), Help("In how many steps they grow; -1: in the first half of them.")
    ] = -1,
    upscale_method: Annotated[
        Literal["bislerp", "nearest-exact", "bilinear", "area", "bicubic"],
        Help("How values between the old ones are made; bislerp keeps contrast best."),
    ],
) -> Sampler:
    """For LCM models: begin small and grow while sampling. Not for latents with a noise mask."""
    made = methods.Sampler(lcm_upscale, "own", resizes=True)
    steps = None if scale_steps < 0 else scale_steps
    return made.with_options(scale_ratio=scale_ratio, scale_steps=steps, method=upscale_method)


@node("SamplerDPMPP_2M_SDE", category=CATEGORY, display_name="SamplerDPMPP_2M_SDE")
def sampler_dpmpp_2m_sde(
    *,
    solver_type: Annotated[Literal["midpoint", "heun"], Help("How the change since the last step is weighted.")],
    eta: Eta = 1.0,
    s_noise: NoiseFactor = 1.0,
    noise_device: NoiseDevice,
) -> Sampler:
    """DPM-Solver++ of second order, one call a step, with fresh noise."""
    del noise_device
    return SAMPLERS["dpmpp_2m_sde"].with_options(solver=solver_type, eta=eta, s_noise=s_noise)


@node("SamplerDPMPP_3M_SDE", category=CATEGORY, display_name="SamplerDPMPP_3M_SDE")
def sampler_dpmpp_3m_sde(*, eta: Eta = 1.0, s_noise: NoiseFactor = 1.0, noise_device: NoiseDevice) -> Sampler:
    """DPM-Solver++ of third order, one call a step, with fresh noise."""
    del noise_device
    return SAMPLERS["dpmpp_3m_sde"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerDPMPP_SDE", category=CATEGORY, display_name="SamplerDPMPP_SDE")
def sampler_dpmpp_sde(
    *,
    eta: Eta = 1.0,
    s_noise: NoiseFactor = 1.0,
    r: Annotated[
        float,
        Range(0, 100, step=0.01, round=False),
        Help("How far into each step the second call looks: 0.5 half way."),
    ] = 0.5,
    noise_device: NoiseDevice,
) -> Sampler:
    """DPM-Solver++ of second order, two calls a step, with fresh noise."""
    del noise_device
    if r <= 0:
        raise NodeInputError("r", f"The second call looks ahead of the first, and {r:g} does not. Choose 0.5.")
    return SAMPLERS["dpmpp_sde"].with_options(eta=eta, s_noise=s_noise, r=r)


@node("SamplerDPMPP_2S_Ancestral", category=CATEGORY, display_name="SamplerDPMPP_2S_Ancestral")
def sampler_dpmpp_2s_ancestral(*, eta: Eta = 1.0, s_noise: NoiseFactor = 1.0) -> Sampler:
    """DPM-Solver++ of second order in single steps of two calls, with fresh noise."""
    return SAMPLERS["dpmpp_2s_ancestral"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerDPMAdaptative", category=CATEGORY, display_name="SamplerDPMAdaptative")
def sampler_dpm_adaptive(
    *,
    order: Annotated[int, Range(2, 3), Help("Of the solver; 3 takes longer steps.")] = 3,
    rtol: Annotated[Tolerance, Help("The error that a step may make, relative to the latents.")] = 0.05,
    atol: Annotated[Tolerance, Help("The error that it may make at least.")] = 0.0078,
    h_init: Annotated[Tolerance, Help("Length of the first step, in log sigma.")] = 0.05,
    pcoeff: Annotated[Tolerance, Help("Of the step size's controller: its share by the error.")] = 0.0,
    icoeff: Annotated[Tolerance, Help("Its share by the sum of errors.")] = 1.0,
    dcoeff: Annotated[Tolerance, Help("Its share by the change of errors.")] = 0.0,
    accept_safety: Annotated[Tolerance, Help("Lower accepts steps of a larger error.")] = 0.81,
    eta: Annotated[Tolerance, Help("How much fresh noise each step adds; 0: none.")] = 0.0,
    s_noise: NoiseFactor = 1.0,
) -> Sampler:
    """DPM-Solver that chooses its steps by the error they make: of the noise levels only the ends count."""
    for name, value in (("h_init", h_init), ("atol", atol)):
        if value <= 0:
            raise NodeInputError(name, f"With {value:g} the sampler would never get ahead. Choose a number above 0.")
    if accept_safety > 1:
        raise NodeInputError(
            "accept_safety", f"With {accept_safety:g} even good steps may be tried again for ever. Choose at most 1."
        )
    return methods.Sampler(dpm_adaptive, "white" if eta else "none").with_options(
        order=order,
        rtol=rtol,
        atol=atol,
        h_init=h_init,
        pcoeff=pcoeff,
        icoeff=icoeff,
        dcoeff=dcoeff,
        accept_safety=accept_safety,
        eta=eta,
        s_noise=s_noise,
    )


@node("SamplerSASolver", category=CATEGORY, display_name="SamplerSASolver")
def sampler_sa_solver(
    *,
    model: Annotated[Model, Help("The model whose noise levels the shares below refer to.")],
    eta: Annotated[
        float, Range(0, 10, step=0.01, round=False), Help("How much fresh noise is added between them.")
    ] = 1.0,
    sde_start_percent: Annotated[Percent, Help("From which share of the way fresh noise is added.")] = 0.2,
    sde_end_percent: Annotated[Percent, Help("Up to which.")] = 0.8,
    s_noise: NoiseFactor = 1.0,
    predictor_order: Annotated[int, Range(1, 6), Help("How many predictions a step is made from.")] = 3,
    corrector_order: Annotated[int, Range(0, 6), Help("From how many it is corrected afterwards; 0: not.")] = 4,
    use_pece: Annotated[bool, Help("Ask the model once more after each correction: two calls a step.")],
    simple_order_2: Annotated[bool, Help("Shorter formulas where the order is 2; may help in few steps.")],
) -> Sampler:
    """SA-Solver: predict, correct, and add fresh noise in the middle of the run."""
    to_sigma = model.schedule.percent_to_sigma
    return methods.Sampler(sa_solver, "white").with_options(
        tau=noise_between(to_sigma(sde_start_percent), to_sigma(sde_end_percent), eta),
        s_noise=s_noise,
        predictor_order=predictor_order,
        corrector_order=corrector_order,
        evaluate_again=use_pece,
        simple_order_2=simple_order_2,
    )


@node("SamplerER_SDE", category=CATEGORY, display_name="SamplerER_SDE")
def sampler_er_sde(
    *,
    solver_type: Annotated[
        Literal["ER-SDE", "Reverse-time SDE", "ODE"],
        Help("ER-SDE: noise as the authors tuned it; Reverse-time SDE: by eta; ODE: none."),
    ],
    max_stage: Annotated[int, Range(1, 3), Help("Order of the solver: how many predictions it looks back on.")] = 3,
    eta: Annotated[Eta, Help("How much fresh noise is added, for the reverse-time SDE.")] = 1.0,
    s_noise: NoiseFactor = 1.0,
) -> Sampler:
    """ER-SDE-Solver, with a choice of the equation that it solves."""
    base = SAMPLERS["er_sde"].with_options(max_stage=max_stage)
    if solver_type == "ER-SDE":
        return base.with_options(s_noise=s_noise)
    if solver_type == "ODE" or not eta:
        return base.with_options(s_noise=0.0, noise_scale=reverse_time_noise(0.0))
    return base.with_options(s_noise=s_noise, noise_scale=reverse_time_noise(eta))
