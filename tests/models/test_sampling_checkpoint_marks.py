"""Checkpoints that say by marks, or by a scheduler's settings, that they know all noise levels."""

import json

import pytest
import torch
from safetensors.torch import save_file

from models.checkpoint import load_unet
from models.memory import DeviceMemory
from models.sampling.continuous_schedule import EdmSchedule
from models.sampling.latent_statistics import PLAYGROUND, LatentStatistics
from tests.models.small_models import make

EMPTY = torch.zeros(0)


@pytest.fixture
def memory():
    return DeviceMemory.choose("cpu")


def test_playground(tmp_path, memory):
    path = make("sdxl").save(
        tmp_path / "p.safetensors", edm_mean=torch.zeros(1, 4, 1, 1), edm_std=torch.ones(1, 4, 1, 1)
    )
    model = load_unet(path, memory)
    assert isinstance(model.schedule, EdmSchedule)
    assert (model.schedule.prediction, model.schedule.sigma_data) == ("edm", 0.5)
    assert (model.schedule.sigma_min, model.schedule.sigma_max) == (pytest.approx(0.002), pytest.approx(80))
    assert (model.latent_scale, model.latent_statistics) == (0.5, PLAYGROUND)
    latent = torch.randn(1, 4, 8, 8)
    torch.testing.assert_close(model.unscaled(model.scaled(latent)), latent, rtol=1e-4, atol=1e-4)


def test_cosxl(tmp_path, memory):
    bounds = {"edm_vpred.sigma_max": torch.tensor(100.0), "edm_vpred.sigma_min": torch.tensor(0.01)}
    model = load_unet(make("sdxl").save(tmp_path / "c.safetensors", **bounds), memory)
    assert isinstance(model.schedule, EdmSchedule)
    assert (model.schedule.prediction, model.schedule.sigma_data) == ("v_prediction", 1.0)
    assert (model.schedule.sigma_min, model.schedule.sigma_max) == (pytest.approx(0.01), pytest.approx(100))
    assert (model.latent_scale, model.latent_statistics) == (0.13025, None)


@pytest.mark.parametrize("odd", [torch.zeros(()), torch.full((), float("nan")), torch.zeros(3)])
def test_bounds_that_are_none_give_way_to_the_usual_ones(tmp_path, memory, odd):
    path = make("sdxl").save(tmp_path / "c.safetensors", **{"edm_vpred.sigma_max": odd})
    schedule = load_unet(path, memory).schedule
    assert (schedule.sigma_min, schedule.sigma_max) == (pytest.approx(0.002), pytest.approx(120))


def test_a_folder_of_diffusers(tmp_path, memory):
    for part in ("unet", "vae", "scheduler"):
        (tmp_path / part).mkdir()
    unet = {name: value.contiguous() for name, value in make("sdxl").unet.state_dict().items()}
    vae = {name: value.contiguous() for name, value in make("sdxl").vae.state_dict().items()}
    save_file(unet, tmp_path / "unet/diffusion_pytorch_model.safetensors")
    save_file(vae, tmp_path / "vae/diffusion_pytorch_model.safetensors")
    statistics = {"latents_mean": [1, 2, 3, 4], "latents_std": [1.5, 2, 2, 2], "scaling_factor": 0.4}
    (tmp_path / "vae/config.json").write_text(json.dumps(statistics))
    settings = {"_class_name": "EDMDPMSolverMultistepScheduler", "sigma_max": 70.0, "prediction_type": "epsilon"}
    (tmp_path / "scheduler/scheduler_config.json").write_text(json.dumps(settings))
    model = load_unet(tmp_path, memory)
    assert isinstance(model.schedule, EdmSchedule)
    assert (model.schedule.prediction, model.schedule.sigma_data) == ("edm", 0.5)
    assert model.schedule.sigma_max == pytest.approx(70)
    assert model.latent_statistics == LatentStatistics((1, 2, 3, 4), (1.5, 2, 2, 2))
    assert model.latent_scale == 0.4
