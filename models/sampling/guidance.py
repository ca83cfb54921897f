"""Guidance: from what the network says to each prompt to one prediction of the clean latent.

Classifier-free guidance (Ho & Salimans 2022) moves from the prediction for the negative prompts towards that for the
positive ones, and beyond. Each side is the mean of its prompts' predictions, weighted point by point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from models.compositing import fit_batch
from models.sampling.conditions import Area, Condition
from models.sampling.controls import steering
from models.sampling.steps import Prediction

if TYPE_CHECKING:
    from models.types import Model

NOWHERE = 1e-37  # divides where no prompt counts, so that the prediction there is 0 and not NaN
MOST_REPEATS = 4  # of the shorter prompt's tokens before two prompts are rather run apart


class Guidance:
    """A `Denoiser`: the model, steered by prompts. The network must be on its device while this is called."""

    def __init__(self, model: Model, positive: Sequence[Condition], negative: Sequence[Condition], cfg: float) -> None:
        self._model = model
        self._sides = (positive, negative)
        self._cfg = cfg

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction. At a scale of 1 negative prompts cancel out and are not asked."""
        if math.isclose(self._cfg, 1.0):
            return self._predict(x, sigma, self._sides[:1])[0]
        return self.pair(x, sigma).denoised

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the guided prediction and that for the negative prompts alone."""
        cond, uncond = self._predict(x, sigma, self._sides)
        return Prediction(uncond + (cond - uncond) * self._cfg, uncond)

    def _predict(self, x: torch.Tensor, sigma: float, sides: Sequence[Sequence[Condition]]) -> list[torch.Tensor]:
        """Return the weighted mean prediction of each side's prompts, as few calls of the network as may be."""
        totals = [torch.zeros_like(x) for _ in sides]
        weights = [torch.full_like(x[:, :1], NOWHERE) for _ in sides]
        questions = [
            _Question(side, condition, condition.place(x))
            for side, conditions in enumerate(sides)
            for condition in conditions
            if condition.active(sigma)
        ]
        for batch in _batches(questions):
            for question, denoised in zip(batch, self._ask(x, sigma, batch), strict=True):
                weight = question.condition.weights(x)
                question.place.crop(totals[question.side]).add_(denoised * weight)
                question.place.crop(weights[question.side]).add_(weight)
        return [total / weight for total, weight in zip(totals, weights, strict=True)]

    def _ask(self, x: torch.Tensor, sigma: float, batch: Sequence[_Question]) -> list[torch.Tensor]:
        """Return the clean latent predicted for each place; in one call, or one each where memory does not suffice."""
        return self._model.memory.retry_smaller(
            lambda: list(self._call(x, sigma, batch).chunk(len(batch))),
            lambda: [self._call(x, sigma, [question]) for question in batch],
        )

    def _call(self, x: torch.Tensor, sigma: float, batch: Sequence[_Question]) -> torch.Tensor:
        schedule = self._model.schedule
        crops = torch.cat([question.place.crop(x) for question in batch])  # [questions * B, C, h, w]
        tokens = math.lcm(*(question.condition.context.shape[1] for question in batch))
        context = torch.cat([_spread(fit_batch(question.condition.context, len(x)), tokens) for question in batch])
        labels = [fit_batch(q.condition.label, len(x)) for q in batch if q.condition.label is not None]
        inputs = (
            schedule.scale_input(crops, sigma).to(self._model.dtype),
            crops.new_full((len(crops),), schedule.timestep(sigma)),
            context,
            torch.cat(labels) if labels else None,
        )
        with torch.no_grad():
            control = steering(batch[0].condition.controls, sigma, len(x), *inputs)
            with self._model.memory.computing(self._model.network, self._model.patches) as network:
                output = network(*inputs) if control is None else network(*inputs, control)
        return schedule.denoised(output.float(), crops, sigma)


class _Question(NamedTuple):
    """One prompt of one side, asked about one place."""

    side: int
    condition: Condition
    place: Area


def _spread(context: torch.Tensor, tokens: int) -> torch.Tensor:
    """Repeat context [B, n, C] to [B, tokens, C]. Attention is a weighted mean, which repetition leaves as it is."""
    return context.repeat(1, tokens // context.shape[1], 1)


def _batches(questions: Sequence[_Question]) -> list[list[_Question]]:
    """Group questions whose places are equally large, that the same pictures steer, and of like length."""
    batches: list[list[_Question]] = []
    for question in questions:
        batch = next((batch for batch in batches if _fits(question, batch[0])), None)
        if batch is None:
            batches.append([question])
        else:
            batch.append(question)
    return batches


def _fits(question: _Question, other: _Question) -> bool:
    lengths = question.condition.context.shape[1], other.condition.context.shape[1]
    return (
        question.place[:2] == other.place[:2]  # height and width
        and question.condition.controls == other.condition.controls
        and math.lcm(*lengths) <= MOST_REPEATS * min(lengths)
    )
