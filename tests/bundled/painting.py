"""Pictures from the bundled pair through the real loader, samplers and autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from models.checkpoint import Checkpoint, load_checkpoint
from models.memory import DeviceMemory
from models.sampling.noise import seeded_noise
from models.sampling.sample import final_latent, sample
from models.training.captions import plain_prompt
from models.training.export import BASE_FILE, REFINER_FILE
from models.training.pictures import judged_prompts
from models.vae_codec import decode_latent

FOLDER = Path(__file__).parents[2] / "models" / "bundled"
SEED, GUIDANCE = 7, 4.5
STEPS, HANDOVER = 25, 20  # of the ensemble of base and refiner
PROMPTS = judged_prompts(50)  # (colour, shape, background); none was chosen by hand
CAPTIONS = [plain_prompt(*triple) for triple in PROMPTS]


def load_pair() -> tuple[Checkpoint, Checkpoint]:
    """Base and refiner, on the CPU."""
    memory = DeviceMemory.choose("cpu")
    return load_checkpoint(FOLDER / BASE_FILE, memory), load_checkpoint(FOLDER / REFINER_FILE, memory)


def conditioning(checkpoint: Checkpoint, captions: Sequence[str], **options: object) -> list[list[object]]:
    """One conditioning entry whose batch holds a prompt for each picture."""
    encoded = {caption: checkpoint.clip.encode_text(caption) for caption in set(captions)}
    pooled = torch.cat([encoded[caption].pooled for caption in captions])
    return [[torch.cat([encoded[caption].cond for caption in captions]), {"pooled_output": pooled, **options}]]


def run(
    checkpoint: Checkpoint,
    captions: Sequence[str],
    latent: Tensor,
    noise: Tensor,
    steps: int,
    *,
    guidance: float = GUIDANCE,
    start_step: int | None = None,
    end_step: int | None = None,
    **options: object,
) -> Tensor:
    """Latents after some of `steps` Euler steps; `options` go with the prompts (sizes, crops, score)."""
    running = sample(
        checkpoint.model,
        noise=noise,
        latent=latent,
        positive=conditioning(checkpoint, captions, **options),
        negative=conditioning(checkpoint, [""] * len(captions), **options),
        cfg=guidance,
        sampler="euler",
        scheduler="normal",
        steps=steps,
        seed=SEED,
        start_step=start_step,
        end_step=end_step,
    )
    return final_latent(running, latent)


def start(count: int, seed: int = SEED) -> tuple[Tensor, Tensor]:
    """Empty latents, and the noise that a user gets for this seed, the same for each picture."""
    return torch.zeros(count, 4, 16, 16), seeded_noise((1, 4, 16, 16), seed).repeat(count, 1, 1, 1)


def pictures(checkpoint: Checkpoint, latents: Tensor) -> Tensor:
    """`[B, 3, 128, 128]` in 0..1."""
    return decode_latent(checkpoint.vae, latents).permute(0, 3, 1, 2)


def ensemble(base: Checkpoint, refiner: Checkpoint, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Pictures by the base alone and with the refiner from step 20 of 25, as KSamplerAdvanced hands over."""
    empty, noise = start(len(captions))
    alone = run(base, captions, empty, noise, STEPS)
    noisy = run(base, captions, empty, noise, STEPS, end_step=HANDOVER)
    refined = run(refiner, captions, noisy, torch.zeros_like(noise), STEPS, start_step=HANDOVER)
    return pictures(base, alone), pictures(refiner, refined)
