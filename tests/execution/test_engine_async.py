"""Async nodes overlap each other and what follows; told by barriers and order, never by time."""

import asyncio
import threading

from engine_helpers import Bench, graph

from execution.legacy import ExecutionBlocker, GraphBuilder
from execution.node import Blocked, Context, Ui, node


class Meeting:
    """Lets go only when `expected` are there: a deadlock, were they called one after the other."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.there = 0
        self.all = asyncio.Event()

    async def join(self) -> None:
        self.there += 1
        if self.there >= self.expected:
            self.all.set()
        async with asyncio.timeout(10):
            await self.all.wait()


@node("Meet", category="test")
async def meet(*, x: int = 0, ctx: Context) -> int:
    await ctx.service(Meeting).join()
    ctx.progress(0.5, 1.0)
    return x + 1


@node("Many", category="test")
def many(*, count: int) -> list[int]:
    return list(range(count))


@node("Sum", category="test")
def total(*, a: int = 0, b: int = 0, c: int = 0) -> int:
    return a + b + c


@node("Show", category="test", output=True)
async def show(*, a: int) -> Ui:
    await asyncio.sleep(0)
    return Ui({"seen": [a]})


@node("Throws", category="test")
async def throws(*, how: str = "raise") -> int:
    await asyncio.sleep(0)
    if how == "cancel":
        raise asyncio.CancelledError
    async with asyncio.timeout(0):
        await asyncio.sleep(10)
    return 0


@node("Forever", category="test")
async def forever(*, ctx: Context) -> int:
    try:
        await asyncio.sleep(1000)
    finally:
        ctx.service(list).append("ended")
    return 0


class ClassMeet:
    """In class style, planning nodes that meet."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"start": ("INT",)}}

    RETURN_TYPES = ("INT", "STRING")
    FUNCTION = "go"

    async def go(self, start):
        await asyncio.sleep(0)
        builder = GraphBuilder()
        made = [builder.node("Meet", x=start + n) for n in range(3)]
        last = builder.node("Sum", a=made[0].out(0), b=made[1].out(0), c=made[2].out(0))
        return {"result": (last.out(0), made[0].id), "expand": builder.finalize()}


class Shy:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT",)}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    async def go(self, a):
        return (ExecutionBlocker("odd"),) if a % 2 else (a,)


def run(nodes, targets=None, *, meeting=0, services=()):
    async def inside():
        bench = Bench(meet, many, total, show, throws, forever, ClassMeet, Shy, services=[Meeting(meeting), *services])
        bench.result = await bench.engine.run(nodes, targets, sink=bench.events.append)
        return bench

    return asyncio.run(inside())


def test_independent_async_nodes_overlap():
    nodes = graph(
        n1=("Meet", {"x": 1}),
        n2=("Meet", {"x": 2}),
        n3=("Meet", {"x": 3}),
        n4=("Sum", {"a": ["1", 0], "b": ["2", 0], "c": ["3", 0]}),
    )
    assert run(nodes, ["4"], meeting=3).result.outputs == {"4": [[9]]}


def test_items_of_one_async_node_overlap_and_keep_their_order():
    nodes = graph(n1=("Many", {"count": 5}), n2=("Meet", {"x": ["1", 0]}))
    assert run(nodes, ["2"], meeting=5).result.outputs == {"2": [[1, 2, 3, 4, 5]]}


def test_children_of_expansions_overlap_those_of_other_expansions_too():
    nodes = graph(
        n1=("ClassMeet", {"start": 0}), n2=("ClassMeet", {"start": 10}), n3=("Sum", {"a": ["1", 0], "b": ["2", 0]})
    )
    assert run(nodes, ["3"], meeting=6).result.outputs == {"3": [[6 + 36]]}


def test_a_synchronous_node_runs_while_an_async_one_waits():
    released = threading.Event()

    @node("Waits", category="test")
    async def waits() -> int:
        while not released.is_set():
            await asyncio.sleep(0.001)
        return 1

    @node("Releases", category="test")
    def releases() -> int:
        released.set()
        return 2

    bench = Bench(waits, releases, total)
    nodes = graph(n1=("Waits", {}), n2=("Releases", {}), n3=("Sum", {"a": ["1", 0], "b": ["2", 0]}))
    assert bench.value(nodes, "3") == [3]
    assert bench.started()[0] == "1", "async nodes go first"


def test_equal_async_nodes_under_way_share_one_call():
    nodes = graph(n1=("Meet", {"x": 1}), n2=("Meet", {"x": 1}), n3=("Sum", {"a": ["1", 0], "b": ["2", 0]}))
    bench = run(nodes, ["3"], meeting=1)
    assert bench.result.outputs == {"3": [[4]]}
    assert bench.result.executed == ["1", "3"]
    assert bench.result.cached == ["2"]


def test_an_async_failure_is_told_like_any_other_and_gives_up_the_rest():
    ended = []
    nodes = graph(n1=("Forever", {}), n2=("Throws", {}), n3=("Sum", {"a": ["1", 0], "b": ["2", 0]}))
    result = run(nodes, ["3"], services=[ended]).result
    assert result.status == "error"
    assert result.error.node.id == "2"
    assert isinstance(result.error.__cause__, TimeoutError)
    assert ended == ["ended"]


def test_a_failing_synchronous_node_gives_up_async_ones():
    @node("Breaks", category="test")
    def breaks() -> int:
        raise OSError("broken")

    ended = []
    bench = Bench(breaks, forever, total, services=[ended])
    nodes = graph(n1=("Forever", {}), n2=("Breaks", {}), n3=("Sum", {"a": ["1", 0], "b": ["2", 0]}))
    assert bench.run(nodes, ["3"]).error.node.id == "2"
    assert ended in (["ended"], [])  # it may not even have begun
    assert bench.run(graph(n1=("Sum", {"a": 1})), ["1"]).status == "success"


def test_one_failing_item_gives_up_the_others():
    ended = []

    @node("Picky", category="test")
    async def picky(*, a: int) -> int:
        if a == 2:
            raise ValueError("not two")
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append(a)
        return a

    bench = Bench(picky, many)
    error = bench.run(graph(n1=("Many", {"count": 3}), n2=("Picky", {"a": ["1", 0]})), ["2"]).error
    assert str(error) == "Node 2 (Picky): ValueError: not two"
    assert sorted(ended) == [0, 1]


def test_a_node_that_cancels_itself_fails():
    result = run(graph(n1=("Throws", {"how": "cancel"})), ["1"]).result
    assert result.status == "error"
    assert "it cancelled itself" in str(result.error)


def test_async_output_nodes_show_and_are_cached():
    async def inside():
        bench = Bench(show, many)
        nodes = graph(n1=("Many", {"count": 3}), n2=("Show", {"a": ["1", 0]}))
        first = await bench.engine.run(nodes)
        return first, await bench.engine.run(nodes)

    first, second = asyncio.run(inside())
    assert first.ui == second.ui == {"2": {"seen": [0, 1, 2]}}
    assert second.executed == []


def test_blockers_in_and_out_of_async_nodes():
    nodes = graph(n1=("Many", {"count": 3}), n2=("Shy", {"a": ["1", 0]}), n3=("Show", {"a": ["2", 0]}))
    bench = run(nodes, ["2", "3"])
    assert bench.result.outputs["2"] == [[0, Blocked("odd"), 2]]
    assert bench.result.ui == {"3": {"seen": [0, 2]}}


def test_async_calls_of_class_nodes_know_which_item_they_are():
    nodes = graph(n1=("Many", {"count": 2}), n2=("ClassMeet", {"start": ["1", 0]}))
    assert run(nodes, ["2"], meeting=4).result.outputs["2"] == [[6, 9], ["2.0.0.1", "2.1.0.1"]]
