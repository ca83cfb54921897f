"""The tokens and weights of conditioning, as text encoders have noted them (see nodes/prompt_notes.py)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from models.sdxl.tokenizer import ClipTokenizer
from nodes.prompt_notes import MOST_ROWS, OPTION

LEARNED = "(learned vector)"


class TokenReader:
    """Turns noted ids into words. Loads the vocabulary when it is first needed."""

    @cached_property
    def _tokenizer(self) -> ClipTokenizer:
        return ClipTokenizer()

    def rows(self, options: Mapping[str, Any]) -> list[list[dict[str, Any]]] | None:
        """A row for each chunk of each encoder; None: nothing is noted, or nothing that can be read."""
        noted = options.get(OPTION)
        if not isinstance(noted, list):
            return None
        try:
            return [self._row(row) for row in cast("list[dict[str, Any]]", noted)[:MOST_ROWS]]
        except (KeyError, TypeError, ValueError):  # somebody else's idea of what stands there
            return None

    def _row(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        ids, weights = row["ids"], row["weights"]
        return [
            {
                "token": LEARNED if number < 0 else self._tokenizer.word(int(number)),
                "id": int(number),
                "weight": float(weight),
                "encoder": str(row["encoder"]),
            }
            for number, weight in zip(ids, weights, strict=True)
        ]
