"""What diffusers' folders say of the noise that a model was trained on: a scheduler and its settings.

Documentation: https://huggingface.co/docs/diffusers/api/schedulers/overview (EDMEulerScheduler, LCMScheduler ...).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.export.diffusers_config import VERSION, Settings
from models.sampling.schedule_facts import ScheduleFacts
from models.types import Family

BETAS: Mapping[str, Any] = {
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
}


def scheduler_tells(facts: ScheduleFacts) -> bool:
    """Whether a scheduler's settings say all of it, so that a folder gives the same schedule again."""
    if facts.kind == "edm":
        return facts.prediction in ("edm", "v_prediction")
    if facts.kind == "distilled":
        return facts.prediction == "lcm"
    return facts.kind == "discrete" and (
        facts.prediction == "v_prediction" or (facts.prediction == "epsilon" and not facts.zero_terminal)
    )


def scheduler_settings(family: Family, facts: ScheduleFacts) -> Settings:
    """Of `scheduler/scheduler_config.json`: that of the family's official pipeline where the noise is ordinary.

    What `scheduler_tells` denies is written as if it were ordinary.
    """
    if facts.kind == "edm" and scheduler_tells(facts):
        return _edm(facts)
    if facts.kind == "distilled" and scheduler_tells(facts):
        return _distilled(facts)
    return _discrete(family, facts)


def _edm(facts: ScheduleFacts) -> Settings:
    """Playground v2.5 is drawn along Karras' levels, CosXL along even logarithms, as their authors do."""
    v = facts.prediction == "v_prediction"
    return {
        "_class_name": "EDMEulerScheduler",
        "_diffusers_version": VERSION,
        "num_train_timesteps": 1000,
        "prediction_type": "v_prediction" if v else "epsilon",  # the latter with EDM's preconditioning
        "rho": 7.0,
        "sigma_data": facts.sigma_data,
        "sigma_max": facts.sigma_max,
        "sigma_min": facts.sigma_min,
        "sigma_schedule": "exponential" if v else "karras",
    }


def _distilled(facts: ScheduleFacts) -> Settings:
    return {
        "_class_name": "LCMScheduler",
        "_diffusers_version": VERSION,
        **BETAS,
        "clip_sample": False,
        "original_inference_steps": facts.steps,
        "prediction_type": "epsilon",
        "rescale_betas_zero_snr": facts.zero_terminal,
        "set_alpha_to_one": True,
        "steps_offset": 0,
        "timestep_scaling": 10.0,
        "timestep_spacing": "leading",
        "trained_betas": None,
    }


def _discrete(family: Family, facts: ScheduleFacts) -> Settings:
    """Zero terminal SNR needs steps that begin at the very last one (Lin et al., arXiv 2305.08891, section 3.3)."""
    settings: Settings = {
        "_class_name": "EulerDiscreteScheduler",
        "_diffusers_version": VERSION,
        **BETAS,
        "prediction_type": "v_prediction" if facts.prediction == "v_prediction" else "epsilon",
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "trained_betas": None,
    }
    if facts.kind == "discrete" and facts.zero_terminal and scheduler_tells(facts):
        return {**settings, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "steps_offset": 0}
    if family in ("sd15", "sd21"):
        own = {"_class_name": "PNDMScheduler", "skip_prk_steps": True, "set_alpha_to_one": False}
        return {**settings, **own}
    return {**settings, "interpolation_type": "linear", "use_karras_sigmas": False}
