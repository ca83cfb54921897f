"""`main.py convert MODEL --to single|diffusers --output OUT`: a model in the other layout."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Literal

from commands.errors import EXIT_OK, CommandError, UsageProblem
from commands.streams import say
from commands.workbench import DTYPES
from models.checkpoints.errors import CheckpointError
from models.export.convert import to_diffusers, to_single
from models.export.tensors import ExportError

ModelLayout = Literal["single", "diffusers"]
BETWEEN = 0.2  # seconds between two looks at the progress


def convert_model(source: Path, to: ModelLayout, output: Path, dtype: str, variant: str) -> int:
    """Write the model `source`, a single file or a folder of diffusers, in layout `to` as `output`, a new name.

    Raises:
        UsageProblem: the source cannot be read or lacks a part, or the output is there already.
        CommandError: the disk refuses it; nothing is left of the output.
    """
    if not source.exists():
        raise UsageProblem(f"There is no model {source}. Check the path.")
    if to == "single" and variant:
        raise UsageProblem("--variant names the weights of a folder: it goes with --to diffusers.")
    if variant and not variant.isalnum():
        raise UsageProblem(f"--variant {variant!r} is no word. Name one such as fp16.")
    chosen = DTYPES.get(dtype)
    progress = _Progress()
    try:
        if to == "diffusers":
            to_diffusers(source, output, dtype=chosen, variant=variant, told=progress)
        else:
            to_single(source, output, dtype=chosen, told=progress)
    except (CheckpointError, ExportError) as error:
        raise UsageProblem(str(error)) from error
    except OSError as error:
        raise CommandError(f"{output} cannot be written ({error.strerror}).") from error
    finally:
        progress.end()
    say(str(output))
    return EXIT_OK


class _Progress:
    """One line on a terminal that counts up; nothing where a program reads."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._terminal = sys.stderr.isatty()
        self._width = 0

    def __call__(self, written: int, size: int) -> None:
        now = time.monotonic()
        if not self._terminal or now - self._shown < BETWEEN:
            return
        self._shown = now
        line = f"{written / 1e9:.2f} of {size / 1e9:.2f} GB"
        self._width = max(self._width, len(line))
        print(f"\r{line:<{self._width}}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Remove the line."""
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
