"""The table of samplers by name, and what else a run must know about each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from models.sampling.adams import deis, ipndm, ipndm_v, lms
from models.sampling.brownian import brownian_noise
from models.sampling.dpm import dpm_2, dpm_2_ancestral
from models.sampling.dpm_solver import dpm_adaptive, dpm_fast
from models.sampling.dpmpp import dpmpp_2m, dpmpp_2m_cfg_pp, dpmpp_2s_ancestral, dpmpp_2s_ancestral_cfg_pp
from models.sampling.dpmpp_sde import dpmpp_2m_sde, dpmpp_3m_sde, dpmpp_sde
from models.sampling.er_sde import er_sde
from models.sampling.euler import ddpm, euler, euler_ancestral, euler_ancestral_cfg_pp, lcm
from models.sampling.gradient_estimation import gradient_estimation, gradient_estimation_cfg_pp
from models.sampling.heun import heun, heunpp2
from models.sampling.noise import white_noise
from models.sampling.res_multistep import res_multistep, res_multistep_cfg_pp
from models.sampling.sa_solver import noise_between, sa_solver
from models.sampling.seeds import seeds_2, seeds_3
from models.sampling.uni_pc import uni_pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import torch

    from models.sampling.noise import NoiseSource, Seeds
    from models.sampling.noise_schedule import NoiseSchedule
    from models.sampling.steps import Denoiser, Step


@dataclass(frozen=True)
class Sampler:
    """A sampling method with its options set, ready to run on any latent."""

    method: Callable[..., Iterator[Step]]
    noise: Literal["none", "white", "brownian", "own"] = "none"  # what the method draws while it runs; own: by the seed
    needs_schedule: bool = False  # whether the method's options follow from the model's schedule
    skip_penultimate: bool = False  # whether its schedule leaves out the level before 0 (see `schedules.sigmas`)
    redraw_masked: bool = False  # whether the kept region of an inpainting run gets noise of its own
    resizes: bool = False  # whether the latent changes its size on the way

    def with_options(self, **options: Any) -> Sampler:
        """Return the sampler with `options` of its method set."""
        return replace(self, method=partial(self.method, **options))

    def run(
        self, denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, *, seed: Seeds, schedule: NoiseSchedule
    ) -> Iterator[Step]:
        """Sample from `x` [B, C, h, w] with noise of level `sigmas[0]`, one step a level; no level, no step."""
        if len(sigmas) < 2:
            return iter(())
        options: dict[str, Any] = {}
        if self.noise == "white":
            options["noise"] = white_noise(x, seed)
        elif self.noise == "brownian":
            options["noise"] = brownian_noise(x, sigmas, seed)
        elif self.noise == "own":
            options["seed"] = seed
        if self.needs_schedule:
            options["schedule"] = schedule
        return self.method(denoise, x, sigmas, **options)


def _sa_solver(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    schedule: NoiseSchedule,
    *,
    eta: float = 1.0,
    start: float = 0.2,
    end: float = 0.8,
    **options: Any,
) -> Iterator[Step]:
    """Add noise between the shares `start` and `end` of the way from noise to picture."""
    tau = noise_between(schedule.percent_to_sigma(start), schedule.percent_to_sigma(end), eta)
    return sa_solver(denoise, x, sigmas, noise, tau=tau, **options)


_DPMPP_SDE = Sampler(dpmpp_sde, "brownian")
_DPMPP_2M_SDE = Sampler(dpmpp_2m_sde, "brownian")
_DPMPP_2M_SDE_HEUN = _DPMPP_2M_SDE.with_options(solver="heun")
_DPMPP_3M_SDE = Sampler(dpmpp_3m_sde, "brownian")
_RES = Sampler(res_multistep, "white")
_RES_CFG_PP = Sampler(res_multistep_cfg_pp, "white")
_EULER_CFG_PP = Sampler(euler_ancestral_cfg_pp, "white")
_SA_SOLVER = Sampler(_sa_solver, "white", needs_schedule=True)

# In the order in which lists show them. The `_gpu` names are known from elsewhere, where they draw noise on the
# device; here noise is drawn on the CPU always, so they are second names.
SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "euler": Sampler(euler),
        "euler_cfg_pp": _EULER_CFG_PP.with_options(eta=0.0),
        "euler_ancestral": Sampler(euler_ancestral, "white"),
        "euler_ancestral_cfg_pp": _EULER_CFG_PP,
        "heun": Sampler(heun),
        "heunpp2": Sampler(heunpp2),
        "dpm_2": Sampler(dpm_2, skip_penultimate=True),
        "dpm_2_ancestral": Sampler(dpm_2_ancestral, "white", skip_penultimate=True),
        "lms": Sampler(lms),
        "dpm_fast": Sampler(dpm_fast),
        "dpm_adaptive": Sampler(dpm_adaptive),
        "dpmpp_2s_ancestral": Sampler(dpmpp_2s_ancestral, "white"),
        "dpmpp_2s_ancestral_cfg_pp": Sampler(dpmpp_2s_ancestral_cfg_pp, "white"),
        "dpmpp_sde": _DPMPP_SDE,
        "dpmpp_sde_gpu": _DPMPP_SDE,
        "dpmpp_2m": Sampler(dpmpp_2m),
        "dpmpp_2m_cfg_pp": Sampler(dpmpp_2m_cfg_pp),
        "dpmpp_2m_sde": _DPMPP_2M_SDE,
        "dpmpp_2m_sde_gpu": _DPMPP_2M_SDE,
        "dpmpp_2m_sde_heun": _DPMPP_2M_SDE_HEUN,
        "dpmpp_2m_sde_heun_gpu": _DPMPP_2M_SDE_HEUN,
        "dpmpp_3m_sde": _DPMPP_3M_SDE,
        "dpmpp_3m_sde_gpu": _DPMPP_3M_SDE,
        "ddpm": Sampler(ddpm, "white"),
        "lcm": Sampler(lcm, "white"),
        "ipndm": Sampler(ipndm),
        "ipndm_v": Sampler(ipndm_v),
        "deis": Sampler(deis),
        "res_multistep": _RES,
        "res_multistep_cfg_pp": _RES_CFG_PP,
        "res_multistep_ancestral": _RES.with_options(eta=1.0),
        "res_multistep_ancestral_cfg_pp": _RES_CFG_PP.with_options(eta=1.0),
        "gradient_estimation": Sampler(gradient_estimation),
        "gradient_estimation_cfg_pp": Sampler(gradient_estimation_cfg_pp),
        "er_sde": Sampler(er_sde, "white"),
        "seeds_2": Sampler(seeds_2, "white"),
        "seeds_3": Sampler(seeds_3, "white"),
        "sa_solver": _SA_SOLVER,
        "sa_solver_pece": _SA_SOLVER.with_options(evaluate_again=True),
        "ddim": Sampler(euler, redraw_masked=True),
        "uni_pc": Sampler(uni_pc, skip_penultimate=True),
        "uni_pc_bh2": Sampler(uni_pc, skip_penultimate=True).with_options(variant="bh2"),
    }
)
