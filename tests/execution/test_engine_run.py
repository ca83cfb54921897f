"""Order, events, partial runs, cancelling, errors and size (facts 3.2, 5.1, 5.6)."""

import asyncio
import threading

import pytest
from engine_helpers import Bench, graph

from execution.context import CancelToken
from execution.engine import Engine
from execution.errors import DependencyCycleError
from execution.events import (
    Cached,
    Failed,
    Finished,
    NodeFinished,
    NodeStarted,
    Preview,
    Progress,
    RunCancelled,
    Started,
    UiOutput,
    Warned,
)
from execution.node import Context, NodeInputError, Ui, node
from execution.registry import Registry


@node("Source", category="test")
def source(*, x: int = 0) -> int:
    return x


@node("Add", category="test")
def add(*, a: int, b: int = 0, ctx: Context) -> int:
    ctx.progress(1, 2)
    ctx.preview("picture")
    ctx.warn("careful")
    return a + b


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    return Ui({"seen": [value]})


@node("ShowNothing", category="test", output=True)
def show_nothing(*, value: int) -> None:
    """An output node without anything for the editor."""


@node("Fails", category="test", output=True)
def fails(*, value: int, name: str = "x") -> Ui:
    raise ValueError(f"{value} is too much")


@node("Refuses", category="test", output=True)
def refuses(*, value: int) -> Ui:
    raise NodeInputError("value", "It is odd: give an even number.")


@node("Plus", category="test")
def plus(*, a: int) -> int:
    return a + 1


@node("Async", category="test")
async def async_node(*, a: int = 0) -> int:
    return a


ALL = (source, add, show, show_nothing, fails, refuses, plus, async_node)


@pytest.fixture
def bench():
    return Bench(*ALL)


def test_a_plain_run_tells_what_happens_in_order(bench):
    nodes = graph(n1=("Source", {"x": 1}), n2=("Add", {"a": ["1", 0], "b": 2}), n3=("Show", {"value": ["2", 0]}))
    result = bench.run(nodes)
    assert result.status == "success"
    kinds = [type(event) for event in bench.events]
    node_kinds = [NodeStarted, Progress, Preview, Warned, NodeFinished]
    assert kinds == [
        Started,
        Cached,
        NodeStarted,
        NodeFinished,
        *node_kinds,
        NodeStarted,
        UiOutput,
        NodeFinished,
        Finished,
    ]
    assert bench.events[0].nodes == 3
    assert (bench.of(Progress)[0].value, bench.of(Progress)[0].total) == (1, 2)
    assert bench.of(UiOutput)[0].output == {"seen": [3]}
    assert result.ui == {"3": {"seen": [3]}}
    assert result.outputs == {"3": []}


def test_only_what_the_outputs_need_runs(bench):
    nodes = graph(n1=("Source", {"x": 1}), n2=("Source", {"x": 2}), n3=("Show", {"value": ["1", 0]}))
    assert bench.run(nodes).executed == ["1", "3"]


def test_partial_runs_take_the_targets_and_outputs_on_the_way(bench):
    nodes = graph(n1=("Source", {"x": 1}), n2=("Show", {"value": ["1", 0]}), n3=("Show", {"value": 5}))
    assert bench.run(nodes, ["2"]).executed == ["1", "2"]
    assert bench.run(nodes, ["1", "1"]).outputs == {"1": [[1]]}
    assert bench.run(nodes, []).executed == []
    with pytest.raises(KeyError, match="Node 9 is asked for but is not in the graph"):
        bench.run(nodes, ["9"])


def test_ready_outputs_go_first_then_async_nodes_then_what_feeds_an_output(bench):
    nodes = graph(
        n1=("Source", {"x": 1}),
        n2=("Plus", {"a": ["1", 0]}),
        n3=("Plus", {"a": ["2", 0]}),
        n4=("Plus", {"a": ["3", 0]}),
        n5=("Show", {"value": ["4", 0]}),  # four steps after a source
        n6=("Source", {"x": 2}),
        n7=("Plus", {"a": ["6", 0]}),
        n8=("Show", {"value": ["7", 0]}),  # two steps after a source
        n9=("Source", {"x": 3}),
        n10=("Show", {"value": ["9", 0]}),  # right after a source
        n11=("Show", {"value": 7}),
        n12=("Async", {"a": 1}),
        n13=("Show", {"value": ["12", 0]}),
    )
    order = bench.run(nodes).executed
    without_async_chain = [n for n in order if n != "13"]  # comes whenever node 12 has ended
    assert set(order[:2]) == {"11", "12"}
    assert without_async_chain[2:] == ["9", "10", "6", "7", "8", "1", "2", "3", "4", "5"]


def test_what_is_equally_urgent_runs_in_the_order_it_is_needed(bench):
    nodes = graph(n1=("Show", {"value": 1}), n2=("Show", {"value": 2}), n3=("Show", {"value": 3}))
    assert bench.run(nodes).executed == ["1", "2", "3"]
    assert bench.run(nodes, ["3", "1"]).ui.keys() == {"3", "1"}


def test_a_failure_names_the_node_its_type_and_its_inputs(bench):
    nodes = graph(n1=("Source", {"x": 4}), n2=("Fails", {"value": ["1", 0], "name": "y" * 2000}))
    result = bench.run(nodes)
    assert result.status == "error"
    assert str(result.error) == "Node 2 (Fails): ValueError: 4 is too much"
    assert isinstance(result.error.__cause__, ValueError)
    assert result.error.inputs["value"] == [4]
    assert len(result.error.inputs["name"][0]) < 1100
    assert [type(e) for e in bench.events[-2:]] == [NodeStarted, Failed]
    assert result.executed == ["1", "2"]


def test_a_node_may_blame_an_input(bench):
    error = bench.run(graph(n1=("Refuses", {"value": 3}))).error
    assert str(error) == "Node 1 (Refuses): input value: It is odd: give an even number."
    assert error.input_name == "value"


def test_outputs_done_before_a_failure_are_in_the_result(bench):
    nodes = graph(n1=("Show", {"value": 1}), n2=("Fails", {"value": 2}))
    result = bench.run(nodes)
    assert result.status == "error"
    assert result.ui == {"1": {"seen": [1]}}


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (graph(n1=("Show", {"value": ["9", 0]})), "its input value is linked to node 9, which is not there"),
        (graph(n1=("Show", {"value": ["2", 0]}), n2=("Nope", {})), "Node 2 (Nope): There is no node type Nope"),
    ],
)
def test_a_graph_that_cannot_run_is_refused_with_a_sentence(bench, nodes, said):
    assert said in str(bench.run(nodes).error)


@pytest.mark.parametrize(
    "nodes",
    [
        graph(n1=("Plus", {"a": ["1", 0]}), n2=("Show", {"value": ["1", 0]})),
        graph(n1=("Plus", {"a": ["3", 0]}), n3=("Plus", {"a": ["1", 0]}), n2=("Show", {"value": ["1", 0]})),
    ],
)
def test_a_cycle_in_the_graph_is_an_error_of_a_node_in_it(bench, nodes):
    error = bench.run(nodes).error
    assert isinstance(error.__cause__, DependencyCycleError)
    assert error.node.id in {"1", "3"}


def test_long_cycles_are_found_too(bench):
    nodes = {str(n): ("Plus", {"a": [str((n + 1) % 5000), 0]}) for n in range(5000)}
    error = bench.run(graph(**nodes, end=("Show", {"value": ["0", 0]}))).error
    assert isinstance(error.__cause__, DependencyCycleError)


def test_a_cycle_that_nothing_needs_disturbs_nobody(bench):
    nodes = graph(n1=("Plus", {"a": ["1", 0]}), n2=("Show", {"value": 3}))
    assert bench.run(nodes).status == "success"


@pytest.mark.parametrize("sink", [True, False])
def test_a_chain_of_ten_thousand_nodes_runs(bench, sink):
    nodes = {"0": ("Source", {})} | {str(n): ("Plus", {"a": [str(n - 1), 0]}) for n in range(1, 10_000)}
    events = []
    result = bench.engine.run_sync(graph(**nodes), ["9999"], sink=events.append if sink else None)
    assert result.outputs == {"9999": [[9999]]}
    assert len(events) == (20_003 if sink else 0)
    assert bench.engine.run_sync(graph(**nodes), ["9999"]).executed == []


def test_ten_thousand_consumers_of_one_node_run(bench):
    nodes = {"0": ("Source", {})} | {str(n): ("Add", {"a": ["0", 0], "b": n}) for n in range(1, 10_000)}
    result = bench.engine.run_sync(graph(**nodes), [str(n) for n in range(1, 10_000)])
    assert result.outputs["9999"] == [[9999]]


class Gate:
    """A service that lets a test stop a node in the middle."""

    def __init__(self):
        self.inside = threading.Event()
        self.on = threading.Event()


@node("Waits", category="test")
def waits(*, a: int = 0, ctx: Context) -> int:
    gate = ctx.service(Gate)
    gate.inside.set()
    gate.on.wait(10)
    ctx.check_cancelled()
    return a


@node("Sleeps", category="test")
async def sleeps(*, a: int = 0, ctx: Context) -> int:
    ctx.service(Gate).inside.set()
    await asyncio.sleep(1000)
    return a


async def cancelled_inside(kind, how):
    gate, token, events = Gate(), CancelToken(), []
    bench = Bench(waits, sleeps, source, show, services=[gate])
    nodes = graph(n1=("Source", {"x": 1}), n2=(kind, {"a": ["1", 0]}), n3=("Show", {"value": ["2", 0]}))
    task = asyncio.create_task(bench.engine.run(nodes, sink=events.append, cancel=token))
    await asyncio.to_thread(gate.inside.wait, 10)
    how(task, token)
    gate.on.set()
    try:
        return await task, events, bench.engine
    finally:
        bench.engine.close()


@pytest.mark.parametrize("kind", ["Waits", "Sleeps"])
def test_cancelling_ends_the_run_where_it_is(kind):
    result, events, _ = asyncio.run(cancelled_inside(kind, lambda _task, token: token.cancel()))
    assert result.status == "cancelled"
    assert result.cancelled_at.id == "2"
    assert isinstance(events[-1], RunCancelled)
    assert events[-1].node.id == "2"
    assert "3" not in result.executed


@pytest.mark.parametrize("kind", ["Waits", "Sleeps"])
def test_cancelling_the_task_cancels_the_run(kind):
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled_inside(kind, lambda task, _token: task.cancel()))


def test_a_run_cancelled_before_it_begins_calls_nothing(bench):
    token = CancelToken()
    token.cancel()
    result = bench.run(graph(n1=("Show", {"value": 1})), cancel=token)
    assert (result.status, result.executed) == ("cancelled", [])


def test_after_a_failure_or_a_cancel_the_engine_goes_on(bench):
    bench.run(graph(n1=("Fails", {"value": 1})))
    assert bench.run(graph(n1=("Show", {"value": 1}))).status == "success"


def test_two_runs_take_turns():
    async def both():
        bench = Bench(*ALL)
        events = []
        nodes = graph(n1=("Source", {"x": 1}), n2=("Add", {"a": ["1", 0]}), n3=("Show", {"value": ["2", 0]}))
        other = graph(n1=("Source", {"x": 2}), n2=("Add", {"a": ["1", 0]}), n3=("Show", {"value": ["2", 0]}))
        one = bench.engine.run(nodes, sink=lambda e: events.append((1, e)))
        two = bench.engine.run(other, sink=lambda e: events.append((2, e)))
        results = await asyncio.gather(one, two)
        return [r.ui["3"] for r in results], events

    ui, events = asyncio.run(both())
    assert ui == [{"seen": [1]}, {"seen": [2]}]
    first = [run for run, event in events if not isinstance(event, Finished)]
    assert {1, 2} == set(first)


def test_the_device_thread_is_one_and_enters_what_it_is_given():
    from contextlib import contextmanager

    threads, entered = set(), []

    @node("Where", category="test")
    def where(*, a: int = 0) -> int:
        threads.add(threading.current_thread().name)
        assert entered[-1] == "in"
        return a

    @contextmanager
    def context():
        entered.append("in")
        yield
        entered.append("out")

    bench = Bench(where, thread_context=context)
    for x in range(3):
        bench.value(graph(n1=("Where", {"a": x}), n2=("Where", {"a": ["1", 0]})), "2")
    assert len(threads) == 1
    assert next(iter(threads)).startswith("device")
    assert entered == ["in", "out"] * 3


def test_events_come_on_the_event_loops_thread_and_all_of_them_before_the_run_returns():
    async def run():
        bench = Bench(*ALL)
        names = []
        nodes = graph(n1=("Source", {"x": 1}), n2=("Async", {"a": ["1", 0]}), n3=("Show", {"value": ["2", 0]}))
        await bench.engine.run(nodes, sink=lambda e: names.append((threading.current_thread(), type(e))))
        return names, threading.current_thread()

    names, here = asyncio.run(run())
    assert {thread for thread, _ in names} == {here}
    assert names[-1][1] is Finished


def test_a_service_that_is_not_there_is_a_sentence():
    error = Bench(waits).run(graph(n1=("Waits", {})), ["1"]).error
    assert "No Gate was given to the engine" in str(error)


def test_results_are_let_go_when_nobody_wants_them_any_more():
    import weakref

    from execution.cache import MemoryCache

    alive, most = weakref.WeakSet(), []

    class Big:
        pass

    class Make:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {}, "optional": {"a": ("*",)}}

        RETURN_TYPES = ("*",)
        FUNCTION = "go"

        def go(self, a=None):
            big = Big()
            alive.add(big)
            most.append(len(alive))
            return (big,)

    bench = Bench(Make, cache=MemoryCache.none())
    nodes = {"0": ("Make", {})} | {str(n): ("Make", {"a": [str(n - 1), 0]}) for n in range(1, 50)}
    assert bench.run(graph(**nodes), ["49"]).status == "success"
    assert max(most) <= 4, "a node's inputs and outputs, not the whole chain's"


def test_an_engine_is_made_of_a_registry_alone():
    engine = Engine(Registry())
    assert engine.run_sync({}).status == "success"
    engine.close()
