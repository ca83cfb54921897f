"""What runs again and what does not (facts 5.6)."""

import math
from typing import Annotated, ClassVar

import pytest
from engine_helpers import Bench, graph

from execution.cache import MemoryCache
from execution.events import Cached, NodeStarted, UiOutput, Warned
from execution.fields import Files
from execution.node import Ui, node

calls: list[str] = []


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


@node("Source", category="test")
def source(*, x: int) -> int:
    calls.append(f"source {x}")
    return x


@node("Add", category="test")
def add(*, a: int, b: int = 0) -> int:
    calls.append(f"add {a} {b}")
    return a + b


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    calls.append(f"show {value}")
    return Ui({"seen": [value]})


@node("Once", category="test", not_idempotent=True)
def once(*, x: int) -> int:
    calls.append(f"once {x}")
    return x


@node("Fails", category="test", output=True)
def fails(*, value: int) -> Ui:
    calls.append(f"fails {value}")
    raise RuntimeError("as it must")


class Changes:
    """Runs again when told to."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT",)}, "optional": {"should_change": ("*",)}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    seen: ClassVar[list] = []
    asked = 0

    @classmethod
    def IS_CHANGED(cls, should_change=False, *args, **kwargs):
        cls.asked += 1
        cls.seen.append((should_change, kwargs))
        if should_change == "raise":
            raise ValueError("cannot tell")
        return math.nan if should_change is True else should_change

    def go(self, a, should_change=None):
        calls.append(f"changes {a}")
        return (a,)


class AsyncChanges(Changes):
    @classmethod
    async def IS_CHANGED(cls, should_change=False, **kwargs):  # pyright: ignore[reportIncompatibleMethodOverride]
        return Changes.IS_CHANGED(should_change, **kwargs)


class Keeps:
    """Counts on itself."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT",)}, "hidden": {"me": "UNIQUE_ID"}}

    RETURN_TYPES = ("INT", "STRING")
    FUNCTION = "go"

    def __init__(self):
        self.count = 0

    def go(self, a, me):
        calls.append(f"keeps {a}")
        self.count += 1
        return (self.count, me)


ALL = (source, add, show, once, fails, Changes, AsyncChanges, Keeps)


def chain(x=1, b=2):
    return graph(n1=("Source", {"x": x}), n2=("Add", {"a": ["1", 0], "b": b}), n3=("Show", {"value": ["2", 0]}))


@pytest.fixture
def bench():
    Changes.seen, Changes.asked = [], 0
    return Bench(*ALL)


def test_an_equal_graph_runs_nothing_and_shows_the_same(bench):
    first = bench.run(chain())
    assert first.ui == {"3": {"seen": [3]}}
    second = bench.run(chain())
    assert (second.executed, second.cached, second.ui) == ([], ["1", "2", "3"], first.ui)
    assert bench.of(NodeStarted) == []
    assert bench.of(Cached)[0].nodes == ("1", "2", "3")
    assert [event.node.id for event in bench.of(UiOutput)] == ["3"]


def test_a_change_runs_the_node_and_its_descendants_alone(bench):
    bench.run(chain())
    result = bench.run(chain(b=5))
    assert result.executed == ["2", "3"]
    assert result.cached == ["1"]


def test_ids_and_order_are_nothing_to_the_cache(bench):
    bench.run(chain())
    renamed = graph(x=("Show", {"value": ["y", 0]}), z=("Source", {"x": 1}), y=("Add", {"b": 2, "a": ["z", 0]}))
    assert bench.run(renamed).executed == []


def test_two_equal_nodes_run_once_and_both_show(bench):
    nodes = graph(
        n1=("Source", {"x": 1}),
        n2=("Source", {"x": 1}),
        n3=("Show", {"value": ["1", 0]}),
        n4=("Show", {"value": ["2", 0]}),
    )
    result = bench.run(nodes)
    assert sorted(calls) == ["show 1", "source 1"]
    assert result.ui == {"3": {"seen": [1]}, "4": {"seen": [1]}}


def test_nodes_that_ask_for_their_id_or_are_not_idempotent_share_nothing_but_are_cached(bench):
    nodes = graph(n1=("Keeps", {"a": 1}), n2=("Keeps", {"a": 1}), n3=("Once", {"x": 1}), n4=("Once", {"x": 1}))
    targets = ["1", "2", "3", "4"]
    assert len(bench.run(nodes, targets).executed) == 4
    assert bench.run(nodes, targets).executed == []


def test_is_changed_decides_whether_a_class_runs_again(bench):
    for change, runs in ((1, True), (1, False), (2, True), (2, False), (True, True), (True, True)):
        nodes = graph(n1=("Changes", {"a": 1, "should_change": change}), n2=("Add", {"a": ["1", 0]}))
        executed = bench.run(nodes, ["2"]).executed
        assert executed == (["1", "2"] if runs else [])
    assert Changes.asked == 6, "once a run"


def test_is_changed_sees_none_for_links_and_is_asked_once_for_each_node(bench):
    nodes = graph(
        n1=("Source", {"x": 1}),
        n2=("Changes", {"a": ["1", 0]}),
        n3=("Add", {"a": ["2", 0]}),
        n4=("Add", {"a": ["2", 0], "b": 3}),
    )
    bench.run(nodes, ["3", "4"])
    assert Changes.seen == [(False, {"a": None})]


@pytest.mark.parametrize("kind", ["Changes", "AsyncChanges"])
def test_a_failing_is_changed_runs_the_node_and_says_so(bench, kind):
    nodes = graph(n1=(kind, {"a": 1, "should_change": "raise"}))
    for _ in range(2):
        assert bench.run(nodes, ["1"]).executed == ["1"]
        assert "could not say whether it has changed (ValueError: cannot tell)" in bench.of(Warned)[0].sentence


def test_an_async_is_changed_is_awaited(bench):
    nodes = graph(n1=("AsyncChanges", {"a": 1, "should_change": 3}))
    assert [bench.run(nodes, ["1"]).executed for _ in range(2)] == [["1"], []]


def test_what_finished_before_a_failure_is_kept_and_the_failure_is_not(bench):
    nodes = graph(n1=("Source", {"x": 1}), n2=("Fails", {"value": ["1", 0]}))
    assert bench.run(nodes).status == "error"
    second = bench.run(nodes)
    assert (second.status, second.executed) == ("error", ["2"])
    assert calls == ["source 1", "fails 1", "fails 1"]


def test_instances_live_as_long_as_their_node_is_in_the_graph(bench):
    assert bench.value(graph(n7=("Keeps", {"a": 1})), "7") == [1]
    assert bench.value(graph(n7=("Keeps", {"a": 2})), "7") == [2]
    bench.run(chain())
    assert bench.value(graph(n7=("Keeps", {"a": 3})), "7") == [1]


def test_a_fingerprint_function_takes_the_inputs_it_names():
    stamps = {"a": 1}

    @node("Reads", category="test", fingerprint=lambda name: stamps[name])
    def reads(*, name: str, other: int = 0) -> int:
        return stamps[name]

    bench = Bench(reads)
    nodes = graph(n1=("Reads", {"name": "a", "other": 5}))
    assert bench.value(nodes, "1") == [1]
    stamps["a"] = 2
    assert bench.value(nodes, "1") == [2]
    assert bench.run(nodes, ["1"]).executed == []


class Folder:
    """Files as their content's digests."""

    def __init__(self, **files):
        self.files = files

    def digest(self, folder, name):
        if name not in self.files:
            raise FileNotFoundError(2, "No such file")
        return f"{folder}:{self.files[name]}"


@node("Read", category="test")
def read(*, name: str = "a", file: Annotated[str, Files("checkpoints", first=("none",))]) -> str:
    calls.append(file)
    return file


def test_a_file_is_known_by_its_content():
    folder = Folder(a="1", b="1")
    bench = Bench(read, files=folder)
    nodes = graph(n1=("Read", {"file": "a"}))
    assert bench.run(nodes, ["1"]).executed == ["1"]
    assert bench.run(nodes, ["1"]).executed == []
    folder.files["a"] = "2"
    assert bench.run(nodes, ["1"]).executed == ["1"]
    assert bench.run(graph(n1=("Read", {"file": "none"})), ["1"]).status == "success", "none is no file"


def test_a_file_that_is_not_there_is_an_error_of_its_input():
    error = Bench(read, files=Folder()).run(graph(n1=("Read", {"file": "x.bin"})), ["1"]).error
    assert str(error) == "Node 1 (Read): input file: x.bin cannot be read from the folder checkpoints: No such file."
    assert error.input_name == "file"


def test_a_file_nobody_can_check_or_that_is_known_only_later_is_read_every_time():
    assert [len(Bench(read).run(graph(n1=("Read", {"file": "a"})), ["1"]).executed) for _ in range(2)] == [1, 1]
    bench = Bench(read, files=Folder(a="1"))
    nodes = graph(n1=("Read", {"file": "a"}), n2=("Read", {"file": ["1", 0]}))
    assert [bench.run(nodes, ["2"]).executed for _ in range(2)] == [["1", "2"], ["2"]]


def test_other_code_is_another_key():
    old, new = (Bench(*ALL, code_salt=salt).engine for salt in ("1", "2"))
    new.cache = old.cache
    assert old.run_sync(chain()).executed == ["1", "2", "3"]
    assert new.run_sync(chain()).executed == ["1", "2", "3"]
    assert old.run_sync(chain()).executed == []


def test_classic_drops_what_is_not_in_the_new_graph():
    bench = Bench(*ALL, cache=MemoryCache.classic())
    bench.run(chain())
    assert bench.run(chain()).executed == []
    bench.run(chain(b=5))
    assert bench.run(chain()).executed == ["2", "3"]


def test_lru_keeps_the_last_results_over_graphs():
    kept, lost = Bench(*ALL, cache=MemoryCache.lru(100)), Bench(*ALL, cache=MemoryCache.lru(1))
    for bench, again in ((kept, []), (lost, ["1", "2", "3"])):
        bench.run(chain())
        assert bench.run(chain()).executed == [], "all of the last run, however small the number"
        bench.run(chain(x=7))
        bench.run(chain(x=8))
        assert bench.run(chain()).executed == again


def test_none_keeps_nothing_but_within_a_run_each_node_runs_once():
    bench = Bench(*ALL, cache=MemoryCache.none())
    nodes = chain() | graph(n4=("Show", {"value": ["1", 0]}))
    for _ in range(2):
        calls.clear()
        bench.run(nodes)
        assert sorted(calls) == ["add 1 2", "show 1", "show 3", "source 1"]


def test_clearing_the_cache_runs_everything_again(bench):
    bench.run(chain())
    bench.engine.cache.clear()
    assert bench.run(chain()).executed == ["1", "2", "3"]
