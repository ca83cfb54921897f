"""Which noise schedule a checkpoint was trained for: what the file says of itself, or what gives it away."""

from __future__ import annotations

import torch

from models.checkpoints.layout import Parts
from models.sampling.noise_schedule import NoiseSchedule, Prediction, scaled_linear_alphas_cumprod
from models.types import Family

# Two empty tensors by which trainers mark SDXL checkpoints
V_PREDICTION_MARK = "v_pred"
ZERO_TERMINAL_SNR_MARK = "ztsnr"

# Stable Diffusion 2.x at 768 pixels predicts v and at 512 epsilon, and nothing in the file says which it is. But this
# bias strayed farther from 0 in the former (measured on the official files).
TELLING_BIAS = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
TELLING_DEVIATION = 0.09

LAST_SIGNAL = 4.8973451890853435e-08  # share of signal at the last step of zero terminal SNR: 0 would divide by 0


def noise_schedule(parts: Parts, family: Family) -> NoiseSchedule:
    """The schedule of a checkpoint with a UNet; epsilon and the ordinary betas where nothing says otherwise."""
    prediction = _prediction(parts, family)
    zero_terminal = parts.scheduler.get("rescale_betas_zero_snr") is True or ZERO_TERMINAL_SNR_MARK in parts.names
    if zero_terminal and prediction == "v_prediction":  # epsilon says nothing of a picture that is all noise
        return NoiseSchedule.from_alphas_cumprod(zero_terminal_snr(scaled_linear_alphas_cumprod()), prediction)
    return NoiseSchedule.scaled_linear(prediction)


def zero_terminal_snr(alphas_cumprod: torch.Tensor) -> torch.Tensor:
    """The schedule [T] shifted and scaled so that the last step holds no signal (Lin et al., arXiv 2305.08891, 3.1)."""
    roots = alphas_cumprod.sqrt()
    rescaled = ((roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))) ** 2
    rescaled[-1] = LAST_SIGNAL
    return rescaled


def _prediction(parts: Parts, family: Family) -> Prediction:
    if parts.scheduler.get("prediction_type") == "v_prediction" or V_PREDICTION_MARK in parts.names:
        return "v_prediction"
    unet = parts.unet
    if family == "sd21" and unet is not None and not parts.scheduler and TELLING_BIAS in unet.shapes:
        bias = unet.tensor(TELLING_BIAS).float()
        if bias.numel() > 1 and bias.std().item() > TELLING_DEVIATION:
            return "v_prediction"
    return "epsilon"
