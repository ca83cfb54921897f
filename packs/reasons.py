"""Why a pack could not be imported, in a sentence."""

from __future__ import annotations

import traceback
from pathlib import Path

LONGEST = 400  # characters of what an exception says


def reason(error: BaseException, path: Path) -> str:
    """What went wrong, where in the pack, and what to do about it."""
    return f"It could not be imported: {said_by(error)}{_place(error, path)}. {_remedy(error, path)}".rstrip()


def said_by(error: BaseException) -> str:
    """The class of an exception and what it says, in one line without a full stop."""
    text = str(error.msg if isinstance(error, SyntaxError) else error).strip().removesuffix(".")
    text = " ".join(text.split())
    if isinstance(error, SystemExit):
        return f"it ended the program (exit status {text or 0})"
    name = type(error).__name__
    return f"{name}: {text[:LONGEST]}" if text else name


def from_pack(error: BaseException, path: Path) -> BaseException | None:
    """The same error with its traceback from the first line of the pack's code on, for the log: how Weft came there
    is no help to the pack's author. None where none of the pack's code had run."""
    trace = error.__traceback__
    while trace is not None and not _is_below(trace.tb_frame.f_code.co_filename, path):
        trace = trace.tb_next
    return None if trace is None else error.with_traceback(trace)


def _place(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({_within(error.filename, path)}, line {error.lineno})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_below(frame.filename, path)]
    return f" ({_within(frames[-1].filename, path)}, line {frames[-1].lineno})" if frames else ""


def _is_below(file: str, path: Path) -> bool:
    return Path(file).is_relative_to(path)


def _within(file: str, path: Path) -> str:
    return Path(file).name if not _is_below(file, path) or path.is_file() else Path(file).relative_to(path).as_posix()


def _remedy(error: BaseException, path: Path) -> str:
    if isinstance(error, ModuleNotFoundError) and "Weft" not in str(error):
        if (path / "requirements.txt").is_file():
            return "Install what its requirements.txt names, then start again."
        return f"Install the Python package that has {error.name}, then start again."
    if isinstance(error, FileNotFoundError) and str(error.filename) == str(path / "__init__.py"):
        return "A pack is a folder with an __init__.py, or one .py file."
    return ""
