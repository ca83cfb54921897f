"""Texts from outside, which a file may be unable to hold: Python's may contain half of a surrogate pair."""

from __future__ import annotations

from execution.jobs.errors import InvalidJob


def check_text(what: str, text: str) -> None:
    """Raises InvalidJob for a text that cannot be stored, and for an empty one."""
    if sought(text) is None:
        raise InvalidJob(f"The {what} is not proper text (it holds half of a surrogate pair): {text!r}.")
    if not text:
        raise InvalidJob(f"The {what} is empty. Leave it out, or give it a text.")


def sought(text: str) -> str | None:
    """The text to look for; None, which equals nothing in SQL, for one that cannot have been stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text
