"""Teach the text encoders the grammar: they must say which scene a caption describes. Then they stay as they are."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.sdxl.tokenizer import ClipTokenizer
from models.training.captions import Caption, describe, describe_nothing, describe_partly
from models.training.loop import Loop, Recipe
from models.training.scenes import COLOURS, POSITIONS, SCALES, random_scene
from models.training.shapes import SHAPES
from models.training.text_encoders import END, G_WIDTH, L_WIDTH, START, Encoded, TextEncoders, token_table

_BATCH = 64
_FACTS: dict[str, list[str]] = {
    "shape": list(SHAPES),
    "colour": list(COLOURS),
    "background": list(COLOURS),
    "position": list(POSITIONS),
    "scale": list(SCALES),
}


def grammar_tokens() -> list[int]:
    """Every token that occurs in full captions without filler words, in order, with start and end."""
    words = (
        "a an on with in front of at the corner center middle picture drawing image background small tiny large big ,"
    )
    names = [*SHAPES, *COLOURS, *" ".join(POSITIONS).split(), *words.split()]
    tokenizer = ClipTokenizer()
    return sorted({START, END, *(number for name in names for number in tokenizer.ids(name))})


def random_caption(rng: random.Random) -> Caption:
    """Nine in ten say everything."""
    kind = rng.random()
    if kind < 0.05:
        return describe_nothing(rng)
    if kind < 0.10:
        return describe_partly(random_scene(rng), rng)
    return describe(random_scene(rng), rng)


class Readers(nn.Module):
    """The encoders, with linear layers that read a scene off each of their outputs at the end token."""

    def __init__(self) -> None:
        super().__init__()
        self.encoders = TextEncoders(grammar_tokens())
        total = sum(len(values) + 1 for values in _FACTS.values())
        self.readers = nn.ModuleList(nn.Linear(width, total) for width in (L_WIDTH, L_WIDTH, G_WIDTH, G_WIDTH))

    def forward(self, captions: list[str]) -> list[Tensor]:
        """Scores `[B, facts]`, one tensor for each output that something will read."""
        encoded: Encoded = self.encoders(captions)
        ends = self.encoders.token_ids(captions)[2]
        rows = torch.arange(len(captions))
        states = (encoded.context_l[rows, ends], encoded.last_l[rows, ends], encoded.context_g[rows, ends])
        return [read(state) for read, state in zip(self.readers, (*states, encoded.pooled), strict=True)]


def _targets(captions: list[Caption]) -> dict[str, Tensor]:
    """For each fact, its value's number `[B]`; 0 where the caption does not say."""
    return {
        fact: torch.tensor([0 if (value := getattr(c, fact)) is None else 1 + values.index(value) for c in captions])
        for fact, values in _FACTS.items()
    }


def reading_loss(scores: list[Tensor], targets: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy over outputs and facts."""
    losses = []
    for output in scores:
        parts = output.split([len(values) + 1 for values in _FACTS.values()], dim=1)
        losses += [F.cross_entropy(part, targets[fact]) for fact, part in zip(_FACTS, parts, strict=True)]
    return torch.stack(losses).mean()


def train_text(work: Path, minutes: float) -> TextEncoders:
    """The trained encoders; resumes from `work`."""
    torch.manual_seed(1)
    readers = Readers()
    loop = Loop("text", readers, Recipe(minutes, peak_rate=2e-3, warmup=50, weight_decay=0.0, ema=0.99), work)
    # the row of unknown tokens stays zero
    for model in (readers.encoders.clip_l, readers.encoders.clip_g):
        token_table(model).register_hook(_without_first_row)
    for step in loop.steps():
        rng = random.Random(step)
        captions = [random_caption(rng) for _ in range(_BATCH)]
        loop.update(reading_loss(readers([caption.text for caption in captions]), _targets(captions)))
    return loop.average.encoders.eval()


def _without_first_row(gradient: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(gradient[:1]), gradient[1:]])
