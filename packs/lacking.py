"""What the modules that packs import say of names that Weft does not have."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def lacking(module: str) -> Callable[[str], Any]:
    """A module's `__getattr__`: its submodules are imported when used, and other names are refused by a sentence."""

    def absent(name: str) -> Any:
        if not name.startswith("__"):
            full = f"{module}.{name}"
            try:
                return importlib.import_module(full)
            except ModuleNotFoundError as error:
                if error.name != full:
                    raise
        known = module.partition(".")[2]
        raise AttributeError(f"Weft's {known} has no {name}: it exists in ComfyUI only.", name=name)

    return absent
