"""Pictures with the bundled LoRA and ControlNet, and what can be said of them by rule."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor

from models.adapters.control import Control
from models.adapters.control_loading import load_control
from models.adapters.lora import with_lora
from models.adapters.lora_file import read_lora
from models.checkpoint import Checkpoint
from models.sampling.sample import final_latent, sample
from models.training.adapter_export import CONTROL_FILE, LORA_FILE
from models.training.adapter_pictures import anywhere, edges, line_colour
from models.training.captions import plain_prompt
from models.training.drawing import draw
from models.training.judge import to_lab
from models.training.scenes import COLOURS, Framing, Scene
from nodes.controlnet import steered
from tests.bundled.painting import CAPTIONS, FOLDER, GUIDANCE, PROMPTS, SEED, conditioning, pictures, run, start

STEPS = 16
LEAST_LINE = 0.03  # of the picture: what an outline takes at least


def lined(picture: Tensor, prompt: tuple[str, str, str]) -> bool:
    """Whether a picture `[3, S, S]` has lines of the colour that the LoRA draws outlines in."""
    colour, shape, background = prompt
    line = line_colour(Scene(shape, colour, background))
    palette = to_lab(torch.tensor([COLOURS[name] for name in (colour, background, line)]) / 255)
    nearest = torch.cdist(to_lab(picture.permute(1, 2, 0)).flatten(0, 1), palette).argmin(1)
    return (nearest == 2).float().mean().item() > LEAST_LINE


def with_style(base: Checkpoint, count: int, strength: float) -> Tensor:
    """Pictures of the first `count` judged prompts with the LoRA at `strength`; 0 is the base alone."""
    model = base.model
    if strength:
        model = with_lora(model, None, read_lora(FOLDER / LORA_FILE), strength).model
    changed = base._replace(model=model)
    return pictures(changed, run(changed, CAPTIONS[:count], *start(count), steps=STEPS))


def styled(batch: Tensor) -> int:
    """How many pictures of the judged prompts have the LoRA's outlines."""
    return sum(lined(picture, prompt) for picture, prompt in zip(batch, PROMPTS, strict=False))


def scenes(count: int) -> list[Scene]:
    """Shapes of any place and size that the ControlNet did not learn from."""
    rng = random.Random(99)
    return [anywhere(rng) for _ in range(count)]


def drawn(wanted: Sequence[Scene]) -> Tensor:
    """The scenes themselves, `[B, 3, 128, 128]` in 0..1."""
    return (draw(wanted, [Framing()] * len(wanted)) + 1) / 2


def outlines(wanted: Sequence[Scene]) -> Tensor:
    """Their edges as pictures `[B, 128, 128, 3]`."""
    return edges(drawn(wanted) * 2 - 1).float().expand(-1, 3, -1, -1).movedim(1, -1)


def along_edges(base: Checkpoint, wanted: Sequence[Scene], strength: float, *, shapes_said: bool = True) -> Tensor:
    """Pictures of prompts that do not tell the place, steered by the scenes' edges."""
    captions = [
        plain_prompt(one.colour, one.shape, one.background)
        if shapes_said
        else f"{one.colour} on a {one.background} background"
        for one in wanted
    ]
    sides = [conditioning(base, captions), conditioning(base, [""] * len(wanted))]
    if strength:
        net = load_control(FOLDER / CONTROL_FILE, base.model.memory)
        control = Control(net, outlines(wanted), strength)
        sides = [steered(side, control, both=False) for side in sides]
    latent, noise = start(len(wanted))
    steps = sample(
        base.model,
        noise=noise,
        latent=latent,
        positive=sides[0],
        negative=sides[1],
        cfg=GUIDANCE,
        sampler="euler",
        scheduler="normal",
        steps=STEPS,
        seed=SEED,
    )
    return pictures(base, final_latent(steps, latent))


def overlap(batch: Tensor, wanted: Sequence[Scene]) -> Tensor:
    """Intersection over union of what is nearer to the shape's colour than to the ground's, in the pictures and in
    the scenes, `[B]`."""
    masks = []
    for one in (batch, drawn(wanted)):
        lab = to_lab(one.movedim(1, -1))  # [B, S, S, 3]
        figure, ground = (
            to_lab(torch.tensor([COLOURS[name] for name in names]) / 255)[:, None, None]
            for names in ([scene.colour for scene in wanted], [scene.background for scene in wanted])
        )
        masks.append((lab - figure).norm(dim=-1) < (lab - ground).norm(dim=-1))
    found, known = masks
    return (found & known).sum((1, 2)) / (found | known).sum((1, 2)).clamp(min=1)
