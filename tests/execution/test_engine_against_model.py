"""Random graphs of every kind of node against the plainest evaluator that could be right."""

import asyncio
from typing import Any

import pytest
from engine_helpers import registry
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.cache import MemoryCache
from execution.engine import Engine
from execution.graph import Graph, GraphNode, Link
from execution.legacy import ExecutionBlocker, GraphBuilder
from execution.node import Blocked, Lazy, Subgraph, node


@node("Leaf", category="test")
def leaf(*, n: int) -> list[int]:
    return list(range(n))


@node("Add", category="test")
def add(*, a: int, b: int) -> int:
    return a * 3 + b


@node("AddLater", category="test")
async def add_later(*, a: int, b: int) -> int:
    await asyncio.sleep(0)
    return a * 3 + b


@node("Sum", category="test")
def total(*, a: list[int], b: list[int]) -> int:
    return sum(a) * 7 + sum(b)


@node("Choose", category="test")
async def choose(*, a: int, b: Lazy[int]) -> int:
    return await b if a % 2 else a


@node("Plan", category="test")
def plan(*, a: int, b: int) -> int | Subgraph:
    if a % 3 == 0:
        return b
    graph = Subgraph()
    inner = graph.add("Plan", a=a // 3, b=graph.add("AddLater", a=a, b=b).out())
    return graph.returning(graph.add("Add", a=inner.out(), b=1).out())


@node("Gate", category="test")
def gate(*, a: int, b: int) -> int | Blocked:
    return Blocked() if (a + b) % 5 == 0 else a


class ClassPlan:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT",), "b": ("INT", {"lazy": True})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    def check_lazy_status(self, a, b=None):
        return ["b"] if a % 2 and b is None else []

    def go(self, a, b=None):
        if not a % 2:
            return (a,) if a % 4 else ExecutionBlocker(None)
        builder = GraphBuilder()
        return {"result": (builder.node("Add", a=a, b=b).out(0),), "expand": builder.finalize()}


KINDS = ("Add", "AddLater", "Sum", "Choose", "Plan", "Gate", "ClassPlan")


def one(kind: str, a: Any, b: Any) -> int | Blocked:
    """One call, all at once and without any engine."""
    if kind in ("Add", "AddLater"):
        return a * 3 + b
    if kind == "Choose":
        return b if a % 2 else a
    if kind == "Plan":
        return b if a % 3 == 0 else one("Plan", a // 3, a * 3 + b) * 3 + 1  # type: ignore[operator]
    if kind == "Gate":
        return Blocked() if (a + b) % 5 == 0 else a
    if not a % 2:
        return a if a % 4 else Blocked()
    return a * 3 + b


def expected(graph: Graph) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for made in graph.values():
        if made.type == "Leaf":
            values[made.id] = list(range(made.inputs["n"]))
            continue
        a, b = (values[v.node] if isinstance(v, Link) else [v] for v in (made.inputs["a"], made.inputs["b"]))
        values[made.id] = rows(made.type, a, b)
    return values


def rows(kind: str, a: list[Any], b: list[Any]) -> list[Any]:
    blocked = Blocked()
    if kind == "Sum":
        return [blocked] if blocked in [*a, *b] else [sum(a) * 7 + sum(b)]
    if not a:
        return []
    lazy = kind in ("Choose", "ClassPlan")
    asked = not lazy or any(x != blocked and x % 2 for x in a)
    if not asked:
        b = [0]  # nobody looks at it
    if not b:
        return []
    found: list[Any] = []
    for row in range(max(len(a), len(b))):
        x, y = a[min(row, len(a) - 1)], b[min(row, len(b) - 1)]
        needs_b = kind != "Choose" or (x != blocked and x % 2)  # a class is called with all it has asked for
        found.append(blocked if x == blocked or (y == blocked and needs_b) else one(kind, x, y))
    return found


@st.composite
def graphs(draw) -> Graph:
    graph: Graph = {"0": GraphNode("0", "Leaf", {"n": draw(st.integers(1, 3))})}
    for number in range(1, draw(st.integers(2, 12))):

        def value() -> Any:
            source = draw(st.one_of(st.none(), st.integers(0, number - 1)))  # noqa: B023 - called at once
            return draw(st.integers(0, 4)) if source is None else Link(str(source), 0)

        kind = draw(st.sampled_from(("Leaf", *KINDS)))
        inputs = {"n": draw(st.integers(1, 3))} if kind == "Leaf" else {"a": value(), "b": value()}
        graph[str(number)] = GraphNode(str(number), kind, inputs)
    return graph


POLICIES = {
    "bounded": MemoryCache,
    "tiny": lambda: MemoryCache(300),
    "none": MemoryCache.none,
    "lru": lambda: MemoryCache.lru(3),
}


@pytest.fixture(scope="module")
def engines():
    nodes = registry(leaf, add, add_later, total, choose, plan, gate, ClassPlan)
    made = {name: Engine(nodes, cache=policy()) for name, policy in POLICIES.items()}
    yield made
    for engine in made.values():
        engine.close()


@given(graphs(), st.sampled_from(sorted(POLICIES)))
@settings(deadline=None, max_examples=60)
def test_the_engine_gives_what_a_plain_evaluator_gives(engines, graph, policy):
    result = engines[policy].run_sync(graph, list(graph))
    assert result.error is None, result.error
    assert {node_id: outputs[0] for node_id, outputs in result.outputs.items()} == expected(graph)
    again = engines[policy].run_sync(graph, list(graph))
    assert again.outputs == result.outputs
    if policy == "bounded":
        free = {n for n, items in expected(graph).items() if not items or set(map(repr, items)) != {repr(Blocked())}}
        assert not free & set(again.executed)
