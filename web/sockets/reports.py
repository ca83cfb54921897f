"""`weft_node_report`: what is told of a job's nodes as they finish, several in one message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from execution.events import Cached, Event, NodeFinished
from execution.jobs.records import Job, Outcome
from execution.workers.reports import CACHED, NodeReport, Reports, unpack_reports
from web.node_reports import report_objects
from web.sockets.client import SocketClient
from web.sockets.wire import message

SECONDS_BETWEEN = 0.1


class ReportFeed:
    """The reports of one run, for its owner if that asked for them by the feature flag `weft_node_reports`."""

    def __init__(self, job: Job, owner: Callable[[], SocketClient | None]) -> None:
        self._job = job
        self._owner = owner
        self._known: Reports = {}
        self._unsent: dict[str, None] = {}
        self._sent = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, event: Event) -> None:
        """Pass on what an event of the run tells of a node."""
        match event:
            case NodeFinished(node, seconds, peak, reason):
                self._add(node.id, NodeReport("ran", seconds, peak, reason))
            case Cached(nodes):
                for node_id in nodes:
                    if node_id not in self._known:
                        self._add(node_id, CACHED)
            case _:
                return
        self._changed()

    def again(self) -> None:
        """Another client is the owner now, or has just asked for reports: it is told of all nodes."""
        self._unsent = dict.fromkeys(self._known)
        self._changed()

    def end(self, outcome: Outcome) -> None:
        """Tell what has not been told yet, and that this is all."""
        self.stop()
        for node_id, report in unpack_reports(outcome.reports).items():
            if self._known.get(node_id, CACHED).state != report.state or node_id not in self._known:
                self._add(node_id, report)
        self._send(final=True)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _add(self, node_id: str, report: NodeReport) -> None:
        self._known[node_id] = report
        self._unsent[node_id] = None

    def _changed(self) -> None:
        """Tell now, or when the last message is long enough ago."""
        owner = self._owner()
        if owner is None or not owner.node_reports or self._timer is not None or not self._unsent:
            return
        loop = asyncio.get_running_loop()
        wait = self._sent + SECONDS_BETWEEN - loop.time()
        if wait <= 0:
            self._flush()
        else:
            self._timer = loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        self.stop()
        if self._unsent:
            self._send(final=False)

    def _send(self, *, final: bool) -> None:
        owner = self._owner()
        if owner is None or not owner.node_reports:
            return
        self._sent = asyncio.get_running_loop().time()
        unsent, self._unsent = self._unsent, {}
        nodes = report_objects(self._job, {node_id: self._known[node_id] for node_id in unsent})
        owner.send(message("weft_node_report", {"prompt_id": self._job.id, "nodes": nodes, "final": final}))
