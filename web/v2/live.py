"""What the jobs that run just now are doing, for those who ask and for those who watch."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from execution.events import Cached, Event, NodeBlocked, NodeFinished, NodeStarted, Progress, Started, UiOutput, Warned
from execution.jobs.records import Job
from execution.workers.news import JobEnded, JobPicture, JobRetried, JobStarted, JobTold, News, QueueChanged
from web.v2.outputs import Made, made_by
from web.v2.weights import node_weights

MOST_WAITING = 500  # events kept for a watcher that reads slowly; logs are left out beyond


@dataclass(slots=True)
class RunningJob:
    """How far one job is."""

    weights: Mapping[str, int]  # of the submitted nodes that it needs
    types: Mapping[str, str]
    nodes_total: int = 0
    done: set[str] = field(default_factory=set[str])
    total: int = 1  # of all weights
    weighed: int = 0  # of the weights of what is done
    current: str | None = None
    step: float | None = None
    steps: float | None = None
    value: float = 0.0
    made: dict[tuple[str, str], Made] = field(default_factory=dict[tuple[str, str], Made])
    preview: JobPicture | None = None
    canceling: bool = False

    @classmethod
    def of(cls, job: Job) -> RunningJob:
        weights = node_weights(job.prompt, job.targets)
        types = {node: str(job.prompt[node].get("class_type", "")) for node in weights}
        return cls(weights, types, nodes_total=len(weights), total=max(1, sum(weights.values())))

    def hear(self, event: Event) -> list[Made]:
        """Take an event of the run; returns what it made."""
        match event:
            case Started():
                self.nodes_total = event.nodes
            case Cached():
                for node in event.nodes:
                    self._finish(node)
            case NodeStarted():
                self.current, self.step, self.steps = event.node.real or event.node.id, None, None
            case Progress():
                self.current = event.node.real or event.node.id
                self.step, self.steps = event.value, event.total
            case NodeFinished():
                self._finish(event.node.id)
                if self.current in (event.node.id, event.node.real):
                    self.step, self.steps = None, None
            case UiOutput():
                return self._keep(event)
            case _:
                return []
        self._weigh()
        return []

    def _keep(self, event: UiOutput) -> list[Made]:
        new: list[Made] = []
        for made in made_by(event.node.real or event.node.id, event.output):
            if (made.place, made.name) not in self.made:
                self.made[made.place, made.name] = made
                new.append(made)
        return new

    def _finish(self, node: str) -> None:
        if node not in self.done:
            self.done.add(node)
            self.weighed += self.weights.get(node, 0)

    def _weigh(self) -> None:
        """How much is done of all; it never goes back, as a node may be looked at twice."""
        done: float = self.weighed
        if self.current is not None and self.current not in self.done and self.step is not None and self.steps:
            done += self.weights.get(self.current, 1) * min(1.0, self.step / self.steps)
        self.value = max(self.value, min(1.0, done / self.total))

    def to_json(self) -> dict[str, Any]:
        """Progress, complete in itself."""
        kind = self.types.get(self.current) if self.current is not None else None
        step = None if self.step is None else int(self.step)
        steps = None if self.steps is None else int(self.steps)
        message = kind if step is None else f"{kind} {step}/{steps}"
        return {
            "value": round(self.value, 4),
            "nodes_done": len(self.done),
            "nodes_total": max(self.nodes_total, len(self.done)),
            "current_node": self.current,
            "current_node_class": kind,
            "step": step,
            "steps": steps,
            "message": message,
        }


class Watcher:
    """One event stream. What may be left out (progress, previews, positions) is told by what is newest."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, Any]] = deque()  # ("output", Made), ("log", data)
        self.wake = asyncio.Event()
        self.progress = False
        self.preview = False
        self.status = False
        self.ended: Job | None = None

    def put(self, kind: str, value: Any) -> None:
        if kind != "log" or len(self.waiting) < MOST_WAITING:
            self.waiting.append((kind, value))
        self.wake.set()


class LiveJobs:
    """Hears the dispatcher's news; on the event loop's thread."""

    def __init__(self) -> None:
        self._running: dict[str, RunningJob] = {}
        self._watchers: dict[str, set[Watcher]] = {}

    def running(self, job_id: str) -> RunningJob | None:
        return self._running.get(job_id)

    def mark_canceling(self, job_id: str) -> None:
        """Somebody asked a running job to stop."""
        if job := self._running.get(job_id):
            job.canceling = True
            self._wake(job_id, status=True)

    def watch(self, job_id: str) -> Watcher:
        """Begin to hear of a job; `unwatch` must follow."""
        watcher = Watcher()
        self._watchers.setdefault(job_id, set()).add(watcher)
        return watcher

    def unwatch(self, job_id: str, watcher: Watcher) -> None:
        watchers = self._watchers.get(job_id, set())
        watchers.discard(watcher)
        if not watchers:
            self._watchers.pop(job_id, None)

    def end_all(self) -> None:
        """The server stops: let the streams end."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.wake.set()

    def hear(self, news: News) -> None:
        """The dispatcher's listener."""
        match news:
            case JobTold():
                self._hear_event(news)
            case JobPicture():
                if news.kind == "preview" and (job := self._running.get(news.job.id)):
                    job.preview = news
                    self._wake(news.job.id, preview=True)
            case JobStarted():
                self._running[news.job.id] = RunningJob.of(news.job)
                self._wake(news.job.id, status=True, progress=True)
            case JobRetried():
                self._running.pop(news.job.id, None)
                self._log(news.job.id, "warning", news.reason)
                self._wake(news.job.id, status=True)
            case JobEnded():
                self._running.pop(news.job.id, None)
                for watcher in self._watchers.get(news.job.id, ()):
                    watcher.ended = news.job
                    watcher.wake.set()
            case QueueChanged():
                for job_id in self._watchers:
                    if job_id not in self._running:
                        self._wake(job_id, status=True)
            case _:
                pass

    def _hear_event(self, news: JobTold) -> None:
        job_id, event = news.job.id, news.event
        if isinstance(event, Warned):
            self._log(job_id, "warning", event.sentence)
        elif isinstance(event, NodeBlocked):
            self._log(job_id, "warning", f"Node {event.node} was not run: {event.message}")
        job = self._running.get(job_id)
        if job is None:  # it began before this server listened
            job = self._running[job_id] = RunningJob.of(news.job)
        for made in job.hear(event):
            for watcher in self._watchers.get(job_id, ()):
                watcher.put("output", made)
        self._wake(job_id, progress=True)

    def _log(self, job_id: str, level: str, message: str) -> None:
        for watcher in self._watchers.get(job_id, ()):
            watcher.put("log", {"level": level, "message": message})

    def _wake(self, job_id: str, *, status: bool = False, progress: bool = False, preview: bool = False) -> None:
        for watcher in self._watchers.get(job_id, ()):
            watcher.status |= status
            watcher.progress |= progress
            watcher.preview |= preview
            watcher.wake.set()
