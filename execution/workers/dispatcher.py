"""The dispatcher: everything that others may do with jobs and workers, and what they hear of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, Literal

from execution.errors import NodeRef
from execution.graph import Graph
from execution.jobs.errors import StoreError
from execution.jobs.records import Job, NewJob
from execution.jobs.store import JobStore, Submitted
from execution.logbook import Logbook
from execution.schema import ListFiles, NodeSpec
from execution.validate import Validation
from execution.validate_values import HasFile, PathOf
from execution.workers.asking import Asking, Folders
from execution.workers.board import Board
from execution.workers.eta import Eta
from execution.workers.event_data import event_from_data
from execution.workers.forecasts import Forecasts
from execution.workers.giving_out import GivingOut
from execution.workers.journals import Journals
from execution.workers.known import Known
from execution.workers.messages import Answer, Broadcast, Ended, Free, FromWorker, Pack, Picture, Ready, Told
from execution.workers.news import (
    CatalogueChanged,
    JobPicture,
    JobQueued,
    JobTold,
    Listener,
    News,
    PackMessage,
    WorkersChanged,
)
from execution.workers.plain import text_of
from execution.workers.running import Running
from execution.workers.seat import Seat
from execution.workers.states import JobProgress, Launch, WorkerState
from folders.job_files import JobFiles

GRACE = 30.0  # seconds that a cancelled job gets to stop before its worker is ended


class Dispatcher:
    """Used on one event loop. `listen` hears what happens, in order.

    `list_files` and `has_file` answer for the user's folders; `path_of` names a folder on disk, for remedies;
    `fingerprint` stands for all that decides which node types there are (see `Known`); `job_files` are the journals
    of published files, to be forgotten when a job has ended; `grace` is how many seconds a cancelled job gets to stop.
    """

    def __init__(
        self,
        store: JobStore,
        launches: Sequence[Launch],
        logs: Logbook,
        list_files: ListFiles,
        has_file: HasFile | None = None,
        *,
        path_of: PathOf | None = None,
        fingerprint: str = "",
        job_files: JobFiles | None = None,
        grace: float = GRACE,
    ) -> None:
        self.store = store
        self._logs = logs
        self._journals = None if job_files is None else Journals(job_files)
        self._listeners: list[Listener] = [] if self._journals is None else [self._journals.hear]
        self._wake = asyncio.Event()
        self._board = Board(store, logs, self._emit, self._wake.set, grace)
        self._known = Known(store, fingerprint)
        self._seats = [Seat(one, self._take, self._died, self._seat_changed, self._line) for one in launches]
        folders = Folders(list_files, has_file, path_of)
        self._asking = Asking(self._seats, self._known, folders, logs)
        board, seats, known = self._board, self._seats, self._known
        self._giving_out = GivingOut(store, board, seats, known, self._wake, self._emit, self._queued)
        self._forecasts = Forecasts(store, board, known)
        self._listeners.append(self._forecasts.hear)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._submitting: set[str] = set()  # ids of jobs of which nobody has been told yet
        self._stopping = False

    # Life

    async def start(self) -> None:
        """Begin; workers come up by themselves."""
        try:
            await self._known.load()
            await self._forecasts.load()
            if self._journals is not None:
                await self._journals.tidy(self.store)
        except (StoreError, OSError) as error:
            self._logs.write("server", f"What was kept from the last time cannot be read. {error}")
        for seat in self._seats:
            seat.start()
        self._giving_out.start()

    async def stop(self) -> None:
        """End the workers; what ran goes back to the front of the queue, as if it had not begun."""
        self._stopping = True
        await self._giving_out.stop()
        await asyncio.gather(*(seat.stop() for seat in self._seats))
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._board.close()
        await self._forecasts.close()
        if self._journals is not None:
            await self._journals.close()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear all news from now on; returns how to stop hearing them."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # What is going on

    @property
    def remaining(self) -> int:
        """Jobs that wait or run."""
        return self.store.remaining

    @property
    def paused(self) -> str | None:
        """Why the queue is paused; None: it is not."""
        return self.store.paused

    @property
    def running(self) -> list[Job]:
        """The jobs that run now."""
        return [one.job for one in self._board.running.values()]

    def progress(self, job_id: str) -> JobProgress | None:
        """How far a running job is; changes while it runs."""
        running = self._board.running.get(job_id)
        return running.progress if running is not None else None

    def forecast(self, job_id: str) -> Eta | None:
        """When a running job will be done; None: nobody can say."""
        return self._forecasts.of(job_id)

    @property
    def workers(self) -> list[WorkerState]:
        """The workers as they are now."""
        return [seat.state for seat in self._seats]

    @property
    def catalogue(self) -> Mapping[str, NodeSpec] | None:
        """The node types; None before the first worker of all has announced them."""
        return self._known.catalogue

    @property
    def packs(self) -> Sequence[Pack]:
        """The node packs, as last announced."""
        return self._known.packs

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of Python and torch in the workers, as last announced."""
        return self._known.versions

    async def wait_catalogue(self, timeout: float | None = None) -> Mapping[str, NodeSpec] | None:
        """The catalogue, once there is one; None when none comes within `timeout` seconds."""
        return await self._known.wait(timeout)

    # Jobs

    async def submit(self, new: NewJob) -> Submitted:
        """Accept a job: durable when this returns, and given to a worker as soon as one is free.

        Raises:
            JobExists, KeyReused, InvalidJob, StoreFull: see `JobStore.submit`.
        """
        self._submitting.add(new.id)
        try:
            submitted = await self.store.submit(new)
            if not submitted.replayed:
                self._queued(submitted.job)
                self._wake.set()
        finally:
            self._submitting.discard(new.id)
        return submitted

    def _queued(self, job: Job) -> None:
        """Tell of a new job, once: a worker may have got it before `submit` could tell."""
        if job.id in self._submitting:
            self._submitting.remove(job.id)
            self._emit(JobQueued(job))
            self._board.queue_changed()

    async def cancel(self, job_id: str) -> str | None:
        """Cancel a job: "pending" or "running", as it was; None when it neither waits nor runs.

        A running one stops soon. When it does not within the grace, or is cancelled again more than a second later,
        its worker is ended; the job is cancelled all the same.
        """
        return await self._board.cancel(job_id)

    async def interrupt(self, job_id: str | None = None) -> None:
        """Cancel what runs: all of it, or this job if it is running."""
        async with self._board.lock:
            for running in list(self._board.running.values()):
                if job_id is None or running.job.id == job_id:
                    self._board.stop(running)

    async def clear_pending(self) -> None:
        """Cancel every waiting job."""
        await self._board.cancel_pending(None)

    async def delete_pending(self, ids: Collection[str]) -> None:
        """Cancel these, as far as they wait."""
        await self._board.cancel_pending(ids)

    async def move(self, job_id: str, number: float) -> bool:
        """Give a waiting job another place in the queue; False: it does not wait."""
        moved = await self.store.move(job_id, number)
        if moved:
            self._board.queue_changed()
        return moved

    async def pause(self, reason: str) -> None:
        """Begin no more jobs; those that run go on."""
        async with self._board.lock:
            await self.store.pause(reason)
        self._board.queue_changed()

    async def resume(self) -> None:
        """Begin jobs again.

        Raises:
            StoreFull: the store still cannot be written.
        """
        await self._board.write_unwritten()
        async with self._board.lock:
            await self.store.resume()
        self._board.queue_changed()
        self._wake.set()

    def free(self, unload_models: bool = False, free_memory: bool = False) -> None:
        """Have every worker let go of models or results, once its job has ended."""
        for seat in self._seats:
            if seat.up:
                seat.send(Free(unload_models, free_memory))

    # Questions to workers

    async def validate(self, graph: Graph, targets: Collection[str] | None = None) -> Validation:
        """Judge a prompt, node types' own validators included where a worker can ask them.

        Raises:
            LookupError: there is no catalogue yet.
        """
        return await self._asking.validate(graph, targets)

    async def refresh_catalogue(self, timeout: float) -> None:
        """Have a worker ask its node packs anew what inputs they have; keeps what is known when it does not answer."""
        if await self._asking.refresh_catalogue(timeout):
            self._catalogue_changed()

    async def stats(self) -> list[Mapping[str, Any]]:
        """The workers' devices; of a worker that cannot answer now, as last known."""
        return await self._asking.stats()

    async def look(self, worker: str | None, kind: Literal["value", "picture"], question: Any) -> Answer:
        """Have the worker that ran a job look at what flowed in it; see `Asking.look`."""
        return await self._asking.look(worker, kind, question)

    # What workers say

    def _take(self, seat: Seat, message: FromWorker) -> None:
        match message:
            case Told(job, events):
                self._told(seat, job, events)
            case Picture():
                self._picture(seat, message)
            case Ended():
                self._ended(seat, message)
            case Answer():
                self._asking.questions.take(message)
            case Broadcast(event, data, client):
                self._emit(PackMessage(event, data, client))
            case Ready():
                if self._known.take(seat.name, message):
                    self._catalogue_changed()
                self._wake.set()
            case _:
                pass

    def _told(self, seat: Seat, job_id: str, events: Sequence[Sequence[Any]]) -> None:
        running = self._board.of(seat)
        if running is None or running.job.id != job_id:
            return
        for data in events:
            event = event_from_data(data)
            running.progress.take(event)
            self._emit(JobTold(running.job, event))

    def _picture(self, seat: Seat, picture: Picture) -> None:
        running = self._board.of(seat)
        if running is None or running.job.id != picture.job:
            return
        node = NodeRef(*picture.node)
        shown = JobPicture(running.job, node, picture.kind, picture.media_type, picture.payload)
        if picture.kind == "preview":
            running.progress.preview = shown
        self._emit(shown)

    def _ended(self, seat: Seat, message: Ended) -> None:
        running = self._board.of(seat)
        if running is None or running.job.id != message.job:
            return
        running.end(message.outcome)
        self._spawn(self._settled(running))

    async def _settled(self, running: Running) -> None:
        """Write down how a job ended, then let its worker have another."""
        async with self._board.lock:
            await self._board.settle(running)
        seat = running.seat
        if seat.state.job == running.job.id:
            seat.set(tell=False, status="ready", job=None)
            self._wake.set()

    async def _died(self, seat: Seat, death: str) -> None:
        self._asking.questions.give_up(seat)
        self._giving_out.forget(seat.name)
        if seat.state.reason and not self._stopping:
            self._logs.write("server", seat.state.reason)
        running = self._board.of(seat)
        if running is not None:
            await self._board.lost(running, death, stopping=self._stopping)
            self._wake.set()

    def _seat_changed(self, _seat: Seat) -> None:
        self._emit(WorkersChanged())

    def _catalogue_changed(self) -> None:
        self._emit(CatalogueChanged())
        self._spawn(self._keep_catalogue())

    async def _keep_catalogue(self) -> None:
        try:
            await self._known.keep()
        except StoreError as error:
            self._logs.write("server", f"The node types could not be kept for the next start. {error}")

    def _line(self, seat: Seat, text: str) -> None:
        self._logs.write(f"worker {seat.name}", text)

    def _emit(self, news: News) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(news)
            except Exception as error:  # noqa: BLE001 - no job may be lost because somebody who watches it fails
                said = f"A listener failed at {type(news).__name__} ({type(error).__name__}: {text_of(error)})."
                self._logs.write("server", said)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
