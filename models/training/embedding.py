"""Learn the bundled embedding: `python -m models.training.embedding --out models/bundled`.

Textual inversion (Gal et al., arXiv 2208.01618): two new word vectors for each text encoder of the bundled base learn
from pictures what they stand for, a purple ring; everything else stays as it is. A few minutes on one thread.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.checkpoint import Checkpoint, load_checkpoint
from models.memory import DeviceMemory
from models.sdxl.text import Clip
from models.sdxl.text_encoder import TextEncoder
from models.sdxl.unet import UNet
from models.sdxl.vae import AutoencoderKL
from models.training.conditioning import base_vector
from models.training.diffusion import STEPS, add_noise, snr_weight
from models.training.drawing import draw
from models.training.export import BASE_FILE, LICENCE, write_file
from models.training.scenes import COLOURS, Framing, Scene

FILE = "embeddings/weft_embedding.safetensors"
NAME = "weft_embedding"
COMMAND = "python -m models.training.embedding --out models/bundled"
COLOUR, SHAPE = "purple", "ring"
GROUNDS = tuple(name for name in COLOURS if name != COLOUR)
WORDS = 2  # vectors that the name stands for
BEGIN_AS = "blue circle"  # the vectors begin as those of these words
PICTURES = 112
RATE = 2e-3
BATCH = 7
SEED = 31


class Words(nn.Module):
    """The vectors by encoder. Also where a prompt finds them (`models.sdxl.text.Embeddings`)."""

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        table = {encoder.role.name: _rows(clip, encoder, BEGIN_AS) for encoder in clip.encoders}
        self.by_encoder = nn.ParameterDict(table)

    def vectors(self, name: str, encoder: str, width: int) -> Tensor | None:
        """The vectors [2, width] for an encoder."""
        del width
        return self.by_encoder[encoder] if name == NAME else None


def _rows(clip: Clip, encoder: TextEncoder, words: str) -> nn.Parameter:
    core: Any = encoder.core
    return nn.Parameter(core.embeddings.token_embedding.weight[clip.tokenizer.ids(words)].detach().float().clone())


@dataclass(frozen=True)
class Lessons:
    """Pictures of the thing before every ground, encoded."""

    latents: Tensor  # [N, 4, 16, 16], of unit variance
    grounds: Tensor  # [N], which of `GROUNDS`


@torch.no_grad()
def lessons(base: Checkpoint, count: int) -> Lessons:
    """Draw and encode the pictures; the shape moves and grows a little, so that its place is not learnt."""
    rng = random.Random(SEED)
    network = base.vae.network
    assert isinstance(network, AutoencoderKL)
    scenes: list[Scene] = []
    for number in range(count):
        jitter = (rng.uniform(-0.03, 0.03), rng.uniform(-0.03, 0.03), rng.uniform(-0.02, 0.02))
        scenes.append(Scene(SHAPE, COLOUR, GROUNDS[number % len(GROUNDS)], jitter=jitter))
    latents = network.encode(draw(scenes, [Framing()] * count)).float() * base.model.latent_scale
    return Lessons(latents, torch.arange(count) % len(GROUNDS))


def prompt(ground: str) -> str:
    """What a picture of the thing is asked for by."""
    return f"embedding:{NAME} on a {ground} background"


def encode(clip: Clip, words: Words) -> tuple[Tensor, Tensor]:
    """Conditioning of the prompt for every ground, through which the words get their gradients."""
    tokens = [clip.with_embeddings(words).tokenize(prompt(ground)) for ground in GROUNDS]
    states: list[Tensor] = []
    pooled = torch.empty(0)
    for encoder in clip.encoders:
        chunks = [one[encoder.role.name][0] for one in tokens]
        ids = torch.tensor([[0 if isinstance(token, Tensor) else token for token, _ in chunk] for chunk in chunks])
        learned = {
            (row, column): token
            for row, chunk in enumerate(chunks)
            for column, (token, _) in enumerate(chunk)
            if isinstance(token, Tensor)
        }
        encoded = encoder(ids, encoder.role.layer, learned)
        states.append(encoded.hidden.float())
        pooled = encoded.pooled.float()
    return torch.cat(states, dim=-1), base_vector(pooled, [Framing()] * len(GROUNDS))


def learn(base: Checkpoint, minutes: float) -> tuple[Words, int]:
    """The words after so many minutes, and the steps that these were."""
    network = base.model.network
    assert isinstance(network, UNet)
    for module in (network, *base.clip.encoders):
        module.requires_grad_(False)
    words = Words(base.clip)
    seen = lessons(base, PICTURES)
    optimizer = torch.optim.AdamW(words.parameters(), RATE, weight_decay=0.0)
    chance = torch.Generator().manual_seed(SEED)
    begun, step = time.monotonic(), 0
    while (gone := (time.monotonic() - begun) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, 2 * (1 - gone))
        chosen = torch.randint(len(seen.latents), (BATCH,), generator=chance)
        latents = seen.latents[chosen]
        noise = torch.randn(latents.shape, generator=chance)
        timesteps = (STEPS * torch.rand(BATCH, generator=chance).pow(0.7)).long().clamp(max=STEPS - 1)
        context, label = encode(base.clip, words)
        rows = seen.grounds[chosen]
        noisy = add_noise(latents, noise, timesteps)
        predicted = network(noisy, timesteps.float(), context[rows], label[rows])
        weights = snr_weight(timesteps, 0.3).clamp(max=8)
        loss = (weights * (predicted - noise).square().mean((1, 2, 3))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 50 == 0:
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
    return words, step


def write(folder: Path, words: Words, steps: int) -> Path:
    """The vectors as SDXL's embeddings are kept (`clip_l`, `clip_g`); gives the file's path."""
    facts = {
        "weft.bundled": "embedding",
        "weft.training.command": COMMAND,
        "weft.training.steps": str(steps),
        "weft.licence": LICENCE,
    }
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, {f"clip_{name}": value for name, value in words.by_encoder.items()}, facts)
    return path


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundled base, and for the file")
    parser.add_argument("--minutes", type=float, default=3.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    base = load_checkpoint(arguments.out / BASE_FILE, DeviceMemory.choose("cpu"))
    print(write(arguments.out, *learn(base, arguments.minutes)), flush=True)


if __name__ == "__main__":
    main()
