"""What the network says to prompts: the mean prediction of each side, in as few calls as may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from models.compositing import fit_batch
from models.sampling.conditions import Area, Condition
from models.sampling.controls import steering
from models.sampling.default_prompts import answering
from models.sdxl.network_patches import NetworkCall, NetworkPatch

if TYPE_CHECKING:
    from models.types import Model

NOWHERE = 1e-37  # divides where no prompt counts, so that the prediction there is 0 and not NaN
MOST_REPEATS = 4  # of the shorter prompt's tokens before two prompts are rather run apart

Sides = Sequence[Sequence[Condition]]
"""Prompts by side: the positive ones first, then the negative ones, then what else a guider compares."""


class Asker:
    """Asks a model's network, which must be on its device meanwhile."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.notes: dict[Any, Any] = {}  # what the model's tweaks and patches keep from call to call

    def predict(
        self, x: torch.Tensor, sigma: float, sides: Sides, patches: Sequence[NetworkPatch] = (), first: int = 0
    ) -> list[torch.Tensor]:
        """Return each side's clean latent [B, C, h, w]: the mean of its prompts' predictions, weighted point by point.

        A side without prompts gives zeros. `patches` hold beside those of the model. `first` is the number of the
        first side: they are not told from 0 where only one of several is asked.
        """
        totals = [torch.zeros_like(x) for _ in sides]
        weights = [torch.full_like(x[:, :1], NOWHERE) for _ in sides]
        questions = [
            _Question(first + number, condition, condition.place(x))
            for number, conditions in enumerate(sides)
            for condition in answering(conditions, x, sigma)
        ]
        patches = (*self.model.tweaks.network, *patches)
        for batch in _batches(questions):
            for question, denoised in zip(batch, self._ask(x, sigma, batch, patches), strict=True):
                weight = question.condition.weights(x)
                question.place.crop(totals[question.side - first]).add_(denoised * weight)
                question.place.crop(weights[question.side - first]).add_(weight)
        return [total / weight for total, weight in zip(totals, weights, strict=True)]

    def _ask(
        self, x: torch.Tensor, sigma: float, batch: Sequence[_Question], patches: Sequence[NetworkPatch]
    ) -> list[torch.Tensor]:
        """Return the clean latent predicted for each place; in one call, or one each where memory does not suffice."""
        return self.model.memory.retry_smaller(
            lambda: list(self._call(x, sigma, batch, patches).chunk(len(batch))),
            lambda: [self._call(x, sigma, [question], patches) for question in batch],
        )

    def _call(
        self, x: torch.Tensor, sigma: float, batch: Sequence[_Question], patches: Sequence[NetworkPatch]
    ) -> torch.Tensor:
        model, schedule, first = self.model, self.model.schedule, batch[0].condition
        crops = torch.cat([question.place.crop(x) for question in batch])  # [questions * B, C, h, w]
        labels = [fit_batch(q.condition.label, len(x)) for q in batch if q.condition.label is not None]
        label = torch.cat(labels) if labels else None
        noisy = schedule.scale_input(crops, sigma).to(model.dtype)
        timesteps = crops.new_full((len(crops),), schedule.timestep(sigma))
        patches = (*patches, *first.network_patches)
        sides = tuple(question.side for question in batch)
        call = NetworkCall(patches, sigma, (crops.shape[-2], crops.shape[-1]), sides, self.notes)
        weights = model.patches if first.weights_at is None else first.weights_at(sigma)
        further: dict[str, Any] = {"call": call} if patches else {}
        with torch.no_grad():
            read = _contexts([question.condition.read_by_controls for question in batch], len(x))
            control = steering(first.controls, sigma, len(x), noisy, timesteps, read, label)
            if control is not None:
                further["control"] = control
            with model.memory.computing(model.network, weights) as network:
                context = _contexts([question.condition.context for question in batch], len(x))
                run = network
                for change in model.tweaks.calling:
                    run = change(network, run)
                output = run(_beside(noisy, batch), timesteps, context, label, **further)
        return schedule.denoised(output.float(), crops, sigma)


class _Question(NamedTuple):
    """One prompt of one side, asked about one place."""

    side: int
    condition: Condition
    place: Area


def _contexts(contexts: Sequence[torch.Tensor], each: int) -> torch.Tensor:
    """Return contexts [B, n, C] of any lengths as one, `each` entries of every one, repeated to a common length.

    Attention is a weighted mean, which repetition leaves as it is.
    """
    tokens = math.lcm(*(context.shape[1] for context in contexts))
    return torch.cat([fit_batch(one, each).repeat(1, tokens // one.shape[1], 1) for one in contexts])


def _beside(x: torch.Tensor, batch: Sequence[_Question]) -> torch.Tensor:
    """Return x [questions * B, C, h, w] with the further channels that some networks take beside it."""
    further = [question.place.crop(q) for question in batch if (q := question.condition.beside) is not None]
    if not further:
        return x
    each = len(x) // len(batch)
    return torch.cat([x, torch.cat([fit_batch(one, each) for one in further]).to(x)], dim=1)


def _batches(questions: Sequence[_Question]) -> list[list[_Question]]:
    """Group questions whose places are equally large, that are steered and patched alike, and of like length."""
    batches: list[list[_Question]] = []
    for question in questions:
        batch = next((batch for batch in batches if _fits(question, batch[0])), None)
        if batch is None:
            batches.append([question])
        else:
            batch.append(question)
    return batches


def _fits(question: _Question, other: _Question) -> bool:
    one, two = question.condition, other.condition
    lengths = one.context.shape[1], two.context.shape[1]
    return (
        question.place[:2] == other.place[:2]  # height and width
        and one.controls == two.controls
        and one.network_patches == two.network_patches
        and one.weights_at is two.weights_at
        and math.lcm(*lengths) <= MOST_REPEATS * min(lengths)
    )
