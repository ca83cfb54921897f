"""What the engine itself costs: `python tests/benchmarks/bench_engine.py [repeats]`.

Chains of nodes that add one, so that nothing but the engine takes time. Prints microseconds per node: the median, the
fastest and the slowest of several runs by the wall clock, and the median by processor time of all threads, which other
programs on the machine disturb less.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from execution.engine import Engine
from execution.graph import Graph, GraphNode, Link
from execution.legacy import class_node
from execution.node import Subgraph, declared_node, node
from execution.registry import Registry

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 9


@node("Plus", category="bench")
def plus(*, x: int = 0) -> int:
    return x + 1


@node("AsyncPlus", category="bench")
async def async_plus(*, x: int = 0) -> int:
    return x + 1


@node("Climb", category="bench")
def climb(*, x: int, steps: int) -> int | Subgraph:
    if steps == 0:
        return x
    plan = Subgraph()
    return plan.returning(plan.add("Climb", x=plan.add("Plus", x=x).out(), steps=steps - 1).out())


class ClassPlus:
    """The same in class style."""

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, tuple[str]]]:
        return {"required": {"x": ("INT",)}}

    def go(self, x: int) -> tuple[int]:
        return (x + 1,)


Took = tuple[float, float]
"""Seconds by the wall clock and of processor time."""


class Clock:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def took(self) -> Took:
        return time.perf_counter() - self.wall, time.process_time() - self.cpu


def engine() -> Engine:
    nodes = [found for one in (plus, async_plus, climb) if (found := declared_node(one)) is not None]
    return Engine(Registry([*nodes, class_node("ClassPlus", ClassPlus)]))


def chain(length: int, kind: str, start: int = 0) -> Graph:
    graph: Graph = {"0": GraphNode("0", kind, {"x": start})}
    for number in range(1, length):
        graph[str(number)] = GraphNode(str(number), kind, {"x": Link(str(number - 1), 0)})
    return graph


def report(what: str, nodes: int, once: Callable[[int], Took]) -> None:
    once(-1)  # first imports and allocations are not the engine's
    times = [once(repeat) for repeat in range(REPEATS)]
    wall, cpu = (sorted(one[kind] / nodes * 1e6 for one in times) for kind in (0, 1))
    spread = f"{wall[0]:.1f} .. {wall[-1]:.1f}"
    print(f"{what:52} {statistics.median(wall):7.1f} ({spread:15}) wall  {statistics.median(cpu):7.1f} processor")


def cold(length: int, kind: str, *, sink: bool) -> Callable[[int], Took]:
    def once(repeat: int) -> Took:
        one, events = engine(), list[object]()
        graph = chain(length, kind, repeat)
        clock = Clock()
        result = one.run_sync(graph, [str(length - 1)], sink=events.append if sink else None)
        took = clock.took()
        assert result.outputs[str(length - 1)] == [[repeat + length]], result.error
        one.close()
        return took

    return once


def cached(length: int, *, sink: bool) -> Callable[[int], Took]:
    one, graph = engine(), chain(length, "Plus")
    one.run_sync(graph, [str(length - 1)])

    def once(_repeat: int) -> Took:
        events = list[object]()
        clock = Clock()
        result = one.run_sync(graph, [str(length - 1)], sink=events.append if sink else None)
        took = clock.took()
        assert not result.executed
        return took

    return once


def expansion(steps: int) -> Callable[[int], Took]:
    def once(repeat: int) -> Took:
        one = engine()
        clock = Clock()
        result = one.run_sync({"1": GraphNode("1", "Climb", {"x": repeat, "steps": steps})}, ["1"])
        took = clock.took()
        assert result.outputs["1"] == [[repeat + steps]], result.error
        return took

    return once


def main() -> None:
    print(f"Microseconds per node, median of {REPEATS} runs (fastest .. slowest)")
    for length in (100, 1000, 10_000):
        report(f"chain of {length}, cold, events taken", length, cold(length, "Plus", sink=True))
        report(f"chain of {length}, all cached, events taken", length, cached(length, sink=True))
    report("chain of 1000, cold, nobody listens", 1000, cold(1000, "Plus", sink=False))
    report("chain of 1000 class-style nodes, cold, events taken", 1000, cold(1000, "ClassPlus", sink=True))
    report("chain of 1000 async nodes, cold, events taken", 1000, cold(1000, "AsyncPlus", sink=True))
    report("expansions 1000 deep, two nodes each", 2000, expansion(1000))


if __name__ == "__main__":
    main()
