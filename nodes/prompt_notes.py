"""A note in conditioning that tells which tokens and weights it was made of. Nothing computes with it."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from models.sdxl.prompt_tokens import Chunk
from models.sdxl.tokenizer import END_ID, START_ID

OPTION = "weft_prompts"
"""Among the options of conditioning: a list of `{"encoder": "l", "ids": [...], "weights": [...]}`, one for each chunk
of each encoder, without start, end and padding; -1 in place of the id of a vector that was learned."""

MOST_ROWS = 200  # of one prompt; the same prompts mixed over and over would double them each time


def noted(tokens: Mapping[str, list[Chunk]]) -> dict[str, Any]:
    """The option for tokenized prompts."""
    return {OPTION: [_row(encoder, chunk) for encoder, chunks in tokens.items() for chunk in chunks]}


def joined(options: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The option of conditioning that is made of two; nothing where neither has one."""
    rows = [*(options.get(OPTION) or ()), *(more.get(OPTION) or ())]
    return {OPTION: rows[:MOST_ROWS]} if rows else {}


def _row(encoder: str, chunk: Chunk) -> dict[str, Any]:
    ids: list[int] = []
    weights: list[float] = []
    for token, weight in chunk:
        number = -1 if isinstance(token, Tensor) else token
        if number == END_ID:
            break
        if number != START_ID:
            ids.append(number)
            weights.append(float(weight))
    return {"encoder": encoder, "ids": ids, "weights": weights}
