"""One run of a graph, by demand.

The run is driven on one thread, the device thread, which calls synchronous nodes itself, one after the other, without
going back to the event loop between them. Async nodes run on the event loop; what they have to say to the run
(results, wishes for lazy inputs) comes through an inbox that the device thread empties between nodes.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any

from execution.async_calls import AsyncCalls
from execution.cache import Cache, Entry
from execution.calls import Caller, Instances, Surroundings, node_error
from execution.errors import Cancelled, NodeError, NodeRef
from execution.events import Cached, NodeBlocked, NodeFinished, NodeStarted, Started, UiOutput
from execution.expand import Expander
from execution.graph import Link
from execution.keys import FileDigests, Keys
from execution.lineage import Lineage
from execution.mapping import Result, merge_outputs, merge_ui
from execution.outbox import Outbox
from execution.plan import Plans
from execution.results import Blocked
from execution.schedule import Schedule
from execution.work import State, Work

PATIENCE = 2.0  # seconds that abandoned async nodes get to end
SETTLING = 10.0  # seconds that output nodes under way get to end when another node has failed

Message = Callable[[], None]
"""Something for the device thread to do; what it raises ends the run."""


class Run:
    """A run under way: made on the event loop's thread, driven on the device thread."""

    def __init__(
        self,
        around: Surroundings,
        plans: Plans,
        cache: Cache,
        files: FileDigests | None,
        instances: Instances,
        outbox: Outbox,
    ) -> None:
        self._around = around
        self._graph = around.graph
        self._plans = plans
        self._cache = cache
        self._outbox = outbox
        self._loop = asyncio.get_running_loop()
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._tasks: set[asyncio.Task[list[Result]]] = set()
        self._under_way = 0  # async nodes
        self._outputs_under_way: set[Work] = set()
        self._known_at_start: set[str] = set()
        works: dict[str, Work] = {}
        self._caller = Caller(around, works, instances, self._wait_for)
        self.keys = Keys(self._graph, plans, files, self._caller.fingerprint)
        around.ancestors = Lineage(self._graph, plans, self.keys, works, cache).of
        self._schedule = Schedule(self._graph, self.keys, plans, cache, works, self._take_known)
        self._expander = Expander(self._graph, self.keys, plans, self._schedule)
        self.at: NodeRef | None = None  # the node called last
        self.failed: NodeFinished | None = None  # how long the node took that failed, and how much memory
        self.executed: list[str] = []
        self.cached: list[str] = []
        self.ui: dict[str, dict[str, list[Any]]] = {}

    def drive(self, targets: list[str]) -> dict[str, list[list[Any]]]:
        """Run what `targets` need; their outputs. To be called on the device thread.

        Raises:
            NodeError: a node failed.
            Cancelled: the run was cancelled.
        """
        emit = self._outbox.put
        self._around.cancel.on_cancel(lambda: self._inbox.put(_nothing))
        needed = self.keys.compute(targets)
        self._around.planned()
        keys = self.keys.of
        self._cache.begin_run([keys[node_id] for node_id in needed])
        self._forget_what_is_gone(targets)
        self.cached = [node_id for node_id in needed if keys[node_id] in self._cache]
        self._known_at_start = set(self.cached)
        emit(Started(len(needed)))
        emit(Cached(tuple(self.cached)))
        for node_id in targets:
            self._schedule.demand(node_id).held = True
        try:
            self._until_done()
        except NodeError as error:
            self.failed = self._failure(error)
            self._settle()
            raise
        works = self._schedule.works
        return {n: entry.outputs for n in targets if (entry := works[n].entry) is not None}

    def _forget_what_is_gone(self, targets: list[str]) -> None:
        """Results whose files somebody deleted since are no results any more."""
        still_shown = self._around.still_shown
        if still_shown is None:
            return
        for node_id in targets:
            known = self._cache.peek(self.keys.of[node_id])
            if known is not None and known.ui and not still_shown(known.ui):
                self._cache.drop(self.keys.of[node_id])

    def _failure(self, error: NodeError) -> NodeFinished:
        """What is known of the node that failed, and of its memory only here: its call has not returned."""
        work = self._schedule.works.get(error.node.id)
        if work is None or not work.began:
            return NodeFinished(error.node, 0.0)
        seconds = perf_counter() - work.began
        measured = self._around.meter if not work.plan.node.is_async and work.ref == self.at else None
        return NodeFinished(error.node, seconds, measured.peak(seconds) if measured is not None else None)

    def _until_done(self) -> None:
        inbox, pop, cancel = self._inbox, self._schedule.pop, self._around.cancel
        while True:
            while not inbox.empty():
                inbox.get()()
            if cancel.cancelled:
                raise Cancelled("The run was cancelled.")
            work = pop()
            if work is not None:
                self._step(work)
            elif self._under_way:
                inbox.get()()
            else:
                break
        for work in self._schedule.unfinished():  # nothing can run, but something waits
            self._schedule.check_cycle(work)
        assert not self._schedule.unfinished()

    def _settle(self) -> None:
        """Let files that are being written be finished, as they would have been had their nodes not been async."""
        until = perf_counter() + SETTLING
        while self._outputs_under_way and not self._around.cancel.cancelled and perf_counter() < until:
            with suppress(queue.Empty):
                self._inbox.get(timeout=max(until - perf_counter(), 0))

    def _step(self, work: Work) -> None:
        if work.state is State.EXPANDING:
            self._merge(work, self._expander.collect(work))
        elif work.twin is not None:
            assert work.twin.entry is not None
            self._complete(work, work.twin.entry)
            self._take_known(work)
        else:
            self._begin(work)

    def _begin(self, work: Work) -> None:
        self.at = work.ref
        if self._around.begins is not None:
            self._around.begins(work.ref)
        if work.ref.id in self._known_at_start:  # its result was lost since
            self._known_at_start.discard(work.ref.id)
            self.cached.remove(work.ref.id)
        node = work.plan.node
        self._outbox.put(NodeStarted(work.ref))
        if node.check_lazy is not None and work.plan.lazy and self._lacks_inputs(work):
            return
        self.executed.append(work.ref.id)
        work.began = perf_counter()
        if node.is_async:
            values = self._caller.gather(work)
            work.state = State.RUNNING
            self._under_way += 1
            if work.plan.spec.output_node:
                self._outputs_under_way.add(work)
            calls = AsyncCalls(self._caller, work, self._ask)
            self._loop.call_soon_threadsafe(self._launch, work, calls.run(values))
            return
        meter = self._around.meter
        if meter is None:
            self._called(work, self._caller.call(work))
            return
        meter.begin()
        results = self._caller.call(work)
        work.peak = meter.peak(perf_counter() - work.began)
        self._called(work, results)

    def _lacks_inputs(self, work: Work) -> bool:
        """Ask a class-style node which lazy inputs it wants; whether it must wait for one."""
        schedule = self._schedule
        while True:
            links = dict(work.node.links())
            wanted = [links[name] for name in self._caller.lazy_needs(work) if name in links]
            there = {source.ref.id for source in work.sources}
            new = [link.node for link in wanted if link.node not in there]
            if not new:
                return False
            for node_id in new:
                schedule.wait(work, schedule.demand(node_id))
            if work.waits:
                schedule.check_cycle(work)
                return True

    def _called(self, work: Work, results: list[Result]) -> None:
        """A node's calls have returned."""
        work.seconds += perf_counter() - work.began
        if any(not isinstance(result, Blocked) and result.expansion is not None for result in results):
            self._expander.expand(work, results)
        else:
            self._merge(work, results)

    def _merge(self, work: Work, results: list[Result]) -> None:
        messages: dict[str, None] = {}
        free = not results
        for row, result in enumerate(results):
            if not isinstance(result, Blocked):
                free = True
            elif result.message is not None:
                messages[result.message] = None
                results[row] = Blocked()
        for message in messages:
            self._outbox.put(NodeBlocked(work.ref, message))
        try:
            outputs = merge_outputs(results, work.plan.lists)
        except Exception as error:  # a list output may be a generator, whose code is the node's own
            raise node_error(work.ref, error, {}) from error
        lasting = not work.plan.spec.output_node and work.ref.id not in self.keys.fleeting
        entry = Entry(outputs, merge_ui(results), work.seconds, lasting)
        kept = free and work.plan.node.kept
        if kept:  # what was never called costs nothing, and a message is to be told in the next run too
            self._cache.put(work.key, work.root, entry)
        self._complete(work, entry)
        if entry.ui is not None and work.ref.id not in self.ui:
            self._show(work, entry.ui)
        self._outbox.put(NodeFinished(work.ref, work.seconds, work.peak))

    def _complete(self, work: Work, entry: Entry) -> None:
        parent = self._schedule.works.get(work.ref.parent) if work.ref.parent is not None else None
        if parent is not None:
            parent.seconds += work.seconds
            if work.peak is not None:
                parent.peak = work.peak if parent.peak is None else max(parent.peak, work.peak)
        for consumer in self._schedule.complete(work, entry):
            for future, slot in consumer.awaiting.pop(work, ()):
                self._loop.call_soon_threadsafe(_resolve, future, entry.outputs[slot])

    def _take_known(self, work: Work) -> None:
        """A node's result came from the cache or from an equal node."""
        if work.ref.id not in self._known_at_start:
            self.cached.append(work.ref.id)
            self._outbox.put(Cached((work.ref.id,)))
        if work.entry is not None and work.entry.ui is not None:
            self._show(work, work.entry.ui)

    def _show(self, work: Work, ui: Mapping[str, list[Any]]) -> None:
        self.ui[work.ref.id] = dict(ui)
        self._outbox.put(UiOutput(work.ref, dict(ui)))

    # What follows is about async nodes.

    def _launch(self, work: Work, calls: Coroutine[Any, Any, list[Result]]) -> None:
        """Begin an async node; on the event loop's thread."""
        task = self._loop.create_task(calls)
        self._tasks.add(task)
        task.add_done_callback(partial(self._landed, work))

    def _landed(self, work: Work, task: asyncio.Task[list[Result]]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        try:
            if not task.cancelled() and failure is None:
                self._show_early(work, task.result())
        finally:
            self._outputs_under_way.discard(work)
            self._inbox.put(partial(self._land, work, task, failure))

    def _show_early(self, work: Work, results: list[Result]) -> None:
        """Tell what an async node shows as soon as it is known; the device thread may be busy for long."""
        if any(not isinstance(result, Blocked) and result.expansion is not None for result in results):
            return
        ui = merge_ui(results)
        if ui is not None:
            self._show(work, ui)

    def _land(self, work: Work, task: asyncio.Task[list[Result]], failure: BaseException | None) -> None:
        """An async node has ended; on the device thread."""
        self._under_way -= 1
        if task.cancelled():
            stopped = asyncio.CancelledError("it cancelled itself")
            raise node_error(work.ref, stopped, {}) from stopped
        if failure is not None:
            raise failure
        self._called(work, task.result())

    async def _ask(self, work: Work, link: Link) -> list[Any]:
        """A running node wants a lazy input; on the event loop's thread."""
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        self._inbox.put(partial(self._answer, work, link, future))
        return await future

    def _answer(self, work: Work, link: Link, future: asyncio.Future[list[Any]]) -> None:
        source = self._schedule.demand(link.node)
        self._schedule.wait(work, source)
        count = len(self._plans(source.node.type).lists)
        if not 0 <= link.slot < count:
            raise NodeError(work.ref, f"it asks for output {link.slot} of node {source.ref}, which has {count}.")
        if source.entry is not None:
            self._loop.call_soon_threadsafe(_resolve, future, source.entry.outputs[link.slot])
            return
        work.awaiting.setdefault(source, []).append((future, link.slot))
        self._schedule.check_cycle(work)

    def _wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run an async hook of a node (IS_CHANGED, check_lazy_status) to its end; on the device thread."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        self._around.cancel.on_cancel(lambda: _cancel(future))
        try:
            return future.result()
        except FutureCancelledError:
            raise Cancelled("The run was cancelled.") from None

    async def abandon(self) -> None:
        """Give up the async nodes that are still under way."""
        tasks: Iterable[asyncio.Task[list[Result]]] = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)


def _cancel(future: Future[Any]) -> None:
    future.cancel()


def _nothing() -> None:
    """A message that only wakes the device thread."""


def _resolve(future: asyncio.Future[list[Any]], items: list[Any]) -> None:
    if not future.done():
        future.set_result(items)
