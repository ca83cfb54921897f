"""Pictures, encoded once: latents, captions, framings and scores in shards on disk."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from models.sdxl.vae import AutoencoderKL
from models.training.captions import describe, describe_partly
from models.training.drawing import draw
from models.training.files import replacing
from models.training.scenes import NATIVE_SIZE, Framing, random_framing, random_scene
from models.training.vae_stage import LATENT_SCALE

SHARD = 2048
_BATCH = 8  # small enough for the processor's cache: twice as fast as 64


@dataclass
class Examples:
    """What a UNet learns from; all of one length."""

    latents: Tensor  # [N, 4, 16, 16] float32, of unit variance
    captions: list[str]
    framings: list[Framing]
    scores: list[float]  # 5.5..7.5 for clean pictures, down to 1 for degraded ones


def _degrade(pixels: Tensor, amount: float, noise: torch.Generator) -> Tensor:
    """Grain and blur in proportion to `amount` (0..1); pixels `[3, H, W]`."""
    reach = 1 + 2 * int(amount * 3)
    blurred = nn.functional.avg_pool2d(pixels[None], reach, stride=1, padding=reach // 2, count_include_pad=False)[0]
    # coarse grain too: fine grain alone hardly reaches the latents
    size = NATIVE_SIZE // 4
    coarse = nn.functional.interpolate(torch.randn(1, 3, size, size, generator=noise), scale_factor=4.0)[0]
    grain = 0.6 * coarse + 0.8 * torch.randn(pixels.shape, generator=noise)
    return (blurred + 0.25 * amount * grain).clamp(-1, 1)


@torch.inference_mode()
def encode_shard(vae: AutoencoderKL, number: int, degraded: float) -> Examples:
    """The examples of shard `number`; the share `degraded` of them carries grain and blur and a low score."""
    rng = random.Random(f"{number} {degraded}")
    noise = torch.Generator().manual_seed(rng.getrandbits(32))
    made = Examples(torch.empty(SHARD, 4, NATIVE_SIZE // 8, NATIVE_SIZE // 8), [], [], [])
    for start in range(0, SHARD, _BATCH):
        scenes = [random_scene(rng) for _ in range(_BATCH)]
        framings = [random_framing(rng) for _ in range(_BATCH)]
        pixels = draw(scenes, framings)
        for row, scene in enumerate(scenes):
            amount = rng.random() if rng.random() < degraded else 0.0
            if amount:
                pixels[row] = _degrade(pixels[row], amount, noise)
            made.scores.append(5.5 - 4.5 * amount if amount else rng.uniform(5.5, 7.5))
            partly = not scene.position and not scene.scale and rng.random() < 0.05
            made.captions.append((describe_partly if partly else describe)(scene, rng).text)
        made.framings += framings
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            latents = vae.encode(pixels)
        made.latents[start : start + _BATCH] = latents.float() * LATENT_SCALE
    return made


def _load(path: Path) -> Examples:
    data = torch.load(path, weights_only=True)
    framings = [Framing(tuple(a), tuple(b), tuple(c), d) for a, b, c, d in data["framings"]]
    return Examples(data["latents"].float(), data["captions"], framings, data["scores"])


def cached_shards(vae: AutoencoderKL, work: Path, shards: int, degraded: float) -> Examples:
    """`shards` shards in one, each encoded once and kept in `work`."""
    parts: list[Examples] = []
    for number in range(shards):
        path = work / f"latents-{degraded}-{number}.pt"
        if not path.exists():
            made = encode_shard(vae, number, degraded)
            framings = [(item.original, item.crop, item.target, item.drawn) for item in made.framings]
            with replacing(path) as temporary:
                torch.save(
                    {
                        "latents": made.latents.half(),
                        "captions": made.captions,
                        "framings": framings,
                        "scores": made.scores,
                    },
                    temporary,
                )
            print(f"latents: shard {number + 1} of {shards}", flush=True)
        parts.append(_load(path))
    return _joined(parts)


def _joined(parts: Sequence[Examples]) -> Examples:
    return Examples(
        torch.cat([part.latents for part in parts]),
        [caption for part in parts for caption in part.captions],
        [framing for part in parts for framing in part.framings],
        [score for part in parts for score in part.scores],
    )
