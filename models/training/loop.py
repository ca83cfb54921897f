"""A training loop that fits a given number of minutes, saves itself and resumes where it stopped."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from models.training import crew
from models.training.files import replacing

M = TypeVar("M", bound=nn.Module)

_SAVE_EVERY = 180.0  # seconds
_PRINT_EVERY = 50  # steps


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to learn."""

    minutes: float
    peak_rate: float
    hold: float = 0.4  # share of the time at the peak rate, after which it falls along half a cosine
    warmup: int = 150  # steps
    beta2: float = 0.99
    weight_decay: float = 0.01
    ema: float = 0.998


def learning_rate(recipe: Recipe, step: int, progress: float) -> float:
    """The rate at `step` when `progress` (0..1) of the time has gone."""
    fall = max(0.0, min(1.0, (progress - recipe.hold) / (1 - recipe.hold)))
    return recipe.peak_rate * min(1.0, (step + 1) / recipe.warmup) * (0.01 + 0.99 * (1 + math.cos(math.pi * fall)) / 2)


class Loop(Generic[M]):
    """AdamW with warm-up, gradient clipping and an exponential moving average of the weights.

    The clock counts time spent training, over all resumed runs. A step's random numbers must be drawn from its
    number (`generator`), so that a resumed run sees the batches that it would have seen.
    """

    def __init__(self, name: str, model: M, recipe: Recipe, work: Path) -> None:
        self.name, self.model, self.recipe = name, model, recipe
        self.average = copy.deepcopy(model).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            model.parameters(),
            recipe.peak_rate,
            (0.9, recipe.beta2),
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.step = 0
        self.progress = 0.0  # share of the time that has gone, 0..1, at the start of the present step
        self._path = work / f"{name}.pt"
        self._seconds = 0.0
        self._started = time.monotonic()
        self._recent: list[float] = []
        if self._path.exists():
            self._resume()

    @property
    def seconds(self) -> float:
        """Time spent training so far."""
        return self._seconds + time.monotonic() - self._started

    @property
    def generator(self) -> torch.Generator:
        """Random numbers of the present step, different in each process of a crew."""
        return torch.Generator().manual_seed(self.step * crew.size() + crew.rank())

    def _time_left(self) -> bool:
        """Take the time, by the leader's clock."""
        self.progress = min(1.0, crew.leaders_word(self.seconds) / (60 * self.recipe.minutes))
        return self.progress < 1

    def steps(self) -> Iterator[int]:
        """The steps that are left; each must call `update` once."""
        saved = time.monotonic()
        while self._time_left():
            yield self.step
            self.step += 1
            if time.monotonic() - saved > _SAVE_EVERY:
                self.save()
                saved = time.monotonic()
        self.save()

    def update(self, loss: Tensor) -> None:
        """Learn from one batch's loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.recipe, self.step, self.progress)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        crew.average_gradients(self.model.parameters())
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        decay = min(self.recipe.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for mean, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(new, 1 - decay)
        self._recent.append(loss.item())
        if (self.step + 1) % _PRINT_EVERY == 0 and crew.rank() == 0:
            mean = sum(self._recent) / len(self._recent)
            print(f"{self.name}: step {self.step + 1}, {self.seconds / 60:.1f} min, loss {mean:.4f}", flush=True)
            self._recent.clear()

    def save(self) -> None:
        """Write everything that `_resume` needs; the file is whole or as it was. A crew's leader writes for all."""
        if crew.rank():
            return
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        with replacing(self._path) as temporary:
            torch.save(state, temporary)

    def _resume(self) -> None:
        state = torch.load(self._path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self._seconds = state["step"], state["seconds"]
        print(f"{self.name}: resumed at step {self.step}", flush=True)
