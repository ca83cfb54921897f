"""Train the base UNet on all noise levels and the refiner's on the last fifth of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from models.sdxl.config import UNetConfig
from models.sdxl.unet import UNet
from models.training import crew
from models.training.captions import describe_nothing
from models.training.conditioning import base_vector, refiner_vector
from models.training.diffusion import STEPS, add_noise, snr_weight
from models.training.latents import Examples
from models.training.loop import Loop, Recipe
from models.training.text_encoders import G_WIDTH, L_WIDTH, TextEncoders

BASE = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2, 4),
    transformer_depth=(0, 1, 1),
    middle_depth=2,
    context_dim=L_WIDTH + G_WIDTH,
    adm_channels=G_WIDTH + 6 * 256,
    head_channels=16,
    norm_groups=4,
)
REFINER = UNetConfig(
    model_channels=24,
    channel_mult=(1, 2, 2, 2),
    transformer_depth=(0, 1, 1, 0),
    middle_depth=1,
    context_dim=G_WIDTH,
    adm_channels=G_WIDTH + 5 * 256,
    head_channels=16,
    norm_groups=4,
)
REFINER_STEPS = 200  # timesteps below this are the refiner's
_BATCH = 32  # over the whole crew
_DROPPED = 0.10  # share of examples without a caption
_ZEROED = 0.3  # of those: zeros instead of the empty caption's encoding
_ENCODED_AT_ONCE = 256
_JUDGE_EVERY = 500  # steps


@dataclass
class Prompts:
    """Encodings of captions, each kept once."""

    context: Tensor  # [M, 77, context_dim] float16
    pooled: Tensor  # [M, 48] float32
    rows: Tensor  # [N] for each example, the row of its caption
    nothing: Tensor  # rows of captions that say nothing

    def batch(self, rows: Tensor, zeroed: Tensor) -> tuple[Tensor, Tensor]:
        """Context and pooled text of `rows` [B], zeros where `zeroed` [B]."""
        keep = (~zeroed).float()
        return self.context[rows].float() * keep[:, None, None], self.pooled[rows] * keep[:, None]


@torch.inference_mode()
def encode_prompts(encoders: TextEncoders, captions: Sequence[str], with_l: bool) -> Prompts:
    """Encode every different caption; the base reads both encoders (`with_l`), the refiner the second alone."""
    rng = random.Random(0)
    nothing = ["", *{describe_nothing(rng).text for _ in range(200)} - {""}]
    row_of = {text: row for row, text in enumerate(dict.fromkeys([*nothing, *captions]))}
    texts, contexts, pooled = list(row_of), [], []
    for start in range(0, len(texts), _ENCODED_AT_ONCE):
        encoded = encoders(texts[start : start + _ENCODED_AT_ONCE])
        parts = [encoded.context_l, encoded.context_g] if with_l else [encoded.context_g]
        contexts.append(torch.cat(parts, dim=-1).half())
        pooled.append(encoded.pooled)
    rows = torch.tensor([row_of[text] for text in captions], dtype=torch.long)
    # half of the captions that say nothing are the empty one
    often_empty = [0] * len(nothing) + [row_of[text] for text in nothing]
    return Prompts(torch.cat(contexts), torch.cat(pooled), rows, torch.tensor(often_empty))


def _base_timesteps(count: int, progress: float, generator: torch.Generator) -> Tensor:
    """More of the high noise, where the prompt decides; late in training a third of the low, where grain goes."""
    timesteps = STEPS * torch.rand(count, generator=generator).pow(0.7)
    low = 0.35 * min(1.0, max(0.0, (progress - 0.5) / 0.3))
    chosen = torch.rand(count, generator=generator) < low
    return torch.where(chosen, 300 * torch.rand(count, generator=generator), timesteps).long().clamp(max=STEPS - 1)


def _base_weights(timesteps: Tensor, progress: float) -> Tensor:
    return snr_weight(timesteps, 0.1 + 0.9 * min(1.0, max(0.0, (progress - 0.4) / 0.4)))


def _start_quiet(network: UNet) -> None:
    """Begin with residual branches and the output at zero, as SDXL's own training did."""
    for name, parameter in network.named_parameters():
        if name.startswith("out.2.") or ".out_layers.3." in name or ".proj_out." in name:
            nn.init.zeros_(parameter)


def _learn(
    refiner: bool,
    examples: Examples,
    prompts: Prompts,
    recipe: Recipe,
    work: Path,
    judge: Callable[[UNet], str] | None,
) -> UNet:
    """Train in this process, alone or as one of a crew."""
    torch.manual_seed(2)
    network = UNet(REFINER if refiner else BASE)
    _start_quiet(network)
    name = "refiner" if refiner else "base"
    loop = Loop(name, network, recipe, work)
    for step in loop.steps():
        loop.update(_loss(network, refiner, examples, prompts, loop.progress, loop.generator))
        if step % _JUDGE_EVERY == _JUDGE_EVERY - 1 and judge is not None:
            print(f"{name}: step {step + 1}, {loop.seconds / 60:.1f} min, {judge(loop.average)}", flush=True)
    return loop.average


def train_unet(
    refiner: bool,
    examples: Examples,
    prompts: Prompts,
    recipe: Recipe,
    work: Path,
    judge: Callable[[UNet], str],
    members: int = 2,
) -> UNet:
    """The trained network (its averaged weights), learned by a crew of `members` processes; resumes from `work`.

    `judge` is asked now and then for a line to print.
    """
    task = (refiner, examples, prompts, recipe, work)
    with crew.crew(members, work, _learn, (*task, None)):
        return _learn(*task, judge)


def _loss(
    network: UNet,
    refiner: bool,
    examples: Examples,
    prompts: Prompts,
    progress: float,
    generator: torch.Generator,
) -> Tensor:
    """Weighted squared error of the predicted noise over a random batch."""
    count = _BATCH // crew.size()
    chosen = torch.randint(len(examples.captions), (count,), generator=generator)
    dropped = torch.rand(count, generator=generator) < _DROPPED
    zeroed = dropped & (torch.rand(count, generator=generator) < _ZEROED)
    nothing = prompts.nothing[torch.randint(len(prompts.nothing), (count,), generator=generator)]
    context, pooled = prompts.batch(torch.where(dropped, nothing, prompts.rows[chosen]), zeroed)
    framings = [examples.framings[index] for index in chosen.tolist()]
    if refiner:
        vector = refiner_vector(pooled, framings, [examples.scores[index] for index in chosen.tolist()])
        timesteps = torch.randint(REFINER_STEPS, (count,), generator=generator)
        weights = torch.ones(count)
    else:
        vector = base_vector(pooled, framings)
        timesteps = _base_timesteps(count, progress, generator)
        weights = _base_weights(timesteps, progress)
    latents = examples.latents[chosen]
    noise = torch.randn(latents.shape, generator=generator)
    predicted = network(add_noise(latents, noise, timesteps), timesteps.float(), context, vector)
    return (weights * (predicted - noise).square().mean((1, 2, 3))).mean()
