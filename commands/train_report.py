"""How a training is told: a bar with loss and time for people, one JSON object a line for programs."""

from __future__ import annotations

import json
from collections import deque
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from commands.streams import say
from models.tuning.events import Event, Finished, Preparing, SampleMade, StateSaved, StepDone

SHOWN = 50  # steps whose mean loss is shown, because it wavers from one to the next


class TrainReport(AbstractContextManager["TrainReport"], Protocol):
    """Takes a training's events, and what else is to be told."""

    def tell(self, event: Event) -> None:
        """Tell one event."""
        ...

    def note(self, kind: str, sentence: str) -> None:
        """Tell a sentence: a warning, or a fact of the plan."""
        ...


class JsonTrainReport(TrainReport):
    """For programs."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self.note("error", str(error))

    def note(self, kind: str, sentence: str) -> None:
        say(json.dumps({"type": kind, "message": sentence}))

    def tell(self, event: Event) -> None:
        match event:
            case Preparing(what, done, total):
                line = {"type": "preparing", "what": what, "value": done, "max": total}
            case StepDone(step, steps, loss, rate, left):
                line = {"type": "step", "step": step, "steps": steps, "loss": loss, "rate": rate}
                line["seconds_left"] = round(left, 1)
            case SampleMade(step, number, prompt, path):
                line = {"type": "sample", "step": step, "number": number, "prompt": prompt, "path": str(path)}
            case StateSaved(step, path):
                line = {"type": "state", "step": step, "path": str(path)}
            case Finished(result, plot):
                line = {"type": "finished", "path": str(result), "loss_plot": str(plot)}
        say(json.dumps(line))


class BarTrainReport(TrainReport):
    """For people: a bar on standard error; the result's path on standard output."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._losses: deque[float] = deque(maxlen=SHOWN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def note(self, kind: str, sentence: str) -> None:
        label = "Warning: " if kind == "warning" else ""
        self._console.print(f"{label}{sentence}", markup=False, soft_wrap=True)

    def tell(self, event: Event) -> None:
        match event:
            case Preparing(what, done, total):
                self._show(f"Preparing {what}", done + 1, total, "")
            case StepDone(step, steps, loss, _, left):
                self._losses.append(loss)
                mean = sum(self._losses) / len(self._losses)
                self._show("Learning", step, steps, f"loss {mean:.4f}, {duration(left)} left")
            case SampleMade(path=path):
                self._console.print(f"Sample: {path}", markup=False, soft_wrap=True)
            case StateSaved():
                pass
            case Finished(result, plot):
                self._stop()
                self._console.print(f"Loss: {plot}", markup=False, soft_wrap=True)
                say(str(result))

    def _show(self, what: str, done: int, total: int, note: str) -> None:
        if what not in self._tasks:
            if not self._tasks:
                self._bars.start()
            self._tasks[what] = self._bars.add_task(what, total=total, note=note)
        self._bars.update(self._tasks[what], completed=min(done, total), total=total, note=note)

    def _stop(self) -> None:
        if self._bars.live.is_started:
            self._bars.stop()


def duration(seconds: float) -> str:
    """Such as "2 h 05 min", "3 min 20 s" or "12 s"."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"
