"""A dispatcher with small worker processes, and what it told."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from execution.graph import parse_prompt
from execution.jobs.records import Job, NewJob
from execution.jobs.store import JobStore
from execution.logbook import Logbook
from execution.workers.dispatcher import Dispatcher
from execution.workers.news import JobEnded, JobPicture, JobTold
from execution.workers.states import Launch

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds; a test that waits longer has failed


def launch(name: str = "small", *how: str) -> Launch:
    command = [sys.executable, "-m", "tests.execution.small_worker", *how]
    return Launch(name, command, {"PYTHONPATH": str(ROOT)})


def chain(*nodes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A prompt of nodes "1", "2" ...; "<" as a value stands for the node before."""
    prompt: dict[str, Any] = {}
    for index, (kind, inputs) in enumerate(nodes, 1):
        given = {name: [str(index - 1), 0] if value == "<" else value for name, value in inputs.items()}
        prompt[str(index)] = {"class_type": kind, "inputs": given}
    return prompt


def one(kind: str, **inputs: Any) -> dict[str, Any]:
    return chain((kind, inputs))


class Watch:
    """All news; a way to wait for some."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.news: list[Any] = []
        self._changed = asyncio.Event()
        dispatcher.listen(self._hear)

    def _hear(self, news: Any) -> None:
        self.news.append(news)
        self._changed.set()

    async def until(self, found: Callable[[], Any]) -> Any:
        """What `found` gives, once it gives something."""
        async with asyncio.timeout(PATIENCE):
            while not (value := found()):
                self._changed.clear()
                await self._changed.wait()
        return value

    def of(self, kind: type) -> list[Any]:
        return [news for news in self.news if isinstance(news, kind)]

    def events(self, job: str, kind: type | tuple[type, ...] = object) -> list[Any]:
        return [n.event for n in self.of(JobTold) if n.job.id == job and isinstance(n.event, kind)]

    def pictures(self, job: str) -> list[JobPicture]:
        return [news for news in self.of(JobPicture) if news.job.id == job]

    async def ended(self, job: str) -> Job:
        """The job, once it has ended."""
        return await self.until(lambda: next((n.job for n in self.of(JobEnded) if n.job.id == job), None))

    async def told(self, job: str, kind: type, count: int = 1) -> Any:
        """A running job's event of this class, once there are so many."""
        return (await self.until(lambda: len(found := self.events(job, kind)) >= count and found))[-1]


class Bench:
    """A dispatcher and what belongs to it."""

    def __init__(self, dispatcher: Dispatcher, logs: Logbook) -> None:
        self.dispatcher = dispatcher
        self.logs = logs
        self.watch = Watch(dispatcher)
        self._count = 0

    async def submit(self, prompt: dict[str, Any], **more: Any) -> str:
        self._count += 1
        job_id = more.pop("id", f"job-{self._count}")
        targets = more.pop("targets", None) or self.outputs(prompt)
        await self.dispatcher.submit(NewJob(job_id, prompt, tuple(targets), **more))
        return job_id

    def outputs(self, prompt: dict[str, Any]) -> list[str]:
        known = (
            "SaveImage",
            "PreviewImage",
            "SaveImageWebsocket",
            "Show",
            "Seeded",
            "Model",
            "Act",
            "Steps",
            "Wait",
            "AsyncExit",
            "Picky",
            "TakesAll",
        )
        return [node_id for node_id, written in prompt.items() if written["class_type"] in known]

    async def run(self, prompt: dict[str, Any], **more: Any) -> Job:
        """Submit, and wait for the end."""
        return await self.watch.ended(await self.submit(prompt, **more))

    async def ready(self, count: int = 1) -> None:
        states = self.dispatcher
        await self.watch.until(lambda: sum(one.status in ("ready", "busy") for one in states.workers) >= count)

    def log(self) -> str:
        return "\n".join(line.text for line in self.logs.lines)

    async def validate(self, prompt: dict[str, Any]) -> Any:
        return await self.dispatcher.validate(parse_prompt(prompt))


@asynccontextmanager
async def bench(folder: Path, *launches: Launch, **options: Any) -> AsyncIterator[Bench]:
    """A dispatcher that runs; everything is ended afterwards."""
    store = options.pop("store", None) or await JobStore.open(folder / "jobs.sqlite3")
    logs = Logbook()
    list_files = options.pop("list_files", lambda _: ["a", "b"])
    has_file = options.pop("has_file", lambda *_: False)
    dispatcher = Dispatcher(store, launches or [launch()], logs, list_files, has_file, **options)
    made = Bench(dispatcher, logs)
    await dispatcher.start()
    try:
        yield made
    finally:
        await dispatcher.stop()
        await store.close()
        for state in dispatcher.workers:
            assert state.status == "stopped"
            assert state.pid is None or not alive(state.pid)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until_gone(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    async with asyncio.timeout(PATIENCE):
        while alive(pid):
            await asyncio.sleep(0.02)
