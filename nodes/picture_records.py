"""What the pictures that one call of a node saves say of their origin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from execution.ancestor import Ancestor
from execution.node import Context
from folders.content_digests import ContentDigests
from folders.workspace import Workspace
from models.memory import DeviceMemory
from nodes.hidden import Prompt
from nodes.provenance import KEYWORD, Machine, Program, Provenance, SavedBy, UsedFile, pixel_digest
from nodes.saving import SaveOptions
from nodes.used_files import named_files, used_files

PACKS = "custom_nodes."  # what the modules of node packs are called


class PictureRecords:
    """Makes the texts. To be begun while the node is called; the texts may be made on another thread."""

    def __init__(self, ctx: Context, ancestors: list[Ancestor]) -> None:
        self._ctx = ctx
        self._ancestors = ancestors
        self._files: tuple[UsedFile, ...] | None = None
        memory = ctx.optional(DeviceMemory)
        self._machine = None if memory is None else Machine.of(memory)

    @classmethod
    def begin(cls, ctx: Context, prompt: Prompt) -> PictureRecords | None:
        """Look at what the node's inputs came from; None where the user wants no metadata, or nobody runs a graph."""
        options = ctx.optional(SaveOptions) or SaveOptions()
        ancestors = ctx.ancestors() if options.metadata and prompt is not None else []
        return cls(ctx, ancestors) if ancestors else None

    def texts(self, frames: Iterable[npt.NDArray[np.uint8]], number: int, of: int) -> dict[str, str]:
        """The text for picture `number` of `of`, by its name in the file; the pixels as they are in the file.

        The first may take seconds: large model files are read whole, once.

        Raises:
            Cancelled: the user cancelled the run meanwhile.
        """
        node = self._ctx.node
        record = Provenance(
            self._ctx.optional(Program),
            self._machine,
            _seeds(self._ancestors),
            self._used_files(),
            SavedBy(node.id, node.real, node.type, number, of),
            pixel_digest(frames),
            _packs(self._ancestors),
        )
        return {KEYWORD: record.to_text()}

    def _used_files(self) -> tuple[UsedFile, ...]:
        if self._files is None:
            digests = self._ctx.optional(ContentDigests) or ContentDigests()
            workspace = self._ctx.service(Workspace)
            named = named_files(self._ancestors)
            self._files = tuple(used_files(named, workspace, digests, self._ctx.check_cancelled))
        return self._files


def _seeds(ancestors: Iterable[Ancestor]) -> dict[str, dict[str, Any]]:
    seeds: dict[str, dict[str, Any]] = {}
    for ancestor in ancestors:
        for name, values in ancestor.values.items():
            if name == "seed" or name.endswith("_seed"):
                known = [value for value in values if isinstance(value, int)]
                if known:
                    seeds.setdefault(ancestor.ref.id, {})[name] = known[0] if len(known) == 1 else known
    return seeds


def _packs(ancestors: Iterable[Ancestor]) -> tuple[str, ...]:
    modules = {ancestor.spec.python_module for ancestor in ancestors}
    return tuple(sorted({one.removeprefix(PACKS).split(".")[0] for one in modules if one.startswith(PACKS)}))
