"""Prompt styles: named frames for prompts, from a .csv of A1111's kind or a .json list of the same fields."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from models.prompting.errors import PromptError

PLACE = "{prompt}"  # where a style has the prompt itself; without it the style is appended


class Style(NamedTuple):
    """What a style makes of a pair of prompts."""

    prompt: str
    negative: str

    def applied(self, positive: str, negative: str) -> tuple[str, str]:
        """Both prompts in the style."""
        return _framed(self.prompt, positive), _framed(self.negative, negative)


def _framed(frame: str, prompt: str) -> str:
    if PLACE in frame:
        return frame.replace(PLACE, prompt)
    return ", ".join(part for part in (prompt.strip(), frame.strip()) if part)


def read_styles(path: Path) -> dict[str, Style]:
    """The styles of a file by name.

    Raises:
        PromptError: the file cannot be read, or lacks the columns name and prompt.
    """
    try:
        text = path.read_text("utf-8-sig")
        rows = json.loads(text) if path.suffix.lower() == ".json" else list(csv.DictReader(io.StringIO(text)))
    except (OSError, ValueError, csv.Error, RecursionError) as error:
        raise PromptError(f"The styles in {path.name} cannot be read: {error}") from error
    if not isinstance(rows, list):
        raise PromptError(f"{path.name} holds no list of styles.")
    styles = [_style(row) for row in cast("list[Any]", rows)]
    found = dict(filter(None, styles))
    if not found:
        raise PromptError(f"{path.name} has no styles: it needs the columns name, prompt and negative_prompt.")
    return found


def _style(row: Any) -> tuple[str, Style] | None:
    if not isinstance(row, Mapping):
        return None
    texts = {str(key): str(value or "") for key, value in cast("Mapping[Any, Any]", row).items()}
    name = texts.get("name", "").strip()
    return (name, Style(texts.get("prompt", ""), texts.get("negative_prompt", ""))) if name else None


def find_style(name: str, styles: Mapping[str, Style]) -> Style:
    """The style of that name, whatever the case of its letters.

    Raises:
        PromptError: there is none.
    """
    by_name = {known.lower(): style for known, style in styles.items()}
    style = by_name.get(name.strip().lower())
    if style is None:
        like = difflib.get_close_matches(name.strip().lower(), by_name, 3, cutoff=0.4)
        raise PromptError(f"There is no style {name!r}. Known are {', '.join(like or list(by_name)[:20])}.")
    return style
