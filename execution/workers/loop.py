"""The loop inside a worker process: takes messages, runs jobs one after the other, tells how they go."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

from execution.context import CancelToken
from execution.engine import Engine
from execution.errors import NodeRef
from execution.graph import GraphNode, parse_prompt
from execution.jobs.records import Outcome
from execution.planned import Planned
from execution.validators import own_validators
from execution.workers.flows import Flows, NotThereError, family_of
from execution.workers.inspecting import Inspection, Inspector
from execution.workers.last_node import STARTING, VARIABLE, LastNode
from execution.workers.messages import (
    Answer,
    Ask,
    CancelJob,
    Ended,
    Ending,
    Free,
    FromWorker,
    Ready,
    RunJob,
    Starting,
)
from execution.workers.outcomes import outcome_of, server_error
from execution.workers.pictures import Encoder, NoPictures, Pictures
from execution.workers.pipes import Pipe
from execution.workers.plain import plain, text_of
from execution.workers.telling import Teller
from execution.workers.wire import Message

ANSWERING_THREADS = 3


ChangePrompt = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
"""Prompt and extra data -> {"prompt": ..., "extra_data": ...}."""


def _no_stats() -> Mapping[str, Any]:
    return {}


def _free_nothing(_asked: Free) -> None:
    """For workers without anything to let go."""


def _no_services(_job: RunJob) -> AbstractContextManager[Iterable[object]]:
    return contextlib.nullcontext(())


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker is made of, besides its pipe. The callables may be called on any thread but `free`."""

    engine: Engine
    ready: Callable[[], Ready]
    free: Callable[[Free], None] = _free_nothing  # called while no job runs
    stats: Callable[[], Mapping[str, Any]] = _no_stats
    catalogue: Callable[[], Mapping[str, Any]] | None = None  # node types asked anew; None: as `ready` says
    encoder: Encoder = field(default_factory=NoPictures)
    services: Callable[[RunJob], AbstractContextManager[Iterable[object]]] = _no_services  # for the nodes of one job
    change: ChangePrompt | None = None  # node packs that change prompts before they run
    inspector: Inspector | None = None  # looks at what flowed; None: nobody can
    meanwhile: Callable[[], None] | None = None  # what makes the first job quicker; begun once the worker is ready


class WorkerLoop:
    """Runs jobs until the server is gone, which ends the process (see `Pipe`)."""

    def __init__(self, parts: WorkerParts, pipe: Pipe, last_node: LastNode) -> None:
        self._parts = parts
        self._pipe = pipe
        self._pictures = Pictures(pipe, parts.encoder)
        self._last_node = last_node
        self._tokens: dict[str, CancelToken] = {}
        self._inbox: asyncio.Queue[RunJob | Free] = asyncio.Queue()
        self._answering = ThreadPoolExecutor(ANSWERING_THREADS, thread_name_prefix="answers")
        self._inspecting = ThreadPoolExecutor(1, thread_name_prefix="inspection")  # may take long, others must not wait
        self._flows = Flows(parts.engine.cache, parts.engine.registry)
        self._inspection = None if parts.inspector is None else Inspection(self._flows, parts.inspector)
        self._check = own_validators(parts.engine.registry)

    async def run(self) -> NoReturn:
        """Say that the worker is ready, then do what comes."""
        loop = asyncio.get_running_loop()

        def take(message: Message) -> None:
            self._take(message, loop)

        self._pipe.listen(take)
        self._pipe.send(self._parts.ready())
        if self._parts.meanwhile is not None:
            threading.Thread(target=self._parts.meanwhile, name="meanwhile", daemon=True).start()
        while True:
            message = await self._inbox.get()
            if isinstance(message, RunJob):
                outcome = await self._run(message)
                self._pictures.forget()
                self._tokens.pop(message.job, None)
                self._pipe.send(Ended(message.job, outcome))
            else:
                self._free(message)

    def _take(self, message: Message, loop: asyncio.AbstractEventLoop) -> None:
        """Sort a message; on the reading thread, so that cancelling and asking never wait for a node."""
        if isinstance(message, CancelJob):
            token = self._tokens.get(message.job)
            if token is not None:
                token.cancel()
        elif isinstance(message, Ask):
            looks = message.kind in ("value", "picture")
            (self._inspecting if looks else self._answering).submit(self._answer, message)
        elif isinstance(message, (RunJob, Free)):
            if isinstance(message, RunJob):
                self._tokens[message.job] = CancelToken()
            loop.call_soon_threadsafe(self._inbox.put_nowait, message)

    async def _run(self, job: RunJob) -> Outcome:
        engine = self._parts.engine
        teller = Teller(job.job, self._pipe, self._pictures)

        def plan(planned: Planned) -> None:
            self._flows.begin(job.job, planned, family_of(job.extra))
            teller.plan(planned)

        try:
            prompt, extra = self._changed(job)
            graph = parse_prompt(prompt)
            with self._parts.services(job) as services:
                result = await engine.run(
                    graph,
                    job.targets,
                    sink=teller.sink,
                    extra=extra,
                    prompt=prompt,
                    cancel=self._tokens[job.job],
                    services=services,
                    begins=lambda node: self._last_node.note(job.job, node),
                    planned=plan,
                )
            outcome = outcome_of(result, teller.notes, graph, engine.registry, engine.cache)
        except Exception as error:  # noqa: BLE001 - the worker's border: this job fails, the next one must still run
            outcome = server_error(error)
        self._flows.end(job.job)
        teller.end()
        return outcome

    def _changed(self, job: RunJob) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Prompt and extra data, as node packs leave them."""
        if self._parts.change is None:
            return job.prompt, job.extra
        changed = self._parts.change(job.prompt, job.extra)
        return changed["prompt"], changed["extra_data"]

    def _free(self, asked: Free) -> None:
        try:
            self._parts.free(asked)
        except Exception as error:  # noqa: BLE001 - the worker's border: what could not be let go stays
            print(f"Memory could not be freed ({text_of(error)}).", file=sys.stderr, flush=True)

    def _answer(self, ask: Ask) -> None:
        try:
            value, payload = self._look(ask) if ask.kind in ("value", "picture") else (self._find_answer(ask), b"")
            answer = Answer(ask.number, plain(value), payload=payload)
        except Exception as error:  # noqa: BLE001 - the worker's border: the asker hears why there is no answer
            answer = Answer(ask.number, error=f"{type(error).__name__}: {text_of(error)}")
        self._pipe.send(answer)

    def _find_answer(self, ask: Ask) -> Any:
        if ask.kind == "stats":
            return self._parts.stats()
        if ask.kind == "catalogue":
            return self._parts.catalogue() if self._parts.catalogue is not None else self._parts.ready().catalogue
        return [self._judge(*question) for question in cast("list[list[Any]]", ask.question)]

    def _look(self, ask: Ask) -> tuple[Any, bytes]:
        """What flowed, as `Ask` describes it."""
        try:
            if self._inspection is None:
                raise NotThereError(410, "This worker cannot show what flowed through its wires.")
            if ask.kind == "picture":
                told, picture = self._inspection.picture(ask.question)
                return {"status": 200, "told": told}, picture
            return {"status": 200, "told": self._inspection.value(ask.question)}, b""
        except NotThereError as error:
            return {"status": error.status, "sentence": error.sentence}, b""

    def _judge(self, node: str, kind: str, inputs: Mapping[str, Any], received: Mapping[str, str]) -> str | None:
        """What a node type's own validator says."""
        found = self._parts.engine.registry.get(kind)
        if found is None:
            return None
        return self._check(GraphNode(node, kind), found.spec, inputs, received)


def serve_pipe(pipe: Pipe, build: Callable[[Callable[[FromWorker], None]], WorkerParts]) -> NoReturn:
    """Be a worker: build its parts, run jobs, end the process. Does not return.

    `build` gets a way to send messages: to tell what it is doing (`Starting`), and for node packs (`Broadcast`).
    Whatever ends the process is told to the server first: also an exit that a node asks for.
    """
    code = 0
    loop = asyncio.new_event_loop()
    last_node = LastNode(os.environ.get(VARIABLE))

    def send(message: FromWorker) -> None:
        if isinstance(message, Starting):
            last_node.note(STARTING, NodeRef(message.pack, "", message.pack))
        pipe.send(message)

    try:
        parts = build(send)
        loop.run_until_complete(WorkerLoop(parts, pipe, last_node).run())
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        pipe.send(Ending(f"sys.exit({asked.code!r}) was called"))
    except BaseException as error:  # noqa: BLE001 - the process's border: the server is told why it ends
        code = 1
        sys.excepthook(type(error), error, error.__traceback__)
        pipe.send(Ending(f"it failed ({type(error).__name__}: {text_of(error, 1_000)})"))
    pipe.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # not by way of the interpreter's end, which would wait for threads that never end
