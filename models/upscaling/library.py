"""Importing `spandrel`, which knows the networks that people upscale with and tells them apart by their weights.

It imports torchvision for two of its forty networks, neither of which upscales (LaMa fills holes, RestoreFormer mends
faces). Where torchvision is absent or was built for another torch, these two alone go without it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from models.sdxl.text_encoder import IMPORTING, hide_broken_torchvision

PARTS = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
USED = ("InterpolationMode", "normalize", "rotate")


def import_spandrel() -> ModuleType:
    """The library; imported when it is first needed, so that nobody waits for it who does not upscale."""
    with IMPORTING:
        hide_broken_torchvision()
        with _substitute_for_torchvision():
            import spandrel

    return spandrel


@contextmanager
def _substitute_for_torchvision() -> Iterator[None]:
    """Let imports of torchvision succeed inside the block where there is none that works.

    Nobody else may import meanwhile, who would take the substitute for the real thing: `IMPORTING` is held.
    """
    if sys.modules.get("torchvision") is not None:
        yield
        return
    before = {name: sys.modules[name] for name in PARTS if name in sys.modules}
    for name in PARTS:
        sys.modules[name] = ModuleType(name)
    for name in USED:
        setattr(sys.modules[PARTS[-1]], name, _absent)
    try:
        yield
    finally:
        for name in PARTS:
            del sys.modules[name]
        sys.modules.update(before)


def _absent(*_values: object, **_named: object) -> Any:
    raise ImportError("This network needs torchvision in the version that goes with the installed torch.")
