"""Running again what made a picture: its saving node alone, into a folder that is thrown away."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import torch

from commands.reports import Report
from commands.run import written_file
from commands.workbench import DTYPES, build_engine, choose_device, running_program
from execution.engine import Engine, RunResult
from execution.graph import Graph
from execution.registry import Registry
from execution.validate import Validation, validate
from execution.validators import own_validators
from folders.workspace import Workspace
from models.memory import DeviceMemory
from nodes.provenance import Machine, SavedBy
from nodes.saving import SaveOptions

MOST_THREADS = max(os.cpu_count() or 1, torch.get_num_threads())


class CannotRunError(Exception):
    """The workflow cannot run here, or a node failed; the text says why."""


class CancelledError(Exception):
    """The user stopped the run."""


class Rerunner:
    """Runs workflows of pictures one after the other; a context manager that ends what it began."""

    def __init__(self, workspace: Workspace, registry: Registry, device: str, dtype: str) -> None:
        self._workspace = workspace
        self._registry = registry
        self._device = device
        self._dtype = dtype
        self._folder = TemporaryDirectory(prefix="weft-verify-")
        root = Path(self._folder.name)
        self._results = replace(workspace, output_dir=root / "output", temp_dir=root / "temp")
        self.program = running_program()
        self._engine: Engine | None = None
        self._memory: DeviceMemory | None = None
        self._threads = self._own_threads = torch.get_num_threads()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        torch.set_num_threads(self._own_threads)
        self._folder.cleanup()

    def compute_as(self, made: Machine | None) -> Machine:
        """Get ready to compute as a picture was made: in its formats, if the user leaves them to us, and with as many
        threads, on which it depends how sums are rounded.

        Raises:
            UsageProblem: this machine does not have the device.
        """
        memory = choose_device(self._device, self._dtype)
        if made is not None and self._dtype == "auto" and made.device == memory.device.type:
            wanted = next((name for name, dtype in DTYPES.items() if str(dtype) == f"torch.{made.model}"), "auto")
            memory = choose_device(self._device, wanted)
        threads = min(max(made.threads, 1), MOST_THREADS) if made is not None else self._own_threads
        if self._memory is None or (self._memory.dtypes, self._threads) != (memory.dtypes, threads):
            self._end()
            self._memory, self._threads = memory, threads
            torch.set_num_threads(threads)  # before the engine's own thread begins, which takes it over
            self._engine = build_engine(self._registry, self._workspace, memory)
        return Machine.of(memory)

    def run(self, graph: Graph, saved: SavedBy, report: Report) -> list[Path]:
        """The file that stands for a picture; several, where nobody can say which of them does.

        Raises:
            CannotRunError: the workflow has problems, or a node failed.
            CancelledError: the user cancelled it.
        """
        assert self._engine is not None
        needed = upstream(graph, saved.submitted)
        validation = self._validated(needed)
        report.name_nodes({node.id: node.title or node.type for node in validation.graph.values()})
        if validation.problems or saved.submitted not in validation.good_outputs:
            raise CannotRunError(" ".join(validation.sentences) or f"Node {saved.submitted} saves nothing by itself.")
        options = SaveOptions(metadata=False, results=self._results)
        try:
            result = self._engine.run_sync(validation.graph, [saved.submitted], sink=report.sink, services=(options,))
        except KeyboardInterrupt:
            raise CancelledError from None
        if result.status == "cancelled":
            raise CancelledError
        if result.error is not None:
            raise CannotRunError(str(result.error))
        return self._files_of(result, saved)

    def _validated(self, graph: Graph) -> Validation:
        return validate(
            graph,
            self._registry.catalogue(),
            self._workspace.list_files,
            custom=own_validators(self._registry),
            has_file=self._workspace.has_file,
            path_of=lambda folder: str(self._workspace.home(folder)),
        )

    def _files_of(self, result: RunResult, saved: SavedBy) -> list[Path]:
        shown = [result.ui[saved.node]] if saved.node in result.ui else list(result.ui.values())
        entries = [entry for ui in shown for items in ui.values() for entry in items]
        files = [path for entry in entries if (path := written_file(entry, self._results)) is not None]
        return [files[saved.picture]] if len(files) == saved.of else files

    def _end(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def upstream(graph: Graph, node_id: str) -> Graph:
    """The part of a graph that a node depends on, in the graph's order.

    Raises:
        CannotRunError: the node is not there.
    """
    if node_id not in graph:
        raise CannotRunError(f"The workflow has no node {node_id}, which saved the picture.")
    needed: set[str] = set()
    pending = [node_id]
    while pending:
        one = pending.pop()
        if one not in needed and one in graph:
            needed.add(one)
            pending += [link.node for _, link in graph[one].links()]
    return {name: node for name, node in graph.items() if name in needed}
