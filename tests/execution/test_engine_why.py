"""Why did this node run again?"""

from typing import Annotated

import pytest
from engine_helpers import Bench, graph

from execution.fields import Files
from execution.node import node


@node("Source", category="test")
def source(*, x: int = 0) -> int:
    return x


@node("Add", category="test")
def add(*, a: int, b: int = 0) -> int:
    return a + b


@node("Load", category="test")
def load(*, file: Annotated[str, Files("input")]) -> int:
    return 1


@node("Always", category="test", fingerprint=lambda: float("nan"))
def always(*, x: int = 0) -> int:
    return x


stamp = ["1"]


@node("Stamped", category="test", fingerprint=lambda: stamp[0])
def stamped(*, x: int = 0) -> int:
    return x


class Folder:
    def __init__(self):
        self.content = "1"

    def digest(self, folder, name):
        return self.content


@pytest.fixture
def bench():
    stamp[0] = "1"
    return Bench(source, add, load, always, stamped, files=Folder())


def nodes(x=1, b=2, file="a.png"):
    return graph(
        n1=("Source", {"x": x}),
        n2=("Add", {"a": ["1", 0], "b": b}),
        n3=("Load", {"file": file}),
        n4=("Add", {"a": ["2", 0], "b": ["3", 0]}),
    )


def test_the_first_run_and_the_second(bench):
    first = bench.run(nodes(), ["4"])
    assert first.why("2") == "Node 2 (Add) ran because this is the first run."
    second = bench.run(nodes(), ["4"])
    assert second.why("2") == "Node 2 (Add) did not run: its result was known."
    assert second.why("x") == "Node x did not run: nothing that was asked for depends on it."


def test_an_input_that_changed_here_or_upstream(bench):
    bench.run(nodes(), ["4"])
    result = bench.run(nodes(x=5), ["4"])
    assert result.why("1") == "Node 1 (Source) ran because 1 became 5 in input x of node 1 (Source)."
    assert result.why("4") == "Node 4 (Add) ran because 1 became 5 in input x of node 1 (Source), on which it depends."
    assert result.why("3") == "Node 3 (Load) did not run: its result was known."


def test_a_file_with_other_content(bench):
    bench.run(nodes(), ["4"])
    bench.engine._files.content = "2"
    why = bench.run(nodes(), ["4"]).why("4")
    assert why == (
        "Node 4 (Add) ran because the file a.png that input file of node 3 (Load) names has other content, "
        "on which it depends."
    )


def test_links_that_were_moved_added_or_taken_away(bench):
    bench.run(nodes(), ["4"])
    moved = nodes()
    moved["4"].inputs["a"] = moved["4"].inputs["b"]
    assert bench.run(moved, ["4"]).why("4") == (
        "Node 4 (Add) ran because another output (0 of node 3) is linked to input a of node 4 (Add)."
    )
    linked = nodes()
    linked["2"].inputs["b"] = linked["4"].inputs["b"]
    bench.run(nodes(), ["4"])
    assert "a link to node 3 took the place of the value of input b of node 2" in bench.run(linked, ["4"]).why("4")
    assert "a value took the place of the link to input b of node 2" in bench.run(nodes(b=9), ["4"]).why("4")
    fewer = nodes(b=9)
    del fewer["2"].inputs["b"]
    assert "something was taken from input b of node 2" in bench.run(fewer, ["4"]).why("4")
    assert "a value was given to input b of node 2" in bench.run(nodes(b=10), ["4"]).why("4")


def test_new_nodes_other_types_and_renamed_ones(bench):
    bench.run(nodes(), ["4"])
    assert (
        bench.run(graph(n8=("Source", {"x": 77})), ["8"]).why("8")
        == "Node 8 (Source) ran because node 8 (Source) is new."
    )
    assert "node 8 (Stamped) was of type Source before" in bench.run(graph(n8=("Stamped", {})), ["8"]).why("8")
    again = bench.run(graph(n9=("Stamped", {})), ["9"])
    assert again.why("9") == "Node 9 (Stamped) did not run: its result was known."


def test_fingerprints_and_nodes_that_always_run(bench):
    graph_of = graph(n1=("Stamped", {}), n2=("Always", {}))
    bench.run(graph_of, ["1", "2"])
    stamp[0] = "2"
    result = bench.run(graph_of, ["1", "2"])
    assert result.why("1") == "Node 1 (Stamped) ran because node 1 (Stamped) says that what it reads has changed."
    assert (
        result.why("2") == "Node 2 (Always) ran because node 2 (Always) runs every time: it asks to be run every time."
    )


def test_results_that_were_let_go_and_other_code(bench):
    bench.run(nodes(), ["4"])
    bench.engine.cache.clear()
    assert "its result was no longer kept" in bench.run(nodes(), ["4"]).why("4")
    record = bench.run(nodes(), ["4"]).record
    record.codes["Source"] = "older"
    record.keys = {k: f"older {v}" for k, v in record.keys.items()}
    bench.engine.cache.clear()
    assert "the code of Source changed, on which it depends" in bench.run(nodes(), ["4"]).why("4")
