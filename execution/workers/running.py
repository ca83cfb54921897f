"""A job that a worker runs, and what becomes of it when the worker is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from execution.errors import NodeRef
from execution.jobs.records import Job, JobError, Outcome
from execution.workers.reports import NodeReport, Reports, pack_reports
from execution.workers.seat import Seat
from execution.workers.states import JobProgress

AGAIN = 1.0  # seconds after which a second wish to cancel is taken as impatience


@dataclass(eq=False, slots=True)
class Running:
    """A claimed job, until the store knows how it came out."""

    job: Job
    seat: Seat
    progress: JobProgress
    cancelled_at: float | None = None  # monotonic; when it was first cancelled
    over: bool = False  # it runs no more; what is left is to write down how it came out
    outcome: Outcome | None = None  # once over; None: it goes back to the queue
    count_attempt: bool = True  # of one that goes back: whether the attempt counts
    reason: str = ""  # why it goes back
    began: float = field(default_factory=monotonic)
    patience: asyncio.TimerHandle | None = None  # until the worker is ended by force

    def impatient(self) -> bool:
        """Note a wish to cancel; whether it is a repeated one."""
        now = monotonic()
        if self.cancelled_at is None:
            self.cancelled_at = now
            return False
        return now - self.cancelled_at > AGAIN

    def at(self) -> tuple[str, str] | None:
        """Id and type of the submitted node that ran last."""
        noted = self.seat.last_node(self.job.id)
        told = noted is None or noted.id in self.progress.finished  # several may run: the last told is as good
        node = self.progress.node if told else noted
        if node is None:
            return None
        real = node.real or node.id
        written: Mapping[str, Any] = self.job.prompt.get(real, {})
        return real, str(written.get("class_type", node.type))

    def end(self, outcome: Outcome | None) -> None:
        """It runs no more."""
        self.over, self.outcome = True, outcome
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None

    def found_no_room(self) -> bool:
        """Whether the job came to its end only because a disk was full, and nobody had cancelled it."""
        error = self.outcome.error if self.outcome is not None else None
        return error is not None and error.disk_full and self.cancelled_at is None

    def wait_for_room(self) -> str:
        """Have the job go back to the queue, as if this attempt had not been; a sentence that says why."""
        error = self.outcome.error if self.outcome is not None else None
        where = f"node {error.node} ({error.node_type})" if error is not None else "a node"
        self.outcome, self.count_attempt = None, False
        self.reason = f"A disk is full: {where} of job {self.job.id} found no room to write."
        return f"{self.reason} Free some space, then resume the queue; the job runs again."

    def cut_off(self, *, cancelled: bool, error: JobError | None = None) -> Outcome:
        """The outcome of a job whose worker is gone: what was told of it until then."""
        progress = self.progress
        return Outcome(
            "cancelled" if cancelled else "error",
            outputs={node_id: output for node_id, (_, output) in progress.ui.items()},
            meta={node_id: _meta(ref) for node_id, (ref, _) in progress.ui.items()},
            cached=tuple(progress.cached),
            executed=tuple(progress.finished),
            error=error,
            cancelled_at=self.at() if cancelled else None,
            seconds=monotonic() - self.began,
            reports=pack_reports(self._reports(failed=not cancelled)),
        )

    def _reports(self, *, failed: bool) -> Reports:
        at = self.at() if failed else None
        return {**self.progress.reports, **({} if at is None else {at[0]: NodeReport("failed")})}

    def death_sentence(self, death: str) -> str:
        """How its worker died, for people; `death` is a clause."""
        at = self.at()
        where = f" while it ran node {at[0]} ({at[1]})" if at is not None else " while it ran this job"
        return f"The worker {self.seat.name} died{where}: {death}."

    def death_error(self, death: str, lines: Sequence[str]) -> JobError:
        """Why a job failed whose worker died of it again and again; `lines` is what the worker wrote last."""
        node, kind = self.at() or (None, "")
        said = f"{self.death_sentence(death)} It had died of this job before, so the job is not tried again."
        return JobError(
            "worker", said, "WorkerDied", node, kind, tuple(f"{line}\n" for line in lines)
        )  # as tracebacks end


def _meta(ref: NodeRef) -> dict[str, Any]:
    parent, real = ref.parent, ref.real or ref.id
    return {"node_id": ref.id, "display_node": ref.display, "parent_node": parent, "real_node_id": real}
