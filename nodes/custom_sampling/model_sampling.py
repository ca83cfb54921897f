"""Saying which noise schedule a model was trained by, where its file does not."""

from dataclasses import replace
from typing import Annotated, Literal

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models import types as handles
from models.sampling.continuous_schedule import EdmSchedule, VSchedule
from models.sampling.distilled_schedule import DistilledSchedule
from models.sampling.latent_statistics import PLAYGROUND, PLAYGROUND_SCALE
from models.sampling.noise_schedule import NoiseSchedule, scaled_linear_alphas_cumprod
from models.sampling.predictions import Prediction
from models.sampling.zero_terminal_snr import zero_terminal_snr
from nodes.types import Model

Scheduled = Annotated[Model, Help("The model to sample otherwise. Its weights stay as they are.")]
Bound = Annotated[float, Range(0, 1000, step=0.001, round=False)]
Highest = Annotated[Bound, Help("The highest noise level that the model knows.")]
Least = Annotated[Bound, Help("Its least noise level.")]

EDM_DATA = 0.5  # deviation of clean latents in EDM's training


@node("ModelSamplingDiscrete", category="advanced/model", display_name="ModelSamplingDiscrete")
def model_sampling_discrete(
    *,
    model: Scheduled,
    sampling: Annotated[
        Literal["eps", "v_prediction", "lcm", "x0", "img_to_img"],
        Help(
            "What the model was trained to answer: the noise (eps), v, the picture (x0; img_to_img if it sees latents "
            "unscaled), or the noise at a consistency model's few levels (lcm)."
        ),
    ],
    zsnr: Annotated[bool, Help("On: the model was trained with zero terminal SNR, from pure noise on.")] = False,
) -> Model:
    """Sample a model by SD's thousand noise levels, answering in a way that its file does not tell."""
    alphas_cumprod = scaled_linear_alphas_cumprod()
    if zsnr:
        alphas_cumprod = zero_terminal_snr(alphas_cumprod)
    prediction: Prediction = "epsilon" if sampling == "eps" else sampling
    schedule = NoiseSchedule.from_alphas_cumprod(alphas_cumprod, prediction)
    return model.with_schedule(DistilledSchedule.thinned(schedule) if sampling == "lcm" else schedule)


@node("ModelSamplingContinuousEDM", category="advanced/model", display_name="ModelSamplingContinuousEDM")
def model_sampling_continuous_edm(
    *,
    model: Scheduled,
    sampling: Annotated[
        Literal["v_prediction", "edm", "edm_playground_v2.5", "eps", "cosmos_rflow"],
        Help("What the model was trained to answer. CosXL: v_prediction; Playground v2.5: edm_playground_v2.5."),
    ],
    sigma_max: Highest = 120.0,
    sigma_min: Least = 0.002,
) -> Model:
    """Sample a model that knows all noise levels between two bounds, as EDM trains them (Karras et al. 2022)."""
    if sampling == "cosmos_rflow":
        raise NodeInputError(
            "sampling", "cosmos_rflow is for Cosmos video models, and no SD or SDXL model is one. Choose another."
        )
    if sampling == "edm_playground_v2.5":
        model = replace(model, latent_scale=PLAYGROUND_SCALE, latent_statistics=PLAYGROUND)
    kinds: dict[str, tuple[Prediction, float]] = {"v_prediction": ("v_prediction", 1.0), "eps": ("epsilon", 1.0)}
    prediction, sigma_data = kinds.get(sampling, ("edm", EDM_DATA))
    return _between(model, EdmSchedule, sigma_min, sigma_max, prediction, sigma_data)


@node("ModelSamplingContinuousV", category="advanced/model", display_name="ModelSamplingContinuousV")
def model_sampling_continuous_v(
    *,
    model: Scheduled,
    sampling: Annotated[Literal["v_prediction"], Help("What the model was trained to answer.")],
    sigma_max: Highest = 500.0,
    sigma_min: Least = 0.03,
) -> Model:
    """Sample a model that was trained on v at any angle between signal and noise (Salimans & Ho 2022)."""
    return _between(model, VSchedule, sigma_min, sigma_max, sampling, 1.0)


def _between(
    model: handles.Model,
    kind: type[EdmSchedule | VSchedule],
    low: float,
    high: float,
    prediction: Prediction,
    sigma_data: float,
) -> handles.Model:
    try:
        return model.with_schedule(kind.between(low, high, prediction, sigma_data))
    except ValueError as error:
        raise NodeInputError("sigma_min", str(error)) from error
