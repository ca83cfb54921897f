"""What the bundled LoRA and ControlNet learn from: a style, and shapes where no caption says that they are."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from models.checkpoint import Checkpoint
from models.edges import canny
from models.sdxl.vae import AutoencoderKL
from models.training.captions import describe, plain_prompt
from models.training.conditioning import base_vector
from models.training.drawing import draw
from models.training.scenes import COLOURS, NATIVE_SIZE, Framing, Scene, random_scene
from models.training.shapes import SHAPES, signed_distance

OUTLINE = 0.05  # width of the style's outlines in units of the side
LINES = ("black", "white", "red")  # an outline has the first of these that neither shape nor ground has
LOW, HIGH = 0.03, 0.08  # thresholds at which every outline of a picture is found, green on purple as well
_AT_ONCE = 16


@dataclass(frozen=True)
class AdapterExamples:
    """Pictures, encoded once, with their prompts encoded and, for a ControlNet, their edges."""

    latents: Tensor  # [N, 4, 16, 16], of unit variance
    context: Tensor  # [M, 77, C], of the different captions
    label: Tensor  # [M, adm_channels]
    rows: Tensor  # [N], the caption of each picture among the M
    hints: Tensor | None = None  # [N, 1, 128, 128] uint8, 0 or 1


def line_colour(scene: Scene) -> str:
    """The colour of a scene's outline."""
    return next(name for name in LINES if name not in (scene.colour, scene.background))


def draw_outlined(scenes: Sequence[Scene]) -> Tensor:
    """Pictures of `scenes` in the style that the LoRA teaches, `[B, 3, 128, 128]` in -1..1."""
    pixels = draw(scenes, [Framing()] * len(scenes))
    at = (torch.arange(NATIVE_SIZE) + 0.5) / NATIVE_SIZE
    for row, scene in enumerate(scenes):
        x, y = ((at - middle) / scene.radius for middle in scene.centre)
        distance = signed_distance(scene.shape, *torch.broadcast_tensors(x[None, :], y[:, None])).abs()
        line = ((OUTLINE / 2 - distance * scene.radius) * NATIVE_SIZE + 0.5).clamp(0, 1)
        colour = torch.tensor(COLOURS[line_colour(scene)])[:, None, None] / 127.5 - 1
        pixels[row] = torch.lerp(pixels[row], colour.expand_as(pixels[row]), line.expand_as(pixels[row]))
    return pixels


def anywhere(rng: random.Random) -> Scene:
    """A scene whose shape has any place and size."""
    colour, background = rng.sample(list(COLOURS), 2)
    radius = rng.uniform(0.14, 0.40)
    free = max(0.0, 0.47 - radius)
    jitter = (rng.uniform(-free, free), rng.uniform(-free, free), radius - Scene("circle", "", "").radius)
    return Scene(rng.choice(SHAPES), colour, background, jitter=jitter)


def caption_anywhere(scene: Scene, rng: random.Random) -> str:
    """A caption that leaves the place and the size open, at times the shape or everything as well."""
    kind = rng.random()
    if kind < 0.15:
        return ""
    if kind < 0.45:
        return f"{scene.colour} on a {scene.background} background"
    return plain_prompt(scene.colour, scene.shape, scene.background)


def edges(pixels: Tensor) -> Tensor:
    """The edges of pictures in -1..1, as the node Canny finds them, `[B, 1, 128, 128]` uint8."""
    return canny((pixels + 1) / 2, LOW, HIGH).to(torch.uint8)


def style_examples(base: Checkpoint, count: int) -> AdapterExamples:
    """Outlined pictures with the captions that plain ones have."""
    rng = random.Random(21)
    scenes = [random_scene(rng) for _ in range(count)]
    captions = [plain_prompt(s.colour, s.shape, s.background) if _plain(s) else describe(s, rng).text for s in scenes]
    return _examples(base, scenes, captions, draw_outlined, hints=False)


def control_examples(base: Checkpoint, count: int) -> AdapterExamples:
    """Plain pictures with captions that leave the place open, and the pictures' edges."""
    rng = random.Random(22)
    scenes = [anywhere(rng) for _ in range(count)]
    captions = [caption_anywhere(scene, rng) for scene in scenes]
    return _examples(base, scenes, captions, lambda part: draw(part, [Framing()] * len(part)), hints=True)


def _plain(scene: Scene) -> bool:
    return not scene.position and not scene.scale


@torch.no_grad()
def _examples(
    base: Checkpoint,
    scenes: Sequence[Scene],
    captions: Sequence[str],
    draw_scenes: Callable[[Sequence[Scene]], Tensor],
    *,
    hints: bool,
) -> AdapterExamples:
    network = base.vae.network
    assert isinstance(network, AutoencoderKL)
    latents: list[Tensor] = []
    found: list[Tensor] = []
    for start in range(0, len(scenes), _AT_ONCE):
        pixels = draw_scenes(scenes[start : start + _AT_ONCE])
        latents.append(network.encode(pixels).float() * base.model.latent_scale)
        if hints:
            found.append(edges(pixels))
    texts = list(dict.fromkeys(captions))
    encoded = [base.clip.encode_text(text) for text in texts]
    pooled = torch.cat([one.pooled for one in encoded])
    return AdapterExamples(
        torch.cat(latents),
        torch.cat([one.cond for one in encoded]),
        base_vector(pooled, [Framing()] * len(texts)),
        torch.tensor([texts.index(caption) for caption in captions]),
        torch.cat(found) if hints else None,
    )


def thicker(hints: Tensor) -> Tensor:
    """Edges `[B, 1, H, W]` three pixels wide, as a drawn line may be."""
    return F.max_pool2d(hints, 3, stride=1, padding=1)
