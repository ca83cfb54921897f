"""What an output node showed and a person deleted since is made again; everything before it is still known."""

import pytest

from execution.node import Ui, node
from tests.execution.engine_helpers import Bench, graph


@node("Number", category="t")
def number() -> int:
    return 1


@pytest.fixture
def saved():
    return {"a.png"}


@pytest.fixture
def bench(saved):
    @node("SaveIt", category="t", output=True)
    def save_it(*, value: int) -> Ui:
        saved.add("a.png")
        return Ui({"images": [{"filename": "a.png"}]})

    def still_shown(ui):
        return all(file["filename"] in saved for file in ui["images"])

    return Bench(number, save_it, still_shown=still_shown)


NODES = graph(n1=("Number", {}), n2=("SaveIt", {"value": ["1", 0]}))


def test_an_output_whose_file_is_gone_runs_again_and_only_it(bench, saved):
    bench.run(NODES)
    assert bench.run(NODES).executed == []
    saved.clear()
    result = bench.run(NODES)
    assert (result.executed, result.cached) == (["2"], ["1"])
    assert "its file was deleted" in result.why("2")
    assert saved == {"a.png"}


def test_outputs_that_are_not_asked_for_are_left_alone(bench, saved):
    bench.run(NODES)
    saved.clear()
    assert bench.run(NODES, ["1"]).executed == []
    assert saved == set()
