"""Each stage learns, resumes and keeps its promises, in a few small steps."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from models.sdxl.unet import UNet
from models.sdxl.vae import AutoencoderKL
from models.training import crew, unet_stage
from models.training.conditioning import base_vector, refiner_vector
from models.training.diffusion import ALPHAS, add_noise, euler, euler_sigmas, snr_weight
from models.training.drawing import draw_mixture
from models.training.identity_start import start_as_identity
from models.training.latents import Examples
from models.training.loop import Loop, Recipe, learning_rate
from models.training.scenes import Framing
from models.training.text_encoders import TextEncoders
from models.training.text_stage import grammar_tokens
from models.training.vae_stage import LATENT_SCALE, VAE, normalise_latents, psnr


@pytest.fixture(scope="module")
def fresh_vae() -> AutoencoderKL:
    torch.manual_seed(0)
    vae = AutoencoderKL(VAE).requires_grad_(False)
    start_as_identity(vae)
    return vae


def test_the_autoencoder_begins_as_averaging(fresh_vae):
    pixels = draw_mixture(6, random.Random(1))
    blocky = nn.functional.interpolate(nn.functional.avg_pool2d(pixels, 8), scale_factor=8)
    of_averaging = 10 * torch.log10(4 / (blocky - pixels).square().mean()).item()
    assert psnr(fresh_vae, pixels) == pytest.approx(of_averaging, abs=1.5)


def test_latents_get_the_variance_that_the_scale_expects(fresh_vae):
    pixels = draw_mixture(12, random.Random(2))
    before = fresh_vae.decode(fresh_vae.encode(pixels))
    deviations = normalise_latents(fresh_vae, pixels)
    latents = fresh_vae.encode(pixels) * LATENT_SCALE
    assert deviations.shape == (4,)
    assert torch.allclose(latents.std((0, 2, 3)), torch.ones(4), atol=1e-3)
    assert torch.allclose(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(fresh_vae.decode(latents / LATENT_SCALE), before, atol=1e-3)


def test_encoders_ignore_what_follows_the_end_and_see_word_order():
    torch.manual_seed(0)
    encoders = TextEncoders(grammar_tokens()).eval()
    with torch.inference_mode():
        both = encoders(["a red circle on a blue background", "a blue circle on a red background"])
    assert both.context_l.shape == (2, 77, 32)
    assert both.context_g.shape == (2, 77, 48)
    assert not torch.allclose(both.pooled[0], both.pooled[1], atol=1e-3)
    assert encoders.rows[0] == 0  # the second encoder's padding has an empty row


def test_noise_follows_the_published_schedule():
    assert ALPHAS[0].item() == pytest.approx(1 - 0.00085, rel=1e-5)
    assert ALPHAS[-1].item() == pytest.approx(0.0046599, rel=1e-3)
    timesteps = torch.tensor([0, 999])
    assert snr_weight(timesteps, 0.1)[0].item() == pytest.approx(0.1)
    assert snr_weight(timesteps, 0.1)[1].item() == 60.0
    noisy = add_noise(torch.ones(2, 4, 2, 2), torch.zeros(2, 4, 2, 2), timesteps)
    assert torch.allclose(noisy[:, 0, 0, 0], ALPHAS[timesteps].sqrt())


def test_euler_finds_the_only_picture_there_is():
    target = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0))

    def predict(x: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        alpha = ALPHAS[timesteps][:, None, None, None]
        return (x - alpha.sqrt() * target) / (1 - alpha).sqrt()

    sigmas = euler_sigmas(20)
    start = torch.randn(1, 4, 4, 4) * (sigmas[0].square() + 1).sqrt()
    assert torch.allclose(euler(predict, start, sigmas), target, atol=1e-3)


def test_label_vectors_have_sdxls_order():
    framing = Framing((1, 2), (3, 4), (5, 6))
    base = base_vector(torch.zeros(1, 7), [framing])
    refiner = refiner_vector(torch.zeros(1, 7), [framing], [6.0])
    assert base.shape == (1, 7 + 6 * 256)
    assert refiner.shape == (1, 7 + 5 * 256)
    # the first cosine of each number has frequency 1
    assert torch.allclose(base[0, 7::256], torch.tensor([1.0, 2, 3, 4, 5, 6]).cos())
    assert torch.allclose(refiner[0, 7::256], torch.tensor([1.0, 2, 3, 4, 6]).cos())


def test_the_learning_rate_warms_up_holds_and_falls():
    recipe = Recipe(1, 1e-3, hold=0.4, warmup=10)
    assert learning_rate(recipe, 0, 0.0) == pytest.approx(1e-4)
    assert learning_rate(recipe, 100, 0.4) == pytest.approx(1e-3)
    assert learning_rate(recipe, 100, 0.7) == pytest.approx(1e-3 * 0.505)
    assert learning_rate(recipe, 100, 1.0) == pytest.approx(1e-5)


class Clock:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def run_loop(folder: Path, stop_after: int | None = None) -> tuple[int, torch.Tensor]:
    """Steps done and final weights of a small regression; stops as a killed process would, after a save."""
    torch.manual_seed(5)
    model = nn.Linear(3, 1)
    loop = Loop("small", model, Recipe(minutes=2, peak_rate=1e-2, hold=1 - 1e-9, warmup=1), folder)
    for step in loop.steps():
        inputs = torch.randn(4, 3, generator=loop.generator)
        loop.update((model(inputs) - inputs.sum(1, keepdim=True)).square().mean())
        if stop_after is not None and step == stop_after:
            loop.step += 1
            loop.save()
            break
    return loop.step, model.weight.detach().clone()


def test_a_resumed_run_learns_what_an_unbroken_one_does(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "monotonic", Clock())
    _, early = run_loop(tmp_path / "broken", stop_after=6)
    steps, resumed = run_loop(tmp_path / "broken", stop_after=12)
    _, whole = run_loop(tmp_path / "whole", stop_after=12)
    assert steps == 13
    assert torch.allclose(resumed, whole)
    assert not torch.allclose(early, whole)


def test_a_finished_run_does_not_train_again(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "monotonic", Clock())
    steps, weights = run_loop(tmp_path)
    again, same = run_loop(tmp_path)
    assert steps == again > 5
    assert torch.equal(weights, same)


def few_examples() -> tuple[Examples, unet_stage.Prompts]:
    captions = ["a red circle on a blue background", "a green star on a black background"] * 8
    latents = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0)).repeat(8, 1, 1, 1)
    torch.manual_seed(0)
    encoders = TextEncoders(grammar_tokens()).eval()
    prompts = unet_stage.encode_prompts(encoders, captions, with_l=False)
    return Examples(latents, captions, [Framing()] * 16, [6.0] * 16), prompts


def test_each_caption_is_encoded_once_and_the_empty_one_is_there():
    _, prompts = few_examples()
    assert len(set(prompts.rows.tolist())) == 2
    context, pooled = prompts.batch(prompts.rows[:2], torch.tensor([False, True]))
    assert context.shape == (2, 77, 48)
    assert context[0].abs().sum() > 0
    assert context[1].abs().sum() == pooled[1].abs().sum() == 0


def test_a_crew_of_two_trains_the_refiner_and_agrees(tmp_path):
    examples, prompts = few_examples()
    lines: list[str] = []
    torch.manual_seed(0)
    recipe = Recipe(minutes=0.05, peak_rate=1e-3, warmup=2)
    network = unet_stage.train_unet(
        True, examples, prompts, recipe, tmp_path, lambda made: lines.append("judged") or "fine", members=2
    )
    assert isinstance(network, UNet)
    assert crew.size() == 1
    moved = network.out[2].weight  # began at zero
    assert moved.abs().max() > 0
    assert (tmp_path / "refiner.pt").exists()
    assert not (tmp_path / "refiner.pt.tmp").exists()
