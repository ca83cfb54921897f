"""`execution`: what packs import of ComfyUI's module of that name, and Weft's own package behind it."""

from __future__ import annotations

import importlib
from enum import Enum
from typing import Any

from execution.results import Blocked as ExecutionBlocker
from packs.lacking import lacking

__all__ = ["ExecutionBlocker", "ExecutionResult"]


class ExecutionResult(Enum):
    """How a node's turn ended."""

    SUCCESS = 0
    FAILURE = 1
    PENDING = 2


_refuse = lacking(__name__)


def __getattr__(name: str) -> Any:
    """A module of Weft's engine (`execution.node`)."""
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"execution.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"execution.{name}":
                raise
    return _refuse(name)
