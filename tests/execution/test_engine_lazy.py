"""Lazy inputs, awaited by functions and asked for by classes (facts 5.3)."""

import asyncio

import pytest
from engine_helpers import Bench, graph

from execution.errors import NodeDeclarationError
from execution.node import Blocked, Lazy, node


@node("Value", category="test")
def value(*, x: float) -> float:
    return x


@node("Fails", category="test")
def fails() -> float:
    raise RuntimeError("nobody should run this")


@node("Many", category="test")
def many(*, start: float, count: int) -> list[float]:
    return [start + n for n in range(count)]


@node("Choose", category="test")
async def choose(*, first: bool, a: Lazy[float], b: Lazy[float]) -> float:
    return await (a if first else b)


class LazyMix:
    """mask 0: first image alone; 1: second alone; else both."""

    @classmethod
    def INPUT_TYPES(cls):
        lazy = ("FLOAT", {"lazy": True})
        return {"required": {"image1": lazy, "image2": lazy, "mask": ("FLOAT",)}}

    RETURN_TYPES = ("FLOAT",)
    FUNCTION = "mix"

    def check_lazy_status(self, mask, image1, image2):
        needed = []
        if image1 is None and mask < 1:
            needed.append("image1")
        if image2 is None and mask > 0:
            needed.append("image2")
        return needed

    def mix(self, mask, image1, image2):
        return ((image1 or 0.0) * (1 - mask) + (image2 or 0.0) * mask,)


class AsyncLazyMix(LazyMix):
    async def check_lazy_status(self, mask, image1, image2):  # pyright: ignore[reportIncompatibleMethodOverride]
        await asyncio.sleep(0)
        return LazyMix.check_lazy_status(self, mask, image1, image2)

    async def mix(self, mask, image1, image2):  # pyright: ignore[reportIncompatibleMethodOverride]
        await asyncio.sleep(0)
        return LazyMix.mix(self, mask, image1, image2)


class NeverAsks:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("FLOAT", {"lazy": True})}}

    RETURN_TYPES = ("*",)
    FUNCTION = "go"

    def go(self, a):
        return (a,)


@pytest.fixture
def bench():
    return Bench(value, fails, many, choose, LazyMix, AsyncLazyMix, NeverAsks)


def test_only_the_branch_that_is_awaited_runs(bench):
    nodes = graph(
        n1=("Value", {"x": 2.0}), n2=("Fails", {}), n3=("Choose", {"first": True, "a": ["1", 0], "b": ["2", 0]})
    )
    assert bench.value(nodes, "3") == [2.0]
    assert "2" not in bench.started()


def test_a_lazy_literal_can_be_awaited_and_a_value_twice(bench):
    @node("Sum", category="test")
    async def total(*, a: Lazy[float], b: Lazy[float]) -> float:
        return await a + await b + await b

    bench = Bench(value, total)
    assert bench.value(graph(n1=("Value", {"x": 2.0}), n2=("Sum", {"a": 1.0, "b": ["1", 0]})), "2") == [5.0]
    assert bench.started().count("1") == 1


@pytest.mark.parametrize("kind", ["LazyMix", "AsyncLazyMix"])
@pytest.mark.parametrize(("mask", "runs", "result"), [(0.0, {"1"}, 4.0), (1.0, {"2"}, 8.0), (0.5, {"1", "2"}, 6.0)])
def test_a_class_asks_for_what_it_needs(bench, kind, mask, runs, result):
    nodes = graph(
        n1=("Value", {"x": 4.0}), n2=("Value", {"x": 8.0}), n3=(kind, {"image1": ["1", 0], "image2": ["2", 0]})
    )
    nodes["3"].inputs["mask"] = mask
    assert bench.value(nodes, "3") == [result]
    assert set(bench.started()) - {"3"} == runs
    assert bench.started().count("3") == 2, "announced at each look"
    assert bench.finished().count("3") == 1


@pytest.mark.parametrize("kind", ["LazyMix", "AsyncLazyMix"])
def test_items_of_a_list_ask_each_for_themselves(bench, kind):
    nodes = graph(
        n1=("Value", {"x": 4.0}),
        n2=("Value", {"x": 8.0}),
        n3=(kind, {"image1": ["1", 0], "image2": ["2", 0], "mask": ["4", 0]}),
        n4=("Many", {"start": 0.0, "count": 2}),
    )
    assert bench.value(nodes, "3") == [4.0, 8.0]
    assert set(bench.started()) == {"1", "2", "3", "4"}


def test_what_a_class_needs_is_asked_with_the_defaults_that_its_call_will_have():
    class Switch:
        @classmethod
        def INPUT_TYPES(cls):
            lazy = ("FLOAT", {"lazy": True})
            return {"required": {"a": lazy, "b": lazy}, "optional": {"first": ("BOOLEAN",), "c": lazy}}

        RETURN_TYPES = ("FLOAT",)
        FUNCTION = "go"

        def check_lazy_status(self, a, b, c, first=True):
            return ["a"] if first else ["b"]

        def go(self, a, b, first=True):
            return (a if first else b,)

    bench = Bench(value, fails, Switch)
    nodes = graph(n1=("Value", {"x": 4.0}), n2=("Fails", {}), n3=("Switch", {"a": ["1", 0], "b": ["2", 0]}))
    assert bench.value(nodes, "3") == [4.0]


def test_without_check_lazy_status_a_lazy_input_is_none_and_never_computed(bench):
    nodes = graph(n1=("Fails", {}), n2=("NeverAsks", {"a": ["1", 0]}))
    assert bench.value(nodes, "2") == [None]


def test_a_lazy_source_that_others_need_anyway_runs_once(bench):
    nodes = graph(
        n1=("Value", {"x": 2.0}),
        n2=("Choose", {"first": True, "a": ["1", 0], "b": ["1", 0]}),
        n3=("LazyMix", {"image1": ["1", 0], "image2": ["2", 0], "mask": 0.5}),
    )
    assert bench.value(nodes, "3") == [2.0]
    assert bench.finished().count("1") == 1


def test_a_lazy_list_longer_than_the_other_inputs_calls_for_every_item(bench):
    nodes = graph(
        n1=("Many", {"start": 1.0, "count": 3}),
        n2=("Value", {"x": 9.0}),
        n3=("Choose", {"first": True, "a": ["1", 0], "b": ["2", 0]}),
    )
    assert bench.value(nodes, "3") == [1.0, 2.0, 3.0]


def test_awaiting_a_blocked_value_blocks_the_node():
    @node("Block", category="test")
    def block() -> float | Blocked:
        return Blocked()

    bench = Bench(block, value, choose)
    nodes = graph(n1=("Block", {}), n2=("Choose", {"first": True, "a": ["1", 0], "b": 1.0}))
    assert bench.value(nodes, "2") == [Blocked()]


def test_lazy_chains_wake_one_after_the_other(bench):
    nodes = {"0": ("Value", {"x": 1.0})} | {
        str(n): ("Choose", {"first": True, "a": [str(n - 1), 0], "b": 0.0}) for n in range(1, 300)
    }
    assert bench.value(graph(**nodes), "299") == [1.0]


def test_an_unneeded_branch_may_even_be_of_a_failing_node_in_class_style(bench):
    nodes = graph(n1=("Value", {"x": 4.0}), n2=("Fails", {}), n3=("LazyMix", {"image1": ["1", 0], "mask": 0.0}))
    nodes["3"].inputs["image2"] = nodes["3"].inputs["image1"]._replace(node="2")
    assert bench.value(nodes, "3") == [4.0]


def test_only_async_functions_can_have_lazy_inputs():
    with pytest.raises(NodeDeclarationError, match="only an async function can await"):

        @node("Sync", category="test")
        def sync(*, a: Lazy[float]) -> float: ...
