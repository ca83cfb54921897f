"""The bundled pair through the real loader, samplers and autoencoder, judged by rule.

50 prompts "a {colour} {shape} on a {colour} background" at one seed, in batches; no prompt was chosen.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.checkpoint import Checkpoint, load_checkpoint
from models.memory import DeviceMemory
from models.sampling.noise import seeded_noise
from models.sampling.sample import final_latent, sample
from models.training.captions import plain_prompt
from models.training.export import BASE_FILE, REFINER_FILE
from models.training.judge import Verdict, flat_grain, look
from models.training.pictures import judged_prompts
from models.vae_codec import decode_latent

FOLDER = Path(__file__).parents[2] / "models" / "bundled"
SEED, GUIDANCE = 7, 4.5
PROMPTS = judged_prompts(50)


@pytest.fixture(scope="module")
def base() -> Checkpoint:
    return load_checkpoint(FOLDER / BASE_FILE, DeviceMemory.choose("cpu"))


@pytest.fixture(scope="module")
def refiner() -> Checkpoint:
    return load_checkpoint(FOLDER / REFINER_FILE, DeviceMemory.choose("cpu"))


def conditioning(checkpoint: Checkpoint, captions: list[str]):
    """One conditioning entry whose batch holds a prompt for each picture."""
    encoded = [checkpoint.clip.encode_text(caption) for caption in captions]
    pooled = torch.cat([each.pooled for each in encoded])
    return [[torch.cat([each.cond for each in encoded]), {"pooled_output": pooled}]]


def run(checkpoint: Checkpoint, captions: list[str], latent: torch.Tensor, noise: torch.Tensor, steps: int, **cut):
    """Latents after some of `steps` Euler steps."""
    running = sample(
        checkpoint.model,
        noise=noise,
        latent=latent,
        positive=conditioning(checkpoint, captions),
        negative=conditioning(checkpoint, [""] * len(captions)),
        cfg=GUIDANCE,
        sampler="euler",
        scheduler="normal",
        steps=steps,
        seed=SEED,
        **cut,
    )
    return final_latent(running, latent)


def start(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Empty latents and the noise that a user gets for this seed, the same for each picture."""
    empty = torch.zeros(count, 4, 16, 16)
    return empty, seeded_noise((1, 4, 16, 16), SEED).repeat(count, 1, 1, 1)


def pictures(checkpoint: Checkpoint, latents: torch.Tensor) -> torch.Tensor:
    """`[B, 3, 128, 128]` in 0..1."""
    return decode_latent(checkpoint.vae, latents).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def verdicts(base) -> list[Verdict]:
    captions = [plain_prompt(*triple) for triple in PROMPTS]
    return [look(picture) for picture in pictures(base, run(base, captions, *start(len(captions)), steps=20))]


def share(passed: list[bool]) -> float:
    return sum(passed) / len(passed)


def test_the_prompts_are_all_different():
    assert len(set(PROMPTS)) == 50


def test_both_colours_are_right(verdicts):
    pairs = zip(PROMPTS, verdicts, strict=True)
    assert share([(v.colour, v.background) == (colour, ground) for (colour, _, ground), v in pairs]) >= 0.95


def test_the_shape_is_right(verdicts):
    assert share([verdict.shape == shape for (_, shape, _), verdict in zip(PROMPTS, verdicts, strict=True)]) >= 0.80


def test_the_refiner_takes_grain_away(base, refiner):
    """20 % hand-over: base to step 20 of 25 with its noise left in, then the refiner to the end."""
    captions = [plain_prompt(*triple) for triple in PROMPTS[:12]]
    empty, noise = start(len(captions))
    alone = run(base, captions, empty, noise, steps=25)
    halfway = run(base, captions, empty, noise, steps=25, end_step=20)
    refined = run(refiner, captions, halfway, torch.zeros_like(noise), steps=25, start_step=20)
    before = [flat_grain(picture) for picture in pictures(base, alone)]
    after = [flat_grain(picture) for picture in pictures(refiner, refined)]
    assert sum(after) < 0.7 * sum(before)
    still_right = [
        look(picture).background == ground
        for (_, _, ground), picture in zip(PROMPTS, pictures(refiner, refined), strict=False)
    ]
    assert share(still_right) >= 0.9


def test_both_files_fit_in_40_megabytes():
    assert sum((FOLDER / name).stat().st_size for name in (BASE_FILE, REFINER_FILE)) <= 40_000_000
