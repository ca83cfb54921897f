"""Which pictures make up which batch: always the same for a seed, so that a resumed job goes on where it stood."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Slot:
    """One picture of a batch."""

    example: int
    dropped: bool  # whether its caption is left out this time


class Order:
    """The batches of all epochs. Pictures of a batch are of one group: of one size, and captions of one length.

    Where a group's pictures do not fill its last batch, some of it are taken a second time in that epoch.
    """

    def __init__(
        self, groups: Sequence[Hashable], repeats: Sequence[int], batch: int, seed: int, dropout: float
    ) -> None:
        self._members: defaultdict[Hashable, list[int]] = defaultdict(list)
        for number, (group, count) in enumerate(zip(groups, repeats, strict=True)):
            self._members[group] += [number] * count
        self._batch, self._seed, self._dropout = batch, seed, dropout
        self.batches = sum(-(-len(members) // batch) for members in self._members.values())
        self.pictures = sum(map(len, self._members.values()))
        self._epoch = lru_cache(maxsize=2)(self._made)

    def batch(self, number: int) -> list[Slot]:
        """Batch `number`, counted from 0 over all epochs."""
        epoch, place = divmod(number, self.batches)
        return self._epoch(epoch)[place]

    def _made(self, epoch: int) -> list[list[Slot]]:
        rng = random.Random(f"{self._seed} {epoch}")
        batches: list[list[Slot]] = []
        for members in self._members.values():
            order = rng.sample(members, len(members))
            while len(order) % self._batch:
                order += order[: self._batch - len(order) % self._batch]
            batches += [
                [Slot(one, rng.random() < self._dropout) for one in order[start : start + self._batch]]
                for start in range(0, len(order), self._batch)
            ]
        rng.shuffle(batches)
        return batches
