"""`weft_eta`: when a running job will be done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from execution.jobs.records import Job
from execution.workers.eta import Eta
from web.sockets.client import SocketClient
from web.sockets.wire import message

SECONDS_BETWEEN = 0.5


class EtaFeed:
    """Tells a job's owner twice a second, if that asked for it by the feature flag `weft_eta`."""

    def __init__(self, job: Job, owner: Callable[[], SocketClient | None], forecast: Callable[[], Eta | None]) -> None:
        self._job = job
        self._owner = owner
        self._forecast = forecast
        self._timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Something has happened in the job: begin to tell, unless that goes on already."""
        owner = self._owner()
        if self._timer is None and owner is not None and owner.eta:
            self._tell()

    def stop(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        owner = self._owner()
        if owner is None or not owner.eta:
            return
        eta = self._forecast()
        if eta is not None:
            data = {"prompt_id": self._job.id, "seconds_left": round(eta.seconds_left, 2)}
            data |= {"seconds_total": round(eta.seconds_total, 2), "confidence": eta.confidence}
            owner.send(message("weft_eta", data, ("weft_eta", self._job.id)))
        self._timer = asyncio.get_running_loop().call_later(SECONDS_BETWEEN, self._tell)
