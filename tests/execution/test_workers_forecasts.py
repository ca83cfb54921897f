"""When a running job will be done."""

import asyncio
from types import SimpleNamespace

import pytest

from execution.errors import NodeRef
from execution.events import Cached, NodeFinished, NodeStarted, Progress, Started
from execution.jobs.records import Job
from execution.workers import eta, states
from execution.workers.durations import KEPT, Durations, described
from execution.workers.eta import estimate, nodes_to_run
from execution.workers.states import JobProgress
from tests.execution.worker_helpers import bench, chain

PROMPT = {
    "1": {"class_type": "Load", "inputs": {"name": "x"}},
    "2": {"class_type": "Sample", "inputs": {"model": ["1", 0], "steps": 10, "seed": 1}},
    "3": {"class_type": "Save", "inputs": {"image": ["2", 0]}},
    "4": {"class_type": "Other", "inputs": {}},
}


@pytest.fixture
def clock(monkeypatch):
    """The time, as those who measure it see it."""
    now = SimpleNamespace(value=100.0)
    for module in (eta, states):
        monkeypatch.setattr(module, "monotonic", lambda: now.value)
    return now


def running(clock, *events):
    progress = JobProgress("j")
    for event in (Started(3), *events):
        progress.take(event)
    job = Job("j", 0, "running", PROMPT, ("3",), {}, 0)
    return SimpleNamespace(job=job, progress=progress, began=clock.value)


def ref(node):
    return NodeRef(node, PROMPT[node]["class_type"], node, None, node)


def learned(**seconds):
    known = Durations()
    for kind, (total, took) in seconds.items():
        node = next(node for node in PROMPT.values() if node["class_type"] == kind)
        known.learn(node, total, took, {})
    return known


def expected(known, node):
    return known.expected(described(node, {}))


ALL = {"Load": (None, 5.0), "Sample": (10, 20.0), "Save": (None, 1.0)}


def test_the_nodes_that_run_are_those_that_are_needed_and_not_known(clock):
    assert set(nodes_to_run(running(clock, Cached(())), {})) == {"1", "2", "3"}
    assert set(nodes_to_run(running(clock, Cached(("1",))), {})) == {"2", "3"}
    assert set(nodes_to_run(running(clock, Cached(("2",))), {})) == {"3"}


def test_a_forecast_adds_up_what_is_left(clock):
    known = learned(**ALL)
    run = running(clock, Cached(()))
    assert estimate(run, known, nodes_to_run(run, {})) == (26.0, 26.0, "measured")
    run.progress.take(NodeStarted(ref("1")))
    clock.value += 2
    assert estimate(run, known, nodes_to_run(run, {})) == (24.0, 26.0, "measured")
    run.progress.take(NodeFinished(ref("1"), 2.0))
    run.progress.take(NodeStarted(ref("2")))
    assert estimate(run, known, nodes_to_run(run, {})) == (21.0, 23.0, "measured")


def test_a_node_that_tells_of_steps_is_believed(clock):
    known = learned(**ALL)
    run = running(clock, Cached(("1",)), NodeStarted(ref("2")))
    clock.value += 3
    run.progress.take(Progress(ref("2"), 1, 10))
    assert estimate(run, known, nodes_to_run(run, {})).seconds_left == pytest.approx(9 * 2 + 1), "as it took before"
    clock.value += 8
    run.progress.take(Progress(ref("2"), 3, 10))
    assert estimate(run, known, nodes_to_run(run, {})).seconds_left == pytest.approx(7 * 4 + 1), "by its own pace"
    clock.value += 1
    assert estimate(run, known, nodes_to_run(run, {})).seconds_left == pytest.approx(7 * 4 + 1 - 1)
    clock.value += 1_000
    assert estimate(run, known, nodes_to_run(run, {})).seconds_left == 1, "never less than nothing"
    run.progress.take(Progress(ref("2"), 1, 10))
    assert estimate(run, known, nodes_to_run(run, {})).seconds_left == pytest.approx(9 * 2 + 1), "it counts anew"


def test_what_is_not_known_is_guessed_and_nothing_at_all_not_told(clock):
    run = running(clock, Cached(()))
    assert estimate(run, Durations(), nodes_to_run(run, {})) is None
    assert estimate(run, learned(Save=(None, 1.0)), nodes_to_run(run, {})) == (1.0, 1.0, "guessed")
    run.progress.take(NodeStarted(ref("2")))
    run.progress.take(Progress(ref("2"), 1, 10))
    assert estimate(run, Durations(), nodes_to_run(run, {})) is None
    clock.value += 2
    run.progress.take(Progress(ref("2"), 2, 10))
    assert estimate(run, Durations(), nodes_to_run(run, {})) == (16.0, 18.0 - 16.0 + 16.0, "guessed")


def test_newer_runs_count_more_and_numbers_tell_nodes_apart():
    known = Durations()
    small = {"class_type": "Sample", "inputs": {"steps": 10, "seed": 1, "text": "a"}}
    large = {"class_type": "Sample", "inputs": {"steps": 50, "seed": 1}}
    for seconds in (10.0, 20.0):
        known.learn(small, None, seconds, {})
    assert expected(known, small) == pytest.approx(14.0)
    known.learn(large, None, 100.0, {})
    assert expected(known, large) == 100.0 and expected(known, small) == pytest.approx(14.0)
    other = {"class_type": "Sample", "inputs": {"steps": 10, "seed": 2, "text": "b"}}
    assert expected(known, other) == pytest.approx(14.0), "seeds and texts take no time"
    assert expected(known, {"class_type": "Sample", "inputs": {"steps": 7}}) == pytest.approx(14 + 0.4 * 86)
    assert expected(known, {"class_type": "New", "inputs": {}}) is None
    assert expected(known, {"class_type": 5}) is None and expected(known, {}) is None


def test_a_job_s_nodes_are_described_once(clock, monkeypatch):
    """Not twice a second: that would hold up the server while large graphs run."""
    made = []
    monkeypatch.setattr(
        eta, "described", lambda node, kinds, alone: made.append(alone) or described(node, kinds, alone)
    )
    run = running(clock, Cached(()))
    to_run = nodes_to_run(run, {})
    for _ in range(5):
        estimate(run, learned(**ALL), to_run)
    assert made == [False] * 3
    monkeypatch.setattr(eta, "MOST_DESCRIBED", 2)
    assert [one.given for one in nodes_to_run(run, {}).values()] == ["Save", "Sample", "Load"], (
        "of many, the type alone"
    )


def test_what_is_remembered_is_bounded():
    known = Durations()
    for number in range(KEPT):
        known.learn({"class_type": f"T{number}", "inputs": {}}, 3, 1.0, {})
    assert len(known._seconds) == KEPT
    assert expected(known, {"class_type": "T0", "inputs": {}}) is None
    assert expected(known, {"class_type": f"T{KEPT - 1}", "inputs": {}}) == 1.0


def test_what_was_learned_outlasts_the_server(tmp_path):
    async def main():
        prompt = chain(("Steps", {"count": 5, "seconds": 0.05}))
        async with bench(tmp_path) as b:
            assert b.dispatcher.forecast("nobody") is None
            await b.run(prompt)
        async with bench(tmp_path) as b:
            job = await b.submit(chain(("Steps", {"count": 5, "seconds": 0.05, "text": "again"})), id="second")
            await b.watch.told(job, Cached)
            forecast = b.dispatcher.forecast(job)
            assert forecast is not None and forecast.confidence == "measured"
            assert 0 < forecast.seconds_left < 60
            await b.watch.ended(job)
            assert b.dispatcher.forecast(job) is None

    asyncio.run(main())


def test_damaged_notes_are_left_out(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.dispatcher.store.set_value("durations", {"A": "long", "B": 2, "C": None})
            known = Durations()
            await known.load(b.dispatcher.store)
            assert expected(known, {"class_type": "B", "inputs": {}}) == 2.0
            assert expected(known, {"class_type": "A", "inputs": {}}) is None
            await b.dispatcher.store.set_value("durations", [1, 2])
            await Durations().load(b.dispatcher.store)

    asyncio.run(main())
