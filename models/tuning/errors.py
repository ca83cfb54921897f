"""What ends a training: sentences for people."""

from __future__ import annotations

MOST = 20  # problems with pictures that are told one by one


class TuningError(ValueError):
    """A training that cannot begin or go on; the message has one sentence a line."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PicturesError(TuningError):
    """Pictures or captions that cannot be learned from. Of many, the first are told and the others counted."""

    def __init__(self, *problems: str) -> None:
        further = len(problems) - MOST
        super().__init__(*problems[:MOST], *([f"And {further} more of the kind."] if further > 0 else []))


class DivergedError(TuningError):
    """The loss became no number."""
