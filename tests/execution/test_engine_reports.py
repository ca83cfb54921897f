"""What is known of a run besides its results: what each node took, and why it ran."""

import asyncio
import time

import pytest
from engine_helpers import Bench, graph

from execution.cache import Entry, MemoryCache
from execution.engine import Engine
from execution.events import NodeFinished
from execution.node import Subgraph, node
from execution.store import DiskStore
from execution.tiered import TieredCache
from tests.execution.engine_helpers import registry


@node("Plus", category="test")
def plus(*, x: int = 0) -> int:
    return x + 1


@node("AsyncPlus", category="test")
async def async_plus(*, x: int = 0) -> int:
    return x + 1


@node("Fails", category="test")
def fails(*, x: int = 0) -> int:
    raise ValueError("no")


@node("Twice", category="test")
def twice(*, x: int = 0) -> int | Subgraph:
    plan = Subgraph()
    return plan.returning(plan.add("Plus", x=plan.add("Plus", x=x).out()).out())


class Counting:
    """A meter that says how often it was asked to begin."""

    def __init__(self):
        self.begun = 0

    def begin(self):
        self.begun += 1

    def peak(self, seconds):
        assert seconds >= 0
        return self.begun * 100


def peaks(bench):
    return {event.node.id: event.peak_bytes for event in bench.of(NodeFinished)}


def test_a_meter_measures_every_synchronous_call():
    bench = Bench(plus, async_plus, meter=Counting())
    bench.run(graph(na=("Plus", {}), nb=("AsyncPlus", {"x": ["a", 0]}), nc=("Plus", {"x": ["b", 0]})), ["c"])
    assert peaks(bench) == {"a": 100, "b": None, "c": 200}


def test_without_a_meter_nothing_is_measured():
    bench = Bench(plus)
    bench.run(graph(na=("Plus", {})), ["a"])
    assert peaks(bench) == {"a": None}


def test_a_node_that_expands_takes_what_its_nodes_take():
    bench = Bench(plus, twice, meter=Counting())
    bench.run(graph(na=("Twice", {})), ["a"])
    assert list(peaks(bench).values())[-1] == max(peaks(bench).values()) == 300


def test_what_a_failed_node_took_is_known():
    bench = Bench(plus, fails, meter=Counting())
    result = bench.run(graph(na=("Plus", {}), nb=("Fails", {"x": ["a", 0]})), ["b"])
    assert result.failed is not None
    assert (result.failed.node.id, result.failed.peak_bytes) == ("b", 200)
    assert 0 <= result.failed.seconds < result.seconds
    assert bench.run(graph(na=("Plus", {})), ["a"]).failed is None


def test_a_run_that_cannot_begin_has_no_time():
    result = Bench(plus).run(graph(na=("Plus", {"x": ["gone", 0]})), ["a"])
    assert result.failed is not None and result.failed.seconds == 0


def test_the_plan_is_told_before_the_first_node():
    one = Engine(registry(plus, twice))
    told = []

    def planned(plan):
        told.append((plan, plan.at("a"), plan.at("b"), plan.reasons().of("a")))

    result = one.run_sync(graph(na=("Twice", {}), nb=("Plus", {})), ["a"], planned=planned)
    ((plan, a, b, reason),) = told
    assert a == (plan.at("a")[0], "Twice") and b is None and reason == "this is the first run"
    inner = next(name for name in plan.all() if name != "a")
    assert plan.at(inner) == plan.all()[inner] and plan.at(inner)[1] == "Plus"
    assert result.planned is plan
    one.close()


def chain(length, first):
    nodes = {"n0": ("Plus", {"x": first})}
    for number in range(1, length):
        nodes[f"n{number}"] = ("Plus", {"x": [str(number - 1), 0]})
    return graph(**nodes)


def test_the_reasons_of_a_long_chain_are_found_in_one_pass(monkeypatch):
    bench = Bench(plus)
    bench.run(chain(300, 1), ["299"])
    result = bench.run(chain(300, 2), ["299"])
    looked = []
    own_change = __import__("execution.explain").explain._own_change
    monkeypatch.setattr("execution.explain._own_change", lambda *given: looked.append(given) or own_change(*given))
    for number in (150, 299, 0, 200):
        said = result.why(str(number))
        assert said.startswith(f"Node {number} (Plus) ran because 1 became 2 in input x of node 0 (Plus)")
        assert said.endswith(", on which it depends.") is (number != 0)
    assert len(looked) == 300


def test_looking_at_a_result_is_no_use_of_it():
    cache = MemoryCache(400)
    cache.begin_run([])
    for key in "abc":
        cache.put(key, key, Entry([["x" * 80]], seconds=1.0))
    assert cache.peek("a").outputs == [["x" * 80]] and cache.peek("z") is None
    cache.put("d", "d", Entry([["y" * 80]], seconds=1.0))
    assert cache.peek("a") is None, "what was looked at goes first all the same"


class Texts:
    """A codec for texts."""

    def size(self, outputs):
        return len(outputs[0][0])

    def encode(self, outputs):
        return outputs[0][0].encode()

    def decode(self, data):
        return [[data.decode()]]


def test_looking_on_the_disk_does_not_renew_a_result(tmp_path):
    disk = DiskStore(tmp_path, Texts())
    cache = TieredCache(MemoryCache(), disk)
    key = "0" * 32
    cache.put(key, key, Entry([["kept"]], seconds=5.0))
    disk.flush()
    (path,) = tmp_path.glob("*/*.result")
    used = path.stat().st_mtime_ns
    cache.memory.clear()
    assert cache.peek(key).outputs == [["kept"]]
    assert path.stat().st_mtime_ns == used and key not in cache.memory
    assert cache.get(key, key).outputs == [["kept"]]
    assert path.stat().st_mtime_ns > used and key in cache.memory
    cache.close()


@pytest.mark.parametrize("seconds", [0.02])
def test_an_async_node_that_fails_has_its_time(seconds):
    @node("Late", category="test")
    async def late(*, x: int = 0) -> int:
        await asyncio.sleep(seconds)
        raise RuntimeError("late")

    began = time.perf_counter()
    result = Bench(late, meter=Counting()).run(graph(na=("Late", {})), ["a"])
    took = time.perf_counter() - began
    assert seconds * 0.9 <= result.failed.seconds <= took and result.failed.peak_bytes is None
