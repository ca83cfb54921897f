"""What the owner of a running job hears of it, in the order that clients of the existing API rely on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from execution.errors import NodeRef
from execution.events import Cached, Event, NodeBlocked, NodeFinished, NodeStarted, Progress, Started, UiOutput
from execution.jobs.records import Job, Outcome
from execution.workers.eta import Eta
from execution.workers.news import JobPicture
from web.sockets import messages
from web.sockets.client import SocketClient
from web.sockets.eta import EtaFeed
from web.sockets.messages import Message
from web.sockets.progress import JobProgress
from web.sockets.reports import ReportFeed
from web.sockets.wire import Frame, message, picture, picture_with_metadata

SECONDS_BETWEEN_DELTAS = 0.05

SECONDS_TO_LISTEN = 0.05
"""After it was accepted, a job's results are held back this long. Clients begin to listen for a job when they have the
answer of `POST /prompt`; a job whose nodes are all cached would be over before that, and they would wait for ever."""


class JobTeller:
    """Tells one run of one job to the client that asked for it, if it is connected just then."""

    def __init__(
        self,
        job: Job,
        owner: Callable[[], SocketClient | None],
        forecast: Callable[[], Eta | None],
        previews_for_all: bool = False,
    ) -> None:
        self.job = job
        self._reports = ReportFeed(job, owner)
        self._eta = EtaFeed(job, owner, forecast)
        self.at: NodeRef | None = None  # the node that began last
        self._owner = owner
        self._previews_for_all = previews_for_all
        self._progress = JobProgress(job.id)
        self._cached_told = False
        self._sent = float("-inf")  # when `progress_state` was sent last
        self._timer: asyncio.TimerHandle | None = None
        self._tell(messages.execution_start(job))

    def welcome(self, client: SocketClient) -> None:
        """Tell a client that connects while its job runs where the job is."""
        if self.at is not None:
            client.send(message("executing", {"node": self.at.display}))
        if not self._progress.is_empty:
            client.send(self._progress.whole())

    def flagged(self, *, reports: bool) -> None:
        """The owner has told what it wants to hear; `reports`: those of nodes, which it did not before."""
        if reports:
            self._reports.again()
        self._eta.wake()

    def tell(self, event: Event) -> None:
        """Pass an event of the run on."""
        self._reports.tell(event)
        if not isinstance(event, Started):  # then nothing is known yet
            self._eta.wake()
        match event:
            case Cached(nodes):
                self._cached(nodes)
            case NodeStarted(node):
                self._progress.start(node)
                self.at = node
                self._changed()
                self._tell(messages.executing(self.job, node))
            case Progress(node, value, total):
                self._progress.step(node, value, total)
                self._changed()
                key = ("progress", self.job.id, node.id)
                self._tell(messages.progress(self.job, node, value, total), key)
            case UiOutput(node, output) if output:  # a node that shows nothing is not told of
                self._hold()
                self._tell(messages.executed(self.job, node, output))
            case NodeFinished(node):
                self._progress.finish(node)
                self._changed()
            case NodeBlocked(node, text):
                self._tell(messages.blocked(self.job, node.id, node.type, text))
            case _:
                pass

    def show(self, news: JobPicture) -> None:
        """Pass a picture on. A full image has to arrive between its node's `executing` and the next one."""
        owner = self._owner()
        if owner is None:
            return
        if news.kind == "image":
            self._hold()
            self.send(picture(news.media_type, news.payload))
            return
        key = ("preview", self.job.id)
        if not owner.previews_with_metadata:
            if self._previews_for_all:
                self.send(picture(news.media_type, news.payload, key))
            return
        node = news.node
        metadata = {
            "node_id": node.id,
            "prompt_id": self.job.id,
            "display_node_id": node.display,
            "parent_node_id": node.parent,
            "real_node_id": node.real or node.id,
            "image_type": news.media_type,
        }
        self.send(picture_with_metadata(metadata, news.payload, key))

    def end(self, job: Job, outcome: Outcome) -> None:
        """Tell how the job ended; `finished` follows when the queue's state has been told."""
        self._hold()
        if not self._cached_told:
            self._cached(outcome.cached)
        if outcome.error is not None and outcome.error.node is not None:
            self._progress.fail(self.at.id if self.at is not None else outcome.error.node)
        self._flush()
        self._eta.stop()
        self._reports.end(outcome)
        self._tell(messages.ending(job, outcome))

    def finished(self) -> None:
        """The last message: the history has the job now."""
        self._tell(messages.executing(self.job, None))

    def stop(self) -> None:
        """Tell nothing more: the run is over, or begins anew."""
        self._reports.stop()
        self._eta.stop()
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def send(self, frame: Frame) -> None:
        """Send the owner something about the job."""
        owner = self._owner()
        if owner is not None:
            owner.send(frame)

    def _hold(self) -> None:
        """Hold back what the owner is sent from now on, whatever it is about, if the job was accepted just now."""
        wait = SECONDS_TO_LISTEN - (time.time() - self.job.created / 1000)
        owner = self._owner()
        if owner is not None and 0 < wait <= SECONDS_TO_LISTEN:
            owner.hold(wait)

    def _cached(self, nodes: tuple[str, ...]) -> None:
        for node in nodes:
            self._progress.finish_known(node)
        if not self._cached_told:  # later ones are nodes of expansions, of which clients have not heard
            self._cached_told = True
            self._tell(messages.execution_cached(self.job, nodes))

    def _tell(self, told: Message, key: tuple[str, ...] | None = None) -> None:
        if self._owner() is not None:
            self.send(message(*told, key))

    def _changed(self) -> None:
        """Send `progress_state` now, or when the last one is long enough ago."""
        owner = self._owner()
        if owner is None or self._timer is not None:
            return
        between = SECONDS_BETWEEN_DELTAS if owner.progress_deltas else self._progress.seconds_between
        loop = asyncio.get_running_loop()
        wait = self._sent + between - loop.time()
        if wait <= 0:
            self._flush()
        else:
            self._timer = loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        self._stop_waiting()
        owner = self._owner()
        if owner is None or not self._progress.has_news:
            return
        self._sent = asyncio.get_running_loop().time()
        self.send(self._progress.changes() if owner.progress_deltas else self._progress.whole())
