"""The engine: give it node types and what they need, then graphs to run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Literal

from execution.cache import Cache, MemoryCache
from execution.calls import Instances, StillShown, Surroundings
from execution.context import CancelToken, Services
from execution.dynamic_graph import DynamicGraph
from execution.errors import Cancelled, NodeError, NodeRef
from execution.events import Failed, Finished, NodeFinished, RunCancelled, Sink
from execution.explain import Reasons
from execution.graph import Graph, to_prompt
from execution.keys import FileDigests, KeyRecord
from execution.metering import Meter
from execution.outbox import Outbox
from execution.plan import Plans
from execution.planned import OnPlanned, Planned
from execution.registry import Registry
from execution.run import Run

ThreadContext = Callable[[], AbstractContextManager[Any]]
"""What a thread that calls nodes enters: inference mode, the current device."""

RunContext = Callable[[CancelToken], AbstractContextManager[Any]]
"""What the device thread enters for one run: how long work below the nodes asks whether to stop."""


@dataclass(slots=True, repr=False)
class RunResult:
    """How a run ended, and what it made."""

    status: Literal["success", "error", "cancelled"]
    outputs: dict[str, list[list[Any]]] = field(default_factory=dict[str, list[list[Any]]])  # of targets that are done
    ui: dict[str, dict[str, list[Any]]] = field(default_factory=dict[str, dict[str, list[Any]]])
    nodes: dict[str, NodeRef] = field(default_factory=dict[str, NodeRef])  # those of `ui`
    executed: list[str] = field(default_factory=list[str])  # in order
    cached: list[str] = field(default_factory=list[str])
    error: NodeError | None = None
    cancelled_at: NodeRef | None = None
    seconds: float = 0.0
    record: KeyRecord | None = None
    failed: NodeFinished | None = None  # how long the failed node ran (0: it was not called), and what it took
    planned: Planned | None = None
    reasons: Reasons | None = None

    def __repr__(self) -> str:  # short: asyncio writes a task's result out whenever it restores signal handlers
        return f"RunResult({self.status}, {len(self.executed)} executed, {len(self.cached)} cached)"

    def why(self, node_id: str) -> str:
        """A sentence that says why a node ran in this run, or why it did not."""
        if self.reasons is None:
            return f"Node {node_id} did not run: the run ended before anything was decided."
        return self.reasons.sentence(node_id, self.executed, self.cached)


class Engine:
    """Runs graphs, one at a time, and keeps what they made.

    `services` are the objects nodes ask for by type; `files` tells the content of files apart; `code_salt` is a
    version of the code that nodes call (their own is in the keys anyway). `session` marks the results of node packs,
    whose nodes may depend on what their keys do not say: another session does not take them for its own. `meter`
    measures the memory that nodes take. `still_shown` tells whether what an output node showed is there yet: where a
    person has deleted the picture, the node runs again.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        cache: Cache | None = None,
        services: Iterable[object] = (),
        files: FileDigests | None = None,
        thread_context: ThreadContext = nullcontext,
        run_context: RunContext = nullcontext,
        code_salt: str = "",
        session: str = "",
        meter: Meter | None = None,
        still_shown: StillShown | None = None,
    ) -> None:
        self.registry = registry
        self.cache: Cache = MemoryCache() if cache is None else cache
        self._services = Services(services)
        self._files = files
        self._thread_context = thread_context
        self._run_context = run_context
        self._meter = meter
        self._still_shown = still_shown
        self._plans = Plans(registry, code_salt, session)
        self._instances: Instances = {}
        self._last: KeyRecord | None = None
        self._device = ThreadPoolExecutor(1, thread_name_prefix="device")

    def close(self) -> None:
        """End the device thread, let the cache finish what it is writing, and close the services that can be closed."""
        self._device.shutdown()
        self.cache.close()
        self._services.close()

    def forget(self) -> None:
        """Forget all results and the objects of class-style nodes; not while a graph runs."""
        self.cache.clear()
        self._instances.clear()

    async def run(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        sink: Sink | None = None,
        extra: Mapping[str, Any] | None = None,
        prompt: Mapping[str, Any] | None = None,
        cancel: CancelToken | None = None,
        services: Iterable[object] = (),
        begins: Callable[[NodeRef], None] | None = None,
        planned: OnPlanned | None = None,
    ) -> RunResult:
        """Run what the output nodes of a graph, or `targets`, depend on.

        `extra` is what the client sent along (`extra_pnginfo`); `prompt` the API prompt if it is at hand; `services`
        are objects for the nodes of this run alone; `begins` is called before each node, by the thread that calls it,
        so that it is known even when the node ends the process at once; `planned` is told what the run is about to do.
        A failing node is told in the result, not raised. When the task that awaits this is cancelled, so is the run.

        Raises:
            KeyError: a target is not in the graph.
        """
        wanted = self._targets(graph) if targets is None else list(dict.fromkeys(targets))
        for node_id in wanted:
            if node_id not in graph:
                raise KeyError(f"Node {node_id} is asked for but is not in the graph.")
        loop = asyncio.get_running_loop()
        token = cancel or CancelToken()
        outbox = Outbox(sink, loop)
        prompts = [prompt] if prompt is not None else []

        def submitted() -> Mapping[str, Any]:
            if not prompts:
                prompts.append(to_prompt(graph))
            return prompts[0]

        given = self._services.joined(services)
        around = Surroundings(
            DynamicGraph(graph),
            given,
            extra or {},
            submitted,
            outbox.put,
            token,
            self._thread_context,
            begins,
            self._meter,
            still_shown=self._still_shown,
        )
        run = Run(around, self._plans, self.cache, self._files, self._instances, outbox)
        plan = Planned(around.graph, run.keys, self.registry, self._last)
        if planned is not None:
            around.planned = partial(planned, plan)
        driving = loop.run_in_executor(self._device, self._drive, run, wanted, around, plan)
        try:
            while not driving.done():
                try:
                    await asyncio.shield(driving)
                except asyncio.CancelledError:
                    token.cancel()
                    await asyncio.wait([driving])
                    raise
            return driving.result()
        finally:
            await run.abandon()
            outbox.flush()

    def run_sync(self, graph: Graph, targets: Iterable[str] | None = None, **options: Any) -> RunResult:
        """`run` for programs without an event loop."""
        return asyncio.run(self.run(graph, targets, **options))

    def _targets(self, graph: Graph) -> list[str]:
        kinds = {kind: node.spec.output_node for kind in self.registry if (node := self.registry.get(kind))}
        return [node.id for node in graph.values() if kinds.get(node.type)]

    def _drive(self, run: Run, targets: list[str], around: Surroundings, plan: Planned) -> RunResult:
        """The whole of a run; on the device thread."""
        started = perf_counter()
        result = RunResult("success", planned=plan)
        for key in [key for key in self._instances if key[0] not in around.graph.nodes]:
            del self._instances[key]
        try:
            with self._thread_context(), self._run_context(around.cancel):
                result.outputs = run.drive(targets)
        except NodeError as error:
            result.status, result.error = "error", error
            result.failed = run.failed or NodeFinished(error.node, 0.0)
        except Cancelled:
            result.status, result.cancelled_at = "cancelled", run.at
        result.seconds = perf_counter() - started
        result.executed, result.cached, result.ui = run.executed, run.cached, run.ui
        result.nodes = {node_id: around.graph.ref(node_id) for node_id in run.ui}
        result.record = plan.record()
        result.reasons, self._last = Reasons(result.record, self._last), result.record
        if result.error is not None:
            around.emit(Failed(result.error))
        elif result.status == "cancelled":
            around.emit(RunCancelled(result.cancelled_at))
        else:
            around.emit(Finished(result.seconds))
        return result
