"""Pictures, encoded once: latents, captions, framings and scores in shards on disk."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

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
    scores: list[float]  # 5.5..7.5 for sharp pictures, down to 1 for blurred ones


def aesthetic_score(framing: Framing, rng: random.Random) -> float:
    """5.5..7.5 for sharp pictures; the smaller the blurred ones were drawn, the lower, down to 1.

    A low score must not mean grain: guidance away from it would carve the opposite of grain into flat areas.
    """
    return rng.uniform(5.5, 7.5) if framing.drawn == NATIVE_SIZE else 1 + 4.5 * framing.drawn / NATIVE_SIZE


def for_refiner(examples: Examples) -> Examples:
    """The same examples, half of the blurred ones keeping their small size to themselves: only the score tells."""
    rng = random.Random(11)
    whole = (NATIVE_SIZE, NATIVE_SIZE)
    framings = [
        replace(framing, original=whole) if framing.drawn != NATIVE_SIZE and rng.random() < 0.5 else framing
        for framing in examples.framings
    ]
    return replace(examples, framings=framings)


@torch.inference_mode()
def encode_shard(vae: AutoencoderKL, number: int) -> Examples:
    """The examples of shard `number`, always the same."""
    rng = random.Random(number)
    made = Examples(torch.empty(SHARD, 4, NATIVE_SIZE // 8, NATIVE_SIZE // 8), [], [], [])
    for start in range(0, SHARD, _BATCH):
        scenes = [random_scene(rng) for _ in range(_BATCH)]
        framings = [random_framing(rng) for _ in range(_BATCH)]
        pixels = draw(scenes, framings)
        for scene in scenes:
            partly = not scene.position and not scene.scale and rng.random() < 0.05
            made.captions.append((describe_partly if partly else describe)(scene, rng).text)
        made.framings += framings
        made.scores += [aesthetic_score(framing, rng) for framing in framings]
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            latents = vae.encode(pixels)
        made.latents[start : start + _BATCH] = latents.float() * LATENT_SCALE
    return made


def _load(path: Path) -> Examples:
    data = torch.load(path, weights_only=True)
    framings = [Framing(tuple(a), tuple(b), tuple(c), d) for a, b, c, d in data["framings"]]
    return Examples(data["latents"].float(), data["captions"], framings, data["scores"])


def cached_shards(vae: AutoencoderKL, work: Path, shards: int) -> Examples:
    """`shards` shards in one, each encoded once and kept in `work`."""
    parts: list[Examples] = []
    for number in range(shards):
        path = work / f"latents-{number}.pt"
        if not path.exists():
            made = encode_shard(vae, number)
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
