"""What a worker tells of a run: many events in one message, progress thinned out, order kept."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from time import monotonic

from execution.errors import NodeRef
from execution.events import Cached, Event, NodeBlocked, NodeFinished, Preview, Progress, Warned
from execution.explain import Reasons
from execution.planned import Planned
from execution.workers.event_data import EventData, event_to_data
from execution.workers.messages import Told
from execution.workers.outcomes import Notes
from execution.workers.pictures import Pictures
from execution.workers.pipes import Pipe
from execution.workers.plain import text_of
from execution.workers.reports import CACHED, NodeReport

PROGRESS_EVERY = 0.05  # seconds between two of a node's progress events that are sent
ALWAYS_TOLD = 200  # progress events of a node that are all sent: clients count a sampler's steps


class Teller:
    """The sink of one run; used on the event loop's thread.

    The engine hands over what has happened every few milliseconds, and each such lot becomes one message. A node's
    progress beyond the first 200 is sent at most every 50 ms, the last before anything else is told of the node.
    """

    def __init__(self, job: str, pipe: Pipe, pictures: Pictures) -> None:
        self.notes = Notes()
        self._job = job
        self._pipe = pipe
        self._pictures = pictures
        self._batch: list[EventData] = []
        self._held: dict[str, Progress] = {}
        self._sent: dict[str, float] = {}  # node id -> when its progress was last told
        self._told: Counter[str] = Counter()  # node id -> how often that was
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.Handle | None = None  # a look that is planned
        self._planned: Planned | None = None
        self._reasons: Reasons | None = None

    def sink(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Preview):
            self._picture(event)
        else:
            if isinstance(event, NodeFinished):
                event = self._explained(event)
            self._note(event)
            self._release(event.node.id if isinstance(event, NodeFinished) else None)
            self._add(event)
            if isinstance(event, NodeFinished):
                self._sent.pop(event.node.id, None)
                del self._told[event.node.id]
                self._pictures.forget(event.node)

    def plan(self, planned: Planned) -> None:
        """The run is about to begin; on any thread."""
        self._planned = planned

    def end(self) -> None:
        """Tell what is still held."""
        self._release(None)
        self._flush()
        if self._later is not None:
            self._later.cancel()

    def _note(self, event: Event) -> None:
        notes = self.notes
        if isinstance(event, NodeFinished):
            notes.reports[event.node.id] = NodeReport("ran", event.seconds, event.peak_bytes, event.reason)
        elif isinstance(event, Cached):
            if notes.cached is None:
                notes.cached = event.nodes
            for node_id in event.nodes:
                notes.reports.setdefault(node_id, CACHED)
        elif isinstance(event, NodeBlocked):
            notes.blocked.append((event.node, event.message))
        elif isinstance(event, Warned):
            notes.warn(event.sentence)

    def _explained(self, event: NodeFinished) -> NodeFinished:
        """The event with why the node ran."""
        if self._reasons is None:
            if self._planned is None:
                return event
            self._reasons = self._planned.reasons()
        return NodeFinished(event.node, event.seconds, event.peak_bytes, self._reasons.of(event.node.id))

    def _progress(self, event: Progress) -> None:
        node = event.node.id
        now = monotonic()
        due = self._sent.get(node, 0.0) + PROGRESS_EVERY
        if now >= due or self._told[node] < ALWAYS_TOLD:
            self._held.pop(node, None)
            self._told[node] += 1
            self._sent[node] = now
            self._add(event)
        else:
            self._held[node] = event
            if self._later is None:
                self._later = self._loop.call_later(due - now, self._look)

    def _release(self, node: str | None) -> None:
        """Tell the progress that is held: of one node, or of all."""
        for held in [node] if node is not None else list(self._held):
            event = self._held.pop(held, None)
            if event is not None:
                self._sent[held] = monotonic()
                self._add(event)

    def _picture(self, event: Preview) -> None:
        node: NodeRef = event.node
        if self._pictures.is_full(event.image):
            self._release(None)
            self._flush()
            self._pictures.send_full(self._job, node, event.image)
        else:
            self._pictures.show(self._job, node, event.image)

    def _add(self, event: Event) -> None:
        try:
            data = event_to_data(event)
        except Exception as error:  # noqa: BLE001 - what nodes show is theirs, and may fail when it is looked at
            print(f"A {type(event).__name__} could not be told ({text_of(error)}).", file=sys.stderr, flush=True)
            return
        if data is None:
            return
        self._batch.append(data)
        if self._later is None or isinstance(self._later, asyncio.TimerHandle):
            if self._later is not None:
                self._later.cancel()
            self._later = self._loop.call_soon(self._look)

    def _look(self) -> None:
        self._later = None
        now = monotonic()
        for node in [node for node in self._held if now >= self._sent.get(node, 0.0) + PROGRESS_EVERY]:
            self._sent[node] = now
            data = event_to_data(self._held.pop(node))
            if data is not None:
                self._batch.append(data)
        self._flush()
        if self._held:
            self._later = self._loop.call_later(PROGRESS_EVERY, self._look)

    def _flush(self) -> None:
        if self._batch:
            self._pipe.send(Told(self._job, self._batch))
            self._batch = []
