"""How a run is told: bars for people, one JSON object a line for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from commands.errors import CommandError, WorkflowRefused
from commands.streams import say
from execution import events

LABELS: Mapping[str, str] = {"warning": "Warning: ", "stand_in": "Stand-in: ", "problem": "Problem: "}


class Report(AbstractContextManager["Report"], Protocol):
    """Takes a run's events, and facts that are no event of the engine (`note`)."""

    def name_nodes(self, titles: Mapping[str, str]) -> None:
        """Say by which names people know the nodes (id -> title)."""

    def sink(self, event: events.Event) -> None:
        """Tell one event of the engine."""

    def note(self, kind: str, sentence: str, **facts: Any) -> None:
        """Tell something that the user must know: a stand-in, a warning, a written file, a problem."""


class JsonReport(Report):
    """One JSON object a line on standard output, flushed at once, each with a `type`."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, WorkflowRefused):
            for problem in error.problems:
                self.note("problem", problem)
        elif isinstance(error, CommandError):
            self.note("error", str(error))

    def name_nodes(self, titles: Mapping[str, str]) -> None:
        pass  # programs know nodes by their ids

    def note(self, kind: str, sentence: str, **facts: Any) -> None:
        self._write({"type": kind, "message": sentence, **facts})

    def sink(self, event: events.Event) -> None:
        if line := event_as_json(event):
            self._write(line)

    def _write(self, line: Mapping[str, Any]) -> None:
        say(json.dumps(line, default=str))


def event_as_json(event: events.Event) -> dict[str, Any] | None:
    """An engine event as plain data, or None for those that carry pictures."""
    match event:
        case events.Started(nodes):
            return {"type": "started", "nodes": nodes}
        case events.Cached(nodes):
            return {"type": "cached", "nodes": list(nodes)}
        case events.NodeStarted(node):
            return {"type": "node_started", "node": node.id, "class_type": node.type}
        case events.NodeFinished(node, seconds):
            return {"type": "node_finished", "node": node.id, "seconds": round(seconds, 4)}
        case events.Progress(node, value, total):
            return {"type": "progress", "node": node.id, "value": value, "max": total}
        case events.UiOutput(node, output):
            return {"type": "output", "node": node.id, "output": output}
        case events.Warned(node, sentence):
            return {"type": "warning", "message": sentence, "node": node.id if node else None}
        case events.NodeBlocked(node, message):
            return {"type": "blocked", "node": node.id, "message": message}
        case events.Failed(error):
            return {"type": "error", "node": error.node.id, "input": error.input_name, "message": str(error)}
        case events.RunCancelled(node):
            return {"type": "cancelled", "node": node.id if node else None}
        case events.Finished(seconds):
            return {"type": "finished", "seconds": round(seconds, 3)}
        case events.Preview():
            return None


class BarReport(Report):
    """A bar for the graph and one for each node that reports steps, on standard error; paths on standard output."""

    def __init__(self) -> None:
        self._titles: Mapping[str, str] = {}
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
        )
        self._graph: TaskID | None = None
        self._nodes: dict[str, TaskID] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def name_nodes(self, titles: Mapping[str, str]) -> None:
        self._titles = titles

    def note(self, kind: str, sentence: str, **facts: Any) -> None:
        if kind == "saved":  # what a script reads: the path alone, on standard output
            self._stop()
            say(sentence)
        else:
            label = LABELS.get(kind, "")
            self._console.print(f"{label}{sentence}", markup=False, soft_wrap=True)

    def sink(self, event: events.Event) -> None:
        match event:
            case events.Started(nodes):
                self._bars.start()
                self._graph = self._bars.add_task("Workflow", total=nodes, note="")
            case events.Cached(nodes):
                self._advance(len(nodes))
            case events.NodeStarted(node):
                if self._graph is not None:
                    self._bars.update(self._graph, note=self._title(node.display))
            case events.Progress(node, value, total):
                if node.id not in self._nodes:
                    self._nodes[node.id] = self._bars.add_task(self._title(node.display), total=total, note="")
                self._bars.update(self._nodes[node.id], completed=value, total=total)
            case events.NodeFinished(node, _):
                self._advance(1)
                if node.id in self._nodes:
                    bar = self._nodes[node.id]
                    self._bars.update(bar, completed=self._bars.tasks[bar].total or 0)
            case events.Warned(node, sentence):
                self.note("warning", sentence)
            case events.NodeBlocked(node, message):
                self.note("warning", f"{self._title(node.id)} did not run: {message}")
            case events.Failed(error):
                self._console.print(f"Error: {error}", markup=False, soft_wrap=True)
            case events.RunCancelled(_):
                self._console.print("Cancelled. What was already written is kept.")
            case events.Finished():
                if self._graph is not None:
                    self._bars.update(self._graph, note="")
            case _:
                pass

    def _stop(self) -> None:
        if self._graph is not None and self._bars.live.is_started:  # stopping bars that never were draws an empty line
            self._bars.stop()

    def _advance(self, nodes: int) -> None:
        if self._graph is not None:
            self._bars.advance(self._graph, nodes)

    def _title(self, node: str) -> str:
        return self._titles.get(node, node)
