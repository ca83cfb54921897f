"""Models of every kind of noise schedule, saved and loaded again: the schedule and the latents' units are the same."""

import json
import warnings
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from execution.events import Warned
from models.checkpoint import load_checkpoint, load_unet
from models.export.convert import to_diffusers, to_single
from models.memory import DeviceMemory
from models.sampling.latent_statistics import LatentStatistics
from nodes.custom_sampling.model_sampling import (
    model_sampling_continuous_edm,
    model_sampling_continuous_v,
    model_sampling_discrete,
)
from nodes.merging.save_folders import diffusers_save
from nodes.merging.save_models import checkpoint_save, model_save
from tests.models.small_models import make

MEMORY = DeviceMemory.choose("cpu")


def discrete(sampling, zsnr=False):
    return lambda model: model_sampling_discrete(model=model, sampling=sampling, zsnr=zsnr)


def edm(sampling, high, low=0.002):
    named = {"sampling": sampling, "sigma_max": high, "sigma_min": low}
    return lambda model: model_sampling_continuous_edm(model=model, **named)


def angles(model):
    return model_sampling_continuous_v(model=model, sampling="v_prediction", sigma_max=300.0)


# what is done to the model; whether any program understands the single file; whether diffusers has a scheduler for it
KINDS = {
    "ordinary": (discrete("eps"), True, True),
    "v": (discrete("v_prediction"), True, True),
    "v, zero terminal SNR": (discrete("v_prediction", zsnr=True), True, True),
    "epsilon, zero terminal SNR": (discrete("eps", zsnr=True), False, False),
    "LCM": (discrete("lcm"), False, True),
    "x0": (discrete("x0"), False, False),
    "CosXL": (edm("v_prediction", 120.0), True, True),
    "CosXL of other bounds": (edm("v_prediction", 90.5, 0.01), True, True),
    "EDM": (edm("edm", 80.0), False, True),
    "Playground": (edm("edm_playground_v2.5", 80.0), True, True),
    "Playground of other bounds": (edm("edm_playground_v2.5", 120.0), False, True),
    "EDM's levels, epsilon": (edm("eps", 120.0), False, False),
    "angles": (angles, False, False),
}


@pytest.fixture
def base(tmp_path):
    return load_checkpoint(make("sdxl").save(tmp_path / "base.safetensors"), MEMORY)


@pytest.fixture(params=KINDS)
def kind(request, base):
    change, everybody, diffusers = KINDS[request.param]
    return change(base.model), everybody, diffusers


def path_of(bench, ui):
    told = ui.data["models"][0]
    return bench.workspace.folder(told["type"]) / told["subfolder"] / told["filename"]


def assert_same(found, wanted):
    one, two = found.schedule, wanted.schedule
    assert type(one) is type(two)
    assert (one.prediction, one.sigma_data, one.last_timestep) == (
        two.prediction,
        two.sigma_data,
        pytest.approx(two.last_timestep),
    )
    assert_close(one.sigmas, two.sigmas, rtol=1e-5, atol=0)
    assert (found.latent_scale, found.latent_statistics) == (wanted.latent_scale, wanted.latent_statistics)


def warnings_of(bench):
    return [event.sentence for event in bench.told(Warned)]


def test_single_files_keep_it(bench, base, kind):
    model, everybody, _ = kind
    whole = path_of(bench, bench.call(checkpoint_save, model=model, clip=base.clip, vae=base.vae))
    assert_same(load_checkpoint(whole, MEMORY).model, model)
    assert_same(load_unet(path_of(bench, bench.call(model_save, model=model)), MEMORY), model)
    assert ["In other programs" in one for one in warnings_of(bench)] == ([] if everybody else [True, True])
    with safe_open(whole, "pt") as file:
        assert ("weft.schedule" in (file.metadata() or {})) is not everybody


def test_folders_of_diffusers_keep_it_where_diffusers_knows_it(bench, base, kind):
    model, _, diffusers = kind
    folder = path_of(bench, bench.call(diffusers_save, model=model, clip=base.clip, vae=base.vae)).parent
    found = load_checkpoint(folder, MEMORY).model
    if diffusers:
        assert_same(found, model)
        assert warnings_of(bench) == []
    else:
        assert ["no scheduler" in one for one in warnings_of(bench)] == [True]
        assert found.schedule.prediction == (
            "v_prediction" if model.schedule.prediction == "v_prediction" else "epsilon"
        )


@pytest.mark.parametrize("name", ["CosXL", "Playground", "LCM", "v, zero terminal SNR", "angles"])
def test_converting_there_and_back_keeps_it(bench, base, name, tmp_path):
    change, _, diffusers = KINDS[name]
    model = change(base.model)
    whole = path_of(bench, bench.call(checkpoint_save, model=model, clip=base.clip, vae=base.vae))
    to_diffusers(whole, tmp_path / "folder")
    to_single(tmp_path / "folder", tmp_path / "back.safetensors")
    assert_same(load_checkpoint(tmp_path / "back.safetensors", MEMORY).model, model)
    if diffusers:
        assert_same(load_checkpoint(tmp_path / "folder", MEMORY).model, model)
        (tmp_path / "folder/weft_rest.safetensors").unlink()  # as a folder that diffusers itself has written
        to_single(tmp_path / "folder", tmp_path / "again.safetensors")
        assert_same(load_checkpoint(tmp_path / "again.safetensors", MEMORY).model, model)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy's, of diffusers with torch
@pytest.mark.parametrize("name", ["CosXL", "EDM", "LCM", "v, zero terminal SNR"])
def test_diffusers_makes_the_scheduler(bench, base, name):
    from diffusers import EDMEulerScheduler, EulerDiscreteScheduler, LCMScheduler

    model = KINDS[name][0](base.model)
    folder = path_of(bench, bench.call(diffusers_save, model=model, clip=base.clip, vae=base.vae)).parent / "scheduler"
    settings = json.loads((folder / "scheduler_config.json").read_text())
    known = {kind.__name__: kind for kind in (EDMEulerScheduler, EulerDiscreteScheduler, LCMScheduler)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = known[settings["_class_name"]].from_pretrained(folder)
    assert settings.keys() - {"_class_name", "_diffusers_version"} <= scheduler.config.keys()
    scheduler.set_timesteps(4)
    if name in ("CosXL", "EDM"):
        x, output = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
        sigma = scheduler.sigmas[1].item()
        assert_close(model.schedule.denoised(output, x, sigma), scheduler.precondition_outputs(x, output, sigma))
    else:
        first = scheduler.timesteps[0].item()
        assert model.schedule.timestep(model.schedule.sigma_max) == first


def test_other_statistics_of_latents_are_kept(bench, base):
    odd = LatentStatistics((1.0, 2.0, 3.0, 4.0), (2.0, 2.0, 2.0, 1.5))
    model = replace(base.model, latent_statistics=odd, latent_scale=0.4)
    whole = path_of(bench, bench.call(checkpoint_save, model=model, clip=base.clip, vae=base.vae))
    assert_same(load_checkpoint(whole, MEMORY).model, model)
    folder = path_of(bench, bench.call(diffusers_save, model=model, clip=base.clip, vae=base.vae)).parent
    assert_same(load_checkpoint(folder, MEMORY).model, model)


def test_the_marks_are_those_of_the_published_files(bench, base):
    cosxl, playground = (KINDS[name][0](base.model) for name in ("CosXL", "Playground"))
    one, two = (load_file(path_of(bench, bench.call(model_save, model=model))) for model in (cosxl, playground))
    assert one["edm_vpred.sigma_max"].shape == () and one["edm_vpred.sigma_max"].item() == 120
    assert one["edm_vpred.sigma_min"].item() == pytest.approx(0.002)
    assert two["edm_mean"].flatten().tolist() == pytest.approx(list(playground.latent_statistics.mean))
    assert two["edm_std"].flatten().tolist() == pytest.approx(list(playground.latent_statistics.std))


def test_sd2_that_answers_the_noise_is_not_taken_for_one_that_answers_v(bench, tmp_path):
    """Its weights may look like the other's, which programs go by where a file says nothing."""
    source = load_checkpoint(make("sd21").save(tmp_path / "a.safetensors", v_pred=torch.zeros(0)), MEMORY)
    model = model_sampling_discrete(model=source.model, sampling="eps")
    whole = path_of(bench, bench.call(checkpoint_save, model=model, clip=source.clip, vae=source.vae))
    assert_same(load_checkpoint(whole, MEMORY).model, model)
    with safe_open(whole, "pt") as file:
        assert json.loads(file.metadata()["weft.schedule"])["prediction"] == "epsilon"


@pytest.mark.parametrize(
    "note",
    ["", "{", "[]", "null", '{"kind": "edm"}', "[" * 100_000]
    + [
        json.dumps(
            {"kind": "edm", "prediction": "edm", "steps": 0, "sigma_min": 0.1, "sigma_max": 9.0, "sigma_data": 0.5}
            | change
        )
        for change in (
            {"sigma_min": float("nan")},
            {"sigma_min": 10.0},
            {"kind": "odd"},
            {"kind": ["edm"]},
            {"prediction": {}},
            {"kind": "distilled", "steps": 10**9},
            {"steps": "1"},
            {"sigma_data": True},
        )
    ],
)
def test_a_note_without_sense_is_passed_over(tmp_path, note):
    tensors = {name: value.contiguous() for name, value in make("sdxl").state.items()}
    save_file(tensors, tmp_path / "a.safetensors", {"weft.schedule": note, "weft.latents": note})
    model = load_unet(tmp_path / "a.safetensors", MEMORY)
    assert model.schedule.prediction == "epsilon" and len(model.schedule.sigmas) == 1000
    assert model.latent_statistics is None
