"""The store against a model of it in memory, by random operations."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from execution.jobs.errors import JobExists, KeyReused, UnknownJob
from execution.jobs.idempotency import LIFETIME
from execution.jobs.records import Outcome
from execution.jobs.store import JobStore
from tests.execution.jobs_helpers import Clock, new

NAMES = st.sampled_from([f"j{i}" for i in range(12)])
SOME = st.one_of(st.none(), st.lists(NAMES, max_size=4))
NUMBERS = st.one_of(st.none(), st.sampled_from([-1.5, -0.0, 0.0, 0.5, 3.0, 1e300]))
STATUSES = st.sampled_from(["success", "error", "cancelled"])
COUNTS = st.one_of(st.none(), st.integers(-1, 8))


@dataclass
class Known:
    """What the model knows of a job."""

    seq: int
    number: float
    status: str = "pending"
    returned: bool = False
    attempts: int = 0
    ran: bool = False
    place: int = 0  # in the order of ending


class Model(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.jobs: dict[str, Known] = {}
        self.keys: dict[str, tuple[str, str, int]] = {}  # key -> digest, job, when
        self.count = 0
        self.ended = 0
        self.paused: str | None = None

    def run(self, call: Any) -> Any:
        return self.loop.run(call)

    @initialize()
    def begin(self) -> None:
        self.store: JobStore = self.run(JobStore.open(self.folder / "jobs.db", self.clock))

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def pending(self) -> list[str]:
        def turn(name: str) -> tuple[bool, float, int]:
            return not self.jobs[name].returned, self.jobs[name].number, self.jobs[name].seq

        return sorted(self.with_status("pending"), key=turn)

    def with_status(self, *statuses: str) -> list[str]:
        return [name for name, job in self.jobs.items() if job.status in statuses]

    def end(self, name: str, status: str) -> None:
        job = self.jobs[name]
        self.ended += 1
        job.status, job.place, job.returned = status, self.ended, False

    @rule(name=NAMES, number=NUMBERS, front=st.booleans())
    def submit(self, name: str, number: float | None, front: bool) -> None:
        asked = new(name, prompt={"1": {"inputs": {"name": name}}}, number=number, front=front)
        if name in self.jobs:
            with pytest.raises(JobExists):
                self.run(self.store.submit(asked))
            return
        submitted = self.run(self.store.submit(asked))
        self.added(name, number, front)
        assert not submitted.replayed and submitted.job.number == self.jobs[name].number

    def added(self, name: str, number: float | None, front: bool) -> None:
        place = number if number is not None else -self.count if front else self.count
        self.jobs[name] = Known(self.count, place)
        self.count += 1

    @rule(name=NAMES, key=st.sampled_from("kl"), digest=st.sampled_from("xy"))
    def submit_with_key(self, name: str, key: str, digest: str) -> None:
        asked = new(name, idempotency_key=key, body_digest=digest)
        first = self.keys.get(key)
        if first is not None and self.clock.now + 1 >= first[2] + LIFETIME:
            first = None
        if first is None and name in self.jobs:
            with pytest.raises(JobExists):
                self.run(self.store.submit(asked))
        elif first is None:
            submitted = self.run(self.store.submit(asked))
            assert not submitted.replayed
            self.keys[key] = (digest, name, submitted.job.created)
            self.added(name, None, False)
        elif first[0] != digest:
            with pytest.raises(KeyReused):
                self.run(self.store.submit(asked))
        else:
            submitted = self.run(self.store.submit(asked))
            assert submitted.replayed and submitted.job.id == first[1]

    @rule()
    def a_day_passes(self) -> None:
        self.clock.now += LIFETIME

    @rule()
    def claim(self) -> None:
        job = self.run(self.store.claim("w"))
        waiting = self.pending()
        if self.paused is not None or not waiting:
            assert job is None
            return
        known = self.jobs[waiting[0]]
        known.status, known.returned, known.ran = "running", False, True
        known.attempts += 1
        assert (job.id, job.status, job.attempts) == (waiting[0], "running", known.attempts)

    @rule(name=NAMES, status=STATUSES)
    def finish(self, name: str, status: Any) -> None:
        job = self.run(self.store.finish(name, Outcome(status)))
        if name not in self.with_status("pending", "running"):
            assert job is None
        else:
            self.end(name, status)
            assert (job.id, job.status) == (name, status)

    @precondition(lambda self: self.with_status("running"))
    @rule(data=st.data(), status=STATUSES)
    def finish_one_that_runs(self, data: Any, status: Any) -> None:
        self.finish(data.draw(st.sampled_from(self.with_status("running"))), status)

    @rule(name=NAMES, count_attempt=st.booleans())
    def give_back(self, name: str, count_attempt: bool) -> None:
        if name not in self.jobs:
            with pytest.raises(UnknownJob):
                self.run(self.store.give_back(name, count_attempt))
            return
        known = self.jobs[name]
        if known.status == "running":
            known.status, known.returned, known.ran = "pending", True, False
            known.attempts -= not count_attempt
        job = self.run(self.store.give_back(name, count_attempt))
        assert (job.status, job.attempts) == (known.status, known.attempts)

    @rule(ids=SOME)
    def cancel_pending(self, ids: list[str] | None) -> None:
        expected = sorted(
            (name for name in self.pending() if ids is None or name in ids), key=lambda name: self.jobs[name].seq
        )
        cancelled = self.run(self.store.cancel_pending(ids))
        assert [job.id for job in cancelled] == expected
        for name in expected:
            self.end(name, "cancelled")

    @rule(name=NAMES, number=st.sampled_from([-7.0, 0.25, 9.0]))
    def move(self, name: str, number: float) -> None:
        moved = self.run(self.store.move(name, number))
        assert moved == (name in self.with_status("pending"))
        if moved:
            self.jobs[name].number, self.jobs[name].returned = number, False

    @rule(reason=st.sampled_from(["Lunch.", "The disk is full."]))
    def pause(self, reason: str) -> None:
        self.run(self.store.pause(reason))
        self.paused = reason

    @rule()
    def resume(self) -> None:
        self.run(self.store.resume())
        self.paused = None

    @rule(ids=SOME)
    def delete_ended(self, ids: list[str] | None) -> None:
        gone = [name for name in self.with_status("success", "error", "cancelled") if ids is None or name in ids]
        assert self.run(self.store.delete_ended(ids)) == len(gone)
        for name in gone:
            del self.jobs[name]

    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.begin()
        for name in self.with_status("running"):
            job = self.jobs[name]
            job.status, job.returned, job.ran = "pending", True, False
            job.attempts -= 1

    @rule(max_items=COUNTS, offset=COUNTS)
    def history(self, max_items: int | None, offset: int | None) -> None:
        ended = [(job.place, name) for name, job in self.jobs.items() if job.place and job.ran]
        expected = [name for _, name in sorted(ended)]
        if offset is not None and offset > 0:
            expected = expected[offset:][: max_items if max_items is None else max(max_items, 0)]
        elif max_items is not None:
            expected = expected[len(expected) - max(min(max_items, len(expected)), 0) :]
        assert [job.id for job in self.run(self.store.history(max_items, offset))] == expected

    @rule(
        statuses=st.one_of(
            st.none(), st.lists(st.sampled_from(["pending", "running", "success", "error"]), unique=True)
        )
    )
    def look_through(self, statuses: Any) -> None:
        jobs, total = self.run(self.store.jobs(statuses, limit=3))
        found = [name for name, job in self.jobs.items() if statuses is None or job.status in statuses]
        expected = sorted(found, key=lambda name: -self.jobs[name].seq)
        assert total == len(expected) and [job.id for job in jobs] == expected[:3]

    @invariant()
    def the_queue_agrees(self) -> None:
        running, pending = self.run(self.store.queue())
        assert [job.id for job in pending] == self.pending()
        assert {job.id for job in running} == set(self.with_status("running"))
        assert self.store.remaining == len(pending) + len(running)
        assert self.store.paused == self.paused


TestModel = Model.TestCase
TestModel.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
