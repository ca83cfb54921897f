"""Who is connected, and who hears what.

The hub listens to the dispatcher and writes to websockets. It never waits: each client has a buffer of its own.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

from aiohttp import web

from execution.jobs.records import Job
from execution.workers.dispatcher import Dispatcher
from execution.workers.news import (
    JobEnded,
    JobPicture,
    JobRetried,
    JobStarted,
    JobTold,
    News,
    PackMessage,
    QueueChanged,
)
from web.sockets import messages
from web.sockets.client import SocketClient
from web.sockets.job import JobTeller
from web.sockets.wire import Frame, message, progress_text

log = logging.getLogger(__name__)

SECONDS_BETWEEN_STATUS = 0.05
"""With 1,000 prompts a second accepted, everybody still hears of the queue 20 times a second."""

ALL_BUFFERS_BYTES = 256 * 2**20
"""What waits for all clients together; beyond it the slowest are dropped."""

MOST_CLIENTS = 4_096


class SocketHub:
    """The connected websockets of one server."""

    def __init__(self, dispatcher: Dispatcher, features: dict[str, Any], previews_for_all: bool = False) -> None:
        """`features` is what the server tells of itself when a client tells its feature flags.

        Programs that take any picture on the websocket for a result must not be sent previews unless the person who
        started the server wants it (`previews_for_all`).
        """
        self._previews_for_all = previews_for_all
        self._dispatcher = dispatcher
        self._features = features
        self._clients: dict[str, list[SocketClient]] = {}  # by id; the last one is the one that is told
        self._jobs: dict[str, JobTeller] = {}
        self._status_sent = float("-inf")
        self._status_timer: asyncio.TimerHandle | None = None
        self._stop_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to listen to the dispatcher."""
        self._stop_listening = self._dispatcher.listen(self.hear)

    def stop(self) -> None:
        """Tell nothing more and close every websocket."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        if self._status_timer is not None:
            self._status_timer.cancel()
        for teller in self._jobs.values():
            teller.stop()
        for client in [client for same in self._clients.values() for client in same]:
            client.go_away()

    # ---- clients

    @property
    def is_full(self) -> bool:
        """Whether no more clients are taken."""
        return sum(map(len, self._clients.values())) >= MOST_CLIENTS

    def connect(self, client: SocketClient) -> None:
        """Take a client in. It replaces the one with the same id, which is told nothing while the new one is there."""
        self._clients.setdefault(client.sid, []).append(client)
        client.send(message(*messages.status(self._dispatcher.remaining, client.sid)))
        for teller in self._jobs.values():
            if teller.job.client_id == client.sid:
                teller.welcome(client)

    def disconnect(self, client: SocketClient) -> None:
        """Forget a client; one with the same id that it had replaced is told again."""
        same = self._clients.get(client.sid, [])
        if client in same:
            same.remove(client)
        if not same:
            self._clients.pop(client.sid, None)
        if client.dropped is not None:
            log.warning("Websocket %s was closed because %s.", client.sid[:40], client.dropped)

    def client(self, sid: str | None) -> SocketClient | None:
        """The client with this id that is told things."""
        same = self._clients.get(sid) if sid else None
        return same[-1] if same else None

    def clients(self) -> Iterator[SocketClient]:
        """Every client that is told things."""
        return (same[-1] for same in self._clients.values())

    def take(self, client: SocketClient, text: str) -> None:
        """Read what a client says: its feature flags are understood, anything else is ignored."""
        try:
            said: Any = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(said, dict):
            return
        told = cast("dict[str, Any]", said)
        flags: Any = told.get("data")
        if told.get("type") != "feature_flags" or not isinstance(flags, dict):
            return
        wanted = cast("dict[str, Any]", flags)
        client.previews_with_metadata = wanted.get("supports_preview_metadata") is True
        client.progress_deltas = wanted.get("weft_progress_deltas") is True
        new = not client.node_reports and wanted.get("weft_node_reports") is True
        client.node_reports = wanted.get("weft_node_reports") is True
        client.eta = wanted.get("weft_eta") is True
        for teller in self._jobs.values():
            if teller.job.client_id == client.sid:
                teller.flagged(reports=new)
        client.send(message("feature_flags", self._features))

    def broadcast(self, frame: Frame) -> None:
        """Send everybody something."""
        for client in self.clients():
            client.send(frame)
        self._keep_bounded()

    # ---- news

    def hear(self, news: News) -> None:
        """Pass on what the dispatcher tells."""
        match news:
            case JobTold(job, event):
                self._teller(job).tell(event)
            case JobPicture(job):
                self._teller(job).show(news)
            case JobStarted(job):
                self._start(job)
            case JobEnded(job):
                self._end(job)
            case JobRetried(job):
                self._forget(job.id)
            case QueueChanged():
                self._status_changed()
            case PackMessage():
                self._send_for_pack(news)
            case _:
                pass

    def _teller(self, job: Job) -> JobTeller:
        return self._jobs.get(job.id) or self._start(job)

    def _start(self, job: Job) -> JobTeller:
        self._forget(job.id)
        sid = job.client_id
        forecast = partial(self._dispatcher.forecast, job.id)
        teller = self._jobs[job.id] = JobTeller(job, lambda: self.client(sid), forecast, self._previews_for_all)
        return teller

    def _end(self, job: Job) -> None:
        if job.started is None or job.outcome is None:
            return  # it was taken out of the queue: only the queue's state is told
        teller = self._teller(job)
        teller.end(job, job.outcome)
        if job.outcome.status == "cancelled" and not job.client_id:
            self.broadcast(message(*messages.ending(job, job.outcome)))
        teller.send(self._status())
        teller.finished()
        self._forget(job.id)
        self._status_changed()

    def _forget(self, job_id: str) -> None:
        teller = self._jobs.pop(job_id, None)
        if teller is not None:
            teller.stop()

    def _send_for_pack(self, news: PackMessage) -> None:
        data: Any = news.data
        frame = message(news.event, data)
        if news.event == "progress_text" and isinstance(data, dict):
            told = cast("dict[str, Any]", data)
            frame = progress_text(str(told.get("node", "")), str(told.get("text", "")))
        if news.client is None:
            self.broadcast(frame)
            return
        client = self.client(news.client)
        if client is not None:
            client.send(frame)

    # ---- the queue's state

    def _status(self) -> Frame:
        return message(*messages.status(self._dispatcher.remaining), "status")

    def _status_changed(self) -> None:
        if self._status_timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._status_sent + SECONDS_BETWEEN_STATUS - loop.time()
        if wait <= 0:
            self._send_status()
        else:
            self._status_timer = loop.call_later(wait, self._send_status)

    def _send_status(self) -> None:
        self._status_timer = None
        self._status_sent = asyncio.get_running_loop().time()
        self.broadcast(self._status())

    def _keep_bounded(self) -> None:
        every = (client for same in self._clients.values() for client in same)  # replaced ones hold memory too
        slow = [client for client in every if client.waiting_bytes]
        total = sum(client.waiting_bytes for client in slow)
        for client in sorted(slow, key=lambda client: client.waiting_bytes, reverse=True):
            if total <= ALL_BUFFERS_BYTES:
                return
            total -= client.waiting_bytes
            client.drop("all clients together left too much unread")


HUB: web.AppKey[SocketHub] = web.AppKey("hub", SocketHub)
