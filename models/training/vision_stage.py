"""Train a small image encoder that says of a picture what the base's second text encoder says of its caption."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from models.checkpoint import Checkpoint
from models.training.captions import plain_prompt
from models.training.drawing import draw
from models.training.loop import Loop, Recipe
from models.training.scenes import COLOURS, Framing, Scene, random_scene
from models.training.shapes import SHAPES
from models.vision.clip_network import VisionConfig, VisionNetwork
from models.vision.pixels import clip_pixels

WIDTH, LAYERS, HEADS = 64, 3, 4
PATCH, SIDE = 8, 64  # pixels
_BATCH = 32


def small_encoder(projection: int) -> VisionNetwork:
    """A Vision Transformer as CLIP has it, for pictures of 64 pixels; its embedding is `projection` values wide."""
    return VisionNetwork(VisionConfig(WIDTH, LAYERS, HEADS, 4 * WIDTH, projection, PATCH, SIDE, "quick_gelu"))


class CaptionTable:
    """The pooled text embedding of every plain caption, [shapes, colours, backgrounds, P]."""

    @torch.no_grad()
    def __init__(self, base: Checkpoint) -> None:
        colours = list(COLOURS)
        rows = [
            torch.cat([base.clip.encode_text(plain_prompt(colour, shape, ground)).pooled for ground in colours])
            for shape in SHAPES
            for colour in colours
        ]
        self.pooled = torch.stack(rows).unflatten(0, (len(SHAPES), len(colours)))
        flat = self.pooled.flatten(0, 2)
        self.deviation = flat.std(dim=0).clamp(min=1e-3)
        self._colours = {name: number for number, name in enumerate(colours)}
        self._shapes = {name: number for number, name in enumerate(SHAPES)}

    def of(self, scenes: list[Scene]) -> Tensor:
        """The embeddings [B, P] of scenes' captions, which say nothing of place and size."""
        places = [(self._shapes[s.shape], self._colours[s.colour], self._colours[s.background]) for s in scenes]
        return torch.stack([self.pooled[place] for place in places])


def example(step: int, table: CaptionTable) -> tuple[Tensor, Tensor]:
    """Pictures [32, 3, 64, 64] as an image encoder sees them, and what it is to say of them [32, P]."""
    rng = random.Random(step)
    scenes = [random_scene(rng) for _ in range(_BATCH)]
    pixels = (draw(scenes, [Framing()] * _BATCH) + 1) / 2
    return clip_pixels(pixels.movedim(1, -1), SIDE, "center"), table.of(scenes)


def train_vision(base: Checkpoint, recipe: Recipe, work: Path) -> tuple[VisionNetwork, str]:
    """The averaged encoder and its figures. Resumes from `work`."""
    torch.manual_seed(6)
    table = CaptionTable(base)
    loop = Loop("vision", small_encoder(table.pooled.shape[-1]), recipe, work)
    for step in loop.steps():
        pixels, wanted = example(step, table)
        with torch.autocast("cpu", torch.bfloat16):
            said = loop.model(pixels).embeds
        loop.update(F.mse_loss(said.float() / table.deviation, wanted / table.deviation))
    return loop.average, judged(loop.average, table)


@torch.no_grad()
def judged(network: VisionNetwork, table: CaptionTable) -> str:
    """How often the nearest caption of all is the right one, for pictures that it has not seen."""
    pixels, wanted = (torch.cat(parts) for parts in zip(*(example(step, table) for step in range(-4, 0)), strict=True))
    every = table.pooled.flatten(0, 2) / table.deviation
    said = network(pixels).embeds / table.deviation
    nearest = torch.cdist(said, every).argmin(dim=1)
    right = (every[nearest] == wanted / table.deviation).all(dim=1)
    return f"nearest caption right for {int(right.sum())} of {len(right)} pictures"
