"""Async output nodes: what they show is told at once, and their work is finished when another node fails."""

import asyncio
import threading

from execution.context import CancelToken, Context
from execution.events import Failed, NodeFinished, NodeStarted, UiOutput
from execution.node import Ui, node
from tests.execution.engine_helpers import Bench, graph


class Gates:
    """Lets nodes of a test wait for one another."""

    def __init__(self):
        self.shown = threading.Event()
        self.failed = threading.Event()
        self.saved = []


@node("Source", category="t")
def source() -> int:
    return 1


@node("Save", category="t", output=True)
async def save(*, value: int, ctx: Context) -> Ui:
    await asyncio.sleep(0)
    return Ui({"files": [value]})


def test_what_an_async_output_shows_is_told_while_the_device_is_busy():
    gates = Gates()

    @node("Busy", category="t", output=True)
    def busy(*, value: int) -> Ui:
        assert gates.shown.wait(30), "what Save shows was not told while this node ran"
        return Ui({})

    bench = Bench(source, save, busy)

    def sink(event):
        bench.events.append(event)
        if isinstance(event, UiOutput) and event.node.id == "2":
            gates.shown.set()

    nodes = graph(n1=("Source", {}), n2=("Save", {"value": ["1", 0]}), n3=("Busy", {"value": ["1", 0]}))
    result = bench.engine.run_sync(nodes, sink=sink)
    assert result.error is None
    assert result.ui == {"2": {"files": [1]}, "3": {}}
    kinds = [type(event) for event in bench.events if getattr(event, "node", None) and event.node.id == "2"]
    assert kinds == [NodeStarted, UiOutput, NodeFinished]  # told once


def test_an_output_under_way_is_finished_when_another_node_fails():
    gates = Gates()

    @node("SlowSave", category="t", output=True)
    async def slow_save(*, value: int) -> Ui:
        await asyncio.to_thread(gates.failed.wait, 30)
        gates.saved.append(value)
        return Ui({"files": [value]})

    @node("Fails", category="t", output=True)
    def fails(*, value: int) -> Ui:
        timer = threading.Timer(0.05, gates.failed.set)  # after this node has failed
        timer.start()
        raise ValueError("on purpose")

    bench = Bench(source, slow_save, fails)
    nodes = graph(n1=("Source", {}), n2=("SlowSave", {"value": ["1", 0]}), n3=("Fails", {"value": ["1", 0]}))
    result = bench.run(nodes)
    assert result.error.node.id == "3"
    assert gates.saved == [1]
    assert result.ui == {"2": {"files": [1]}}
    assert isinstance(bench.events[-1], Failed)
    assert [event.node.id for event in bench.of(UiOutput)] == ["2"]


def test_an_output_that_fails_after_another_failure_does_not_hide_the_first():
    gates = Gates()

    @node("BadSave", category="t", output=True)
    async def bad_save(*, value: int) -> Ui:
        await asyncio.to_thread(gates.failed.wait, 30)
        raise OSError("second")

    @node("Fails", category="t", output=True)
    def fails(*, value: int) -> Ui:
        threading.Timer(0.05, gates.failed.set).start()
        raise ValueError("first")

    bench = Bench(source, bad_save, fails)
    nodes = graph(n1=("Source", {}), n2=("BadSave", {"value": ["1", 0]}), n3=("Fails", {"value": ["1", 0]}))
    result = bench.run(nodes)
    assert "first" in str(result.error)


def test_other_async_nodes_are_not_waited_for():
    @node("Endless", category="t")
    async def endless(*, value: int) -> int:
        await asyncio.Event().wait()
        return value

    @node("Fails", category="t", output=True)
    def fails(*, value: int) -> Ui:
        raise ValueError("on purpose")

    @node("Show", category="t", output=True)
    def show(*, value: int) -> Ui:
        return Ui({})

    bench = Bench(source, endless, fails, show)
    nodes = graph(
        n1=("Source", {}), n2=("Endless", {"value": ["1", 0]}), n3=("Fails", {"value": ["1", 0]}),
        n4=("Show", {"value": ["2", 0]}),
    )  # fmt: skip
    assert bench.run(nodes).error.node.id == "3"


def test_a_cancelled_run_does_not_wait_for_outputs():
    token = CancelToken()

    @node("Endless", category="t", output=True)
    async def endless(*, value: int) -> Ui:
        token.cancel()
        await asyncio.Event().wait()
        return Ui({})

    bench = Bench(source, endless)
    nodes = graph(n1=("Source", {}), n2=("Endless", {"value": ["1", 0]}))
    assert bench.run(nodes, cancel=token).status == "cancelled"


def test_services_of_one_run_come_before_those_of_the_engine():
    class Name:
        def __init__(self, text):
            self.text = text

    @node("Says", category="t", output=True, fingerprint=lambda: float("nan"))
    def says(*, ctx: Context) -> Ui:
        found = ctx.optional(Gates)
        return Ui({"text": [ctx.service(Name).text, found is None]})

    bench = Bench(says, services=[Name("engine")])
    nodes = graph(n1=("Says", {}))
    assert bench.run(nodes, services=[Name("run"), Gates()]).ui["1"]["text"] == ["run", False]
    assert bench.run(nodes).ui["1"]["text"] == ["engine", True]


def test_closing_the_engine_closes_its_services_and_not_those_of_a_run():
    class Holds:
        closed = False

        def close(self):
            self.closed = True

    lasting, passing = Holds(), Holds()

    @node("Nothing", category="t", output=True)
    def nothing() -> Ui:
        return Ui({})

    bench = Bench(nothing, services=[lasting])
    bench.run(graph(n1=("Nothing", {})), services=[passing])
    bench.engine.close()
    assert (lasting.closed, passing.closed) == (True, False)
