"""Keys: what is in them and what is not."""

import random

import pytest
from engine_helpers import registry
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.constants import constant_text
from execution.dynamic_graph import DynamicGraph
from execution.graph import Graph, GraphNode, Link
from execution.keys import Keys
from execution.node import node
from execution.plan import Plans


@node("Leaf", category="test")
def leaf(*, x: int = 0, text: str = "") -> int:
    return x


@node("Join", category="test")
def join(*, a: int = 0, b: int = 0, x: int = 0) -> int:
    return a + b + x


PLANS = Plans(registry(leaf, join), "")


def keys_of(graph: Graph) -> dict[str, str]:
    keys = Keys(DynamicGraph(graph), PLANS, None, lambda _node, _plan: None)
    keys.compute(graph)
    return keys.of


@st.composite
def graphs(draw) -> Graph:
    """Up to a dozen nodes, each linked to earlier ones."""
    count = draw(st.integers(1, 12))
    graph: Graph = {}
    for number in range(count):
        inputs: dict[str, object] = {"x": draw(st.integers(0, 3))}
        for name in ("a", "b"):
            source = draw(st.one_of(st.none(), st.integers(0, number - 1))) if number else None
            if source is not None:
                inputs[name] = Link(str(source), draw(st.integers(0, 1)))
        kind = "Join" if "a" in inputs or "b" in inputs else "Leaf"
        graph[str(number)] = GraphNode(str(number), kind, inputs)
    return graph


def renamed(graph: Graph, names: dict[str, str], order: list[str]) -> Graph:
    def move(value):
        return Link(names[value.node], value.slot) if isinstance(value, Link) else value

    return {
        names[old]: GraphNode(
            names[old],
            graph[old].type,
            {k: move(v) for k, v in reversed(graph[old].inputs.items())},
            title=f"title of {old}",
        )
        for old in order
    }


def descendants(graph: Graph, node_id: str) -> set[str]:
    found = {node_id}
    for other in graph.values():  # sources come first in these graphs
        if any(link.node in found for _, link in other.links()):
            found.add(other.id)
    return found


@given(graphs(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_names_titles_and_orders_are_not_in_keys(graph, rng: random.Random):
    order = list(graph)
    rng.shuffle(order)
    names = {old: f"n{number}" for number, old in enumerate(order)}
    moved = keys_of(renamed(graph, names, order))
    assert {old: moved[names[old]] for old in graph} == keys_of(graph)


@given(graphs(), st.data())
@settings(deadline=None)
def test_changing_a_constant_changes_exactly_the_descendants(graph, data):
    before = keys_of(graph)
    node_id = data.draw(st.sampled_from(sorted(graph)))
    changed = {k: GraphNode(n.id, n.type, dict(n.inputs)) for k, n in graph.items()}
    changed[node_id].inputs["x"] += 10
    after = keys_of(changed)
    assert {k for k in graph if before[k] != after[k]} == descendants(graph, node_id)


def one(**inputs) -> str:
    return keys_of({"0": GraphNode("0", "Leaf"), "1": GraphNode("1", "Join", inputs)})["1"]


def test_the_output_number_and_the_input_of_a_link_count():
    keys = {one(a=Link("0", 0)), one(a=Link("0", 1)), one(b=Link("0", 0)), one(a=0), one()}
    assert len(keys) == 5


def test_unknown_constants_do_not_count():
    assert one(x=1, stray=5) == one(x=1)


def test_missing_and_given_defaults_are_told_apart():
    assert one() != one(x=0)


def test_an_object_that_cannot_be_compared_never_has_the_same_key():
    same = object()
    assert one(x=same) != one(x=same)


@pytest.mark.parametrize(
    "values",
    [
        [1, 1.0, True, "1", b"1", None, "None", [1], (1,), {"1": 1}, {1: 1}, [[1]], [1, []], [[], 1], [], {}, ""],
        [0.0, -0.0, 0, False, float("inf"), "inf", [None], [0], "a\nb", "a", ["a", "b"], ["a,b"], ["a'", "b"]],
    ],
)
def test_unequal_constants_have_unequal_texts(values):
    texts = [constant_text(value) for value in values]
    assert None not in texts
    assert len(set(texts)) == len(values)


def test_equal_constants_have_equal_texts():
    assert constant_text({"b": [1, {"c": 2}], "a": 0}) == constant_text({"a": 0, "b": [1, {"c": 2}]})
    assert constant_text({"x": object()}) is None


def test_constants_may_be_nested_without_limit():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert constant_text(deep) is not None
    while deep:  # taken apart by hand: Python frees nested lists recursively, but within its own limit
        deep = deep.pop()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values)
@settings(deadline=None)
def test_texts_are_equal_exactly_when_values_are(one_value, other):
    def exact(value):
        if isinstance(value, dict):
            return ("dict", frozenset((key, exact(inner)) for key, inner in value.items()))
        if isinstance(value, list):
            return ("list", tuple(map(exact, value)))
        return (type(value).__name__, repr(value))

    assert (constant_text(one_value) == constant_text(other)) == (exact(one_value) == exact(other))
