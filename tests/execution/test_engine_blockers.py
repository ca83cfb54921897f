"""Blockers as values: who is not called, and who is told (facts 5.5 and 3.2)."""

import pytest
from engine_helpers import Bench, graph

from execution.events import NodeBlocked
from execution.legacy import ExecutionBlocker
from execution.node import Blocked, Ui, WithUi, node


class BlockSome:
    """Blocks the odd items, all at once in a list or as the bare result."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT",), "message": ("STRING",)}}

    RETURN_TYPES = ("INT", "INT")
    OUTPUT_IS_LIST = (False, True)
    FUNCTION = "go"

    def go(self, value, message):
        if value % 2:
            return ExecutionBlocker(message or None)
        return (value, [value, ExecutionBlocker(None)])


@node("Many", category="test")
def many(*, count: int) -> list[int]:
    return list(range(count))


@node("Add", category="test")
def add(*, a: int, b: int = 0) -> int:
    return a + b


@node("Sum", category="test")
def total(*, items: list[int]) -> int:
    return sum(items)


@node("Show", category="test", output=True)
def show(*, a: int) -> Ui:
    return Ui({"seen": [a]})


@node("Quiet", category="test")
def quiet(*, a: int) -> WithUi[int]:
    return WithUi(a, {"text": ["x"]})


@pytest.fixture
def bench():
    return Bench(BlockSome, many, add, total, show, quiet)


def blocking(message=""):
    return {"n1": ("Many", {"count": 4}), "n2": ("BlockSome", {"value": ["1", 0], "message": message})}


def test_a_blocked_item_is_not_called_and_its_outputs_are_blocked(bench):
    nodes = graph(**blocking(), n3=("Add", {"a": ["2", 0]}), n4=("Quiet", {"a": ["3", 0]}))
    assert bench.value(nodes, "3") == [0, Blocked(), 2, Blocked()]
    result = bench.run(nodes, ["4"])
    assert result.outputs["4"] == [[0, Blocked(), 2, Blocked()]]
    assert result.ui == {"4": {"text": ["x", "x"]}}
    assert bench.of(NodeBlocked) == []


def test_an_output_node_is_called_for_the_free_items_alone(bench):
    result = bench.run(graph(**blocking(), n3=("Show", {"a": ["2", 0]})))
    assert result.status == "success"
    assert result.ui == {"3": {"seen": [0, 2]}}


def test_a_blocker_inside_a_list_output_blocks_its_entry(bench):
    nodes = graph(**blocking(), n3=("Add", {"a": ["2", 1], "b": 1}))
    assert bench.value(nodes, "3") == [1, Blocked(), Blocked(), 3, Blocked(), Blocked()]


def test_any_blocker_in_a_list_blocks_a_node_that_takes_lists(bench):
    nodes = graph(**blocking(), n3=("Sum", {"items": ["2", 0]}))
    assert bench.value(nodes, "3") == [Blocked()]


def test_the_first_node_that_receives_a_message_tells_it_and_the_run_succeeds(bench):
    nodes = graph(**blocking("stop here"), n3=("Add", {"a": ["2", 0]}), n4=("Show", {"a": ["3", 0]}))
    for _ in range(2):
        result = bench.run(nodes)
        assert result.status == "success"
    nodes = graph(
        n2=("BlockSome", {"value": 1, "message": "no"}), n3=("Add", {"a": ["2", 0]}), n4=("Show", {"a": ["3", 0]})
    )
    for _ in range(2):  # told in every run, though nothing runs again
        result = bench.run(nodes)
        assert [(e.node.id, e.message) for e in bench.of(NodeBlocked)] == [("3", "no")]
    assert result.ui == {}


def test_several_items_with_the_same_message_are_told_once(bench):
    nodes = graph(**blocking("stop here"), n3=("Add", {"a": ["2", 0]}))
    bench.run(nodes, ["3"])
    assert [(e.node.id, e.message) for e in bench.of(NodeBlocked)] == [("3", "stop here")]


def test_a_function_blocks_all_its_outputs_by_returning_one_blocker():
    @node("Gate", category="test")
    def gate(*, open: bool) -> int | Blocked:
        return 1 if open else Blocked("the gate is closed")

    bench = Bench(gate, add)
    nodes = graph(n1=("Gate", {"open": False}), n2=("Add", {"a": ["1", 0]}))
    assert bench.value(nodes, "1") == [Blocked("the gate is closed")]
    assert bench.value(nodes, "2") == [Blocked()]
    assert bench.of(NodeBlocked)[0].message == "the gate is closed"
