"""What ends a training: sentences for people."""

from __future__ import annotations

from collections.abc import Sequence


class TuningError(ValueError):
    """A training that cannot begin or go on; the message has one sentence a line."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def raise_all(problems: Sequence[str], most: int = 20) -> None:
    """Raise all problems as one TuningError; nothing where there are none. Beyond `most` they are only counted."""
    if problems:
        further = len(problems) - most
        told = list(problems[:most]) + ([f"And {further} more of the kind."] if further > 0 else [])
        raise TuningError(*told)
