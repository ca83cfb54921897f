"""Which noise schedule a checkpoint was trained for: what the file says of itself, or what gives it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.checkpoints.layout import Parts
from models.checkpoints.schedule_note import noted_latents, noted_schedule
from models.checkpoints.weights import open_weights
from models.sampling.continuous_schedule import EdmSchedule
from models.sampling.distilled_schedule import ORIGINAL_STEPS
from models.sampling.latent_statistics import PLAYGROUND_SCALE, PLAYGROUND_UNITS, LatentStatistics, LatentUnits
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.predictions import Prediction
from models.sampling.schedule_facts import ScheduleFacts
from models.types import Family

# Two empty tensors by which trainers mark SDXL checkpoints
V_PREDICTION_MARK = "v_pred"
ZERO_TERMINAL_SNR_MARK = "ztsnr"

# Tensors by which Playground v2.5 and CosXL mark theirs; the latter's hold the bounds of the noise levels
EDM_MEAN, EDM_STD = "edm_mean", "edm_std"
EDM_MARKS = frozenset({EDM_MEAN, EDM_STD})
EDM_V_BOUNDS = ("edm_vpred.sigma_min", "edm_vpred.sigma_max")

TRAINED_TIMESTEPS = 1000  # of every Stable Diffusion model

# (sigma_min, sigma_max, sigma_data) of Playground v2.5 and of CosXL
PLAYGROUND_LEVELS = (0.002, 80.0, 0.5)
COSXL_LEVELS = (0.002, 120.0, 1.0)

# Stable Diffusion 2.x at 768 pixels predicts v and at 512 epsilon, and nothing in the file says which it is. But this
# bias strayed farther from 0 in the former (measured on the official files).
TELLING_BIAS = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
TELLING_DEVIATION = 0.09


def noise_schedule(parts: Parts, family: Family) -> NoiseSchedule:
    """The schedule of a checkpoint with a UNet; epsilon and the ordinary betas where nothing says otherwise."""
    noted = noted_schedule(parts.unet.metadata) if parts.unet is not None else None
    known = noted or _continuous(parts) or _distilled(parts)
    if known is not None:
        return known
    prediction = _prediction(parts, family)
    zero_terminal = parts.scheduler.get("rescale_betas_zero_snr") is True or ZERO_TERMINAL_SNR_MARK in parts.names
    # epsilon says nothing of a picture that is all noise
    return ScheduleFacts("discrete", prediction, zero_terminal and prediction == "v_prediction").schedule()


def latent_units(parts: Parts) -> LatentUnits | None:
    """The units of a checkpoint whose latents are normalised by channel; None for all others."""
    noted = noted_latents(parts.unet.metadata) if parts.unet is not None else None
    if noted is not None:
        return noted
    if parts.names >= EDM_MARKS:
        return PLAYGROUND_UNITS
    mean, std = (_numbers(parts.vae_settings.get(key)) for key in ("latents_mean", "latents_std"))
    if mean and std and len(mean) == len(std) and all(std):
        return LatentUnits(LatentStatistics(mean, std), _number(parts.vae_settings, "scaling_factor", PLAYGROUND_SCALE))
    return None


def _continuous(parts: Parts) -> NoiseSchedule | None:
    """The schedule of a checkpoint in EDM's manner, which knows all noise levels."""
    if parts.names >= EDM_MARKS:
        low, high, data = PLAYGROUND_LEVELS
        return EdmSchedule.between(low, high, "edm", data)
    if EDM_V_BOUNDS[1] in parts.names:
        low, high = _written_bounds(parts)
        return EdmSchedule.between(low, high, "v_prediction", COSXL_LEVELS[2])
    if not str(parts.scheduler.get("_class_name", "")).startswith("EDM"):  # one of diffusers' schedulers
        return None
    prediction = "v_prediction" if parts.scheduler.get("prediction_type") == "v_prediction" else "edm"
    keys = ("sigma_min", "sigma_max", "sigma_data")
    low, high, data = (_number(parts.scheduler, key, usual) for key, usual in zip(keys, PLAYGROUND_LEVELS, strict=True))
    return EdmSchedule.between(low, high, prediction, data)


def _distilled(parts: Parts) -> NoiseSchedule | None:
    """The schedule of a latent consistency model, which folders tell by their scheduler and files do not."""
    prediction = parts.scheduler.get("prediction_type", "epsilon")
    if parts.scheduler.get("_class_name") != "LCMScheduler" or prediction != "epsilon":
        return None
    told = parts.scheduler.get("original_inference_steps")
    steps = told if type(told) is int and 0 < told <= TRAINED_TIMESTEPS else ORIGINAL_STEPS
    zero_terminal = parts.scheduler.get("rescale_betas_zero_snr") is True
    return ScheduleFacts("distilled", "lcm", zero_terminal, steps).schedule()


def _written_bounds(parts: Parts) -> tuple[float, float]:
    """The bounds of the noise levels that a file's own tensors hold."""
    weights = open_weights(parts.path)
    low, high = (
        float(weights.tensor(name).float().reshape(-1)[0]) if weights.shapes.get(name) in ((), (1,)) else usual
        for name, usual in zip(EDM_V_BOUNDS, COSXL_LEVELS, strict=False)
    )
    return (low, high) if 0 < low < high else COSXL_LEVELS[:2]


def _number(settings: Mapping[str, Any], key: str, usual: float) -> float:
    value = settings.get(key)
    return float(value) if isinstance(value, (int, float)) and value > 0 else usual


def _numbers(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not all(isinstance(one, (int, float)) for one in value):
        return ()
    return tuple(float(one) for one in value)


def _prediction(parts: Parts, family: Family) -> Prediction:
    if parts.scheduler.get("prediction_type") == "v_prediction" or V_PREDICTION_MARK in parts.names:
        return "v_prediction"
    unet = parts.unet
    if family == "sd21" and unet is not None and not parts.scheduler and TELLING_BIAS in unet.shapes:
        bias = unet.tensor(TELLING_BIAS).float()
        if bias.numel() > 1 and bias.std().item() > TELLING_DEVIATION:
            return "v_prediction"
    return "epsilon"
