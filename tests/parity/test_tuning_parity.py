"""What Weft trains, in diffusers; and what training asks of the network, as diffusers' schedulers have it."""

from __future__ import annotations

import pytest
import torch
from safetensors import safe_open
from torch import nn

from models.adapters.lora import with_lora
from models.adapters.lora_file import read_lora
from models.checkpoint import load_checkpoint
from models.checkpoints.origin import origin_of
from models.memory import DeviceMemory
from models.tuning.material import _sizes
from models.tuning.objective import Noise, Objective
from models.tuning.pictures import find_examples
from models.tuning.preparing import prepare
from models.tuning.settings import TrainSettings
from models.tuning.trainer import Trainer
from tests.models.small_models import relative
from tests.models.tuning_jobs import folder_of, job_of, settings_of
from tests.parity.diffusers_sdxl import twins

pytest.importorskip("peft", reason="diffusers loads LoRAs through peft, which is not installed")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return twins(tmp_path_factory.mktemp("pair"))


def source(pair):
    """The folder that the pair's weights lie in."""
    return origin_of(pair.ours.model.network).path.parent.parent


def trained(root, pair, learn="lora", **sections):
    """A result for the pair's weights, of a few hard steps."""
    settings = settings_of(folder_of(root / "pictures"), learn, train={"rate": 0.05}, **sections)
    ready = prepare(job_of(root, settings, source(pair)), "cpu")
    return list(Trainer(ready).run())[-1].result


@pytest.mark.parametrize("convolutions", [False, True])
@pytest.mark.filterwarnings("ignore")  # diffusers and peft warn of each other's changes
def test_a_trained_lora_draws_in_diffusers_what_it_draws_here(pair, tmp_path, convolutions):
    sections = {"lora": {"text_encoders": True, "rank": 4, "alpha": 2, "convolutions": convolutions}}
    file = trained(tmp_path, pair, **sections)
    bare = pair.weft()
    done = with_lora(pair.ours.model, pair.ours.clip, read_lora(file), 1.0, 1.0)
    assert done.misfit == ""
    ours = pair.weft(done.model, done.clip)
    assert relative(ours, bare) > 0.02
    pair.pipe.load_lora_weights(str(file.parent), weight_name=file.name)
    try:
        theirs = pair.theirs()
        adapted = {name for name, module in pair.pipe.unet.named_modules() if hasattr(module, "lora_A")}
    finally:
        pair.pipe.unload_lora_weights()
    with safe_open(file, "pt") as opened:
        stems = {name.partition(".")[0] for name in opened.keys()}  # noqa: SIM118 - it is no mapping
        assert opened.metadata()["ss_network_dim"] == "4"
    assert len(adapted) == sum(stem.startswith("lora_unet") for stem in stems)
    assert relative(theirs, ours) < 1e-3


@pytest.mark.filterwarnings("ignore")
def test_a_trained_embedding_is_found_in_diffusers_by_its_keys(pair, tmp_path):
    file = trained(tmp_path, pair, "embedding")
    with safe_open(file, "pt") as opened:
        assert sorted(opened.keys()) == ["clip_g", "clip_l"]
        widths = [opened.get_tensor(name).shape for name in ("clip_l", "clip_g")]
    encoders = (pair.pipe.text_encoder, pair.pipe.text_encoder_2)
    assert widths == [(2, one.get_input_embeddings().weight.shape[1]) for one in encoders]


@pytest.mark.filterwarnings("ignore")
def test_a_whole_trained_network_answers_in_diffusers_as_here(pair, tmp_path):
    from diffusers import UNet2DConditionModel

    folder = trained(tmp_path, pair, "full", save={"layout": "diffusers", "dtype": "fp32"})
    theirs = UNet2DConditionModel.from_pretrained(folder, subfolder="unet")
    ours = load_checkpoint(folder, DeviceMemory.choose("cpu")).model
    generator = torch.Generator().manual_seed(2)
    noisy, context = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 77, ours.config.context_dim)
    pooled, sizes = torch.randn(1, ours.config.adm_channels - 1536), torch.tensor([[64.0, 64, 0, 0, 64, 64]])
    label = torch.cat([pooled, theirs.add_time_proj(sizes.flatten()).reshape(1, -1)], dim=1)
    with torch.no_grad():
        wanted = theirs(noisy, 500, context, added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes}).sample
        made = ours.network(noisy, torch.tensor([500.0]), context, label)
        untrained = pair.ours.model.network(noisy, torch.tensor([500.0]), context, label)
    assert relative(made, wanted) < 1e-4
    assert relative(untrained, wanted) > 0.02


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_noise_target_and_weights_are_those_of_diffusers(pair, prediction):
    from diffusers import DDPMScheduler
    from diffusers.training_utils import compute_snr

    scheduler = DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=prediction
    )
    settings = TrainSettings(prediction=prediction, min_snr=5)
    objective = Objective.of(pair.ours.model.schedule, settings)
    generator = torch.Generator().manual_seed(0)
    latents, values = torch.randn(2, 8, 4, 4, 4, generator=generator)
    noise = Noise(values, torch.tensor([0, 1, 10, 200, 500, 700, 990, 999]))
    wanted = scheduler.add_noise(latents, values, noise.timesteps)
    assert torch.allclose(objective.noisy(latents, noise), wanted, atol=1e-5)
    target = values if prediction == "epsilon" else scheduler.get_velocity(latents, values, noise.timesteps)
    assert torch.allclose(objective.target(latents, noise), target, atol=1e-5)
    snr = compute_snr(scheduler, noise.timesteps)
    weights = snr.clamp(max=5) / (snr if prediction == "epsilon" else snr + 1)
    assert torch.allclose(objective.weights(noise.timesteps), weights.float(), rtol=1e-3)


def test_sizes_are_embedded_as_diffusers_does(pair, tmp_path):
    folder_of(tmp_path, [(150, 100)])
    settings = settings_of(tmp_path, data={"crop": "random"})
    ready = prepare(job_of(tmp_path, settings, source(pair)), "cpu")
    (example,) = ready.examples
    framing = example.framing
    assert (framing.original.height, framing.original.width) == (100, 150)
    assert (framing.left, framing.top) != (0, 0)
    numbers = torch.tensor([
        100.0, 150.0, framing.top, framing.left, framing.bucket.height, framing.bucket.width
    ])  # fmt: skip
    wanted = pair.pipe.unet.add_time_proj(numbers).reshape(1, -1)
    assert torch.allclose(_sizes(ready.checkpoint.model, example), wanted, atol=1e-4)
    assert isinstance(pair.pipe.unet, nn.Module)
    assert find_examples(tmp_path, ready_buckets(settings), 2.0)[0].framing == framing


def ready_buckets(settings):
    from models.tuning.framing import Buckets

    return Buckets.of(64, 0, settings.data.crop, settings.train.seed)
