"""What the engine offers to nodes that make loops of other nodes."""

import math
from typing import Annotated, Any

import pytest
from engine_helpers import Bench, graph

from execution.dynamic_prompt import DynamicPrompt
from execution.events import UiOutput, Warned
from execution.fields import Hidden
from execution.graph import Link
from execution.node import Blocked, Context, NodeDeclarationError, Subgraph, Ui, node


@node("One", category="t")
def one() -> int:
    return 1


@node("Stop", category="t")
def stop(*, message: str = "") -> int | Blocked:
    return Blocked(message or None)


@node("Tell", category="t", output=True)
def tell(*, x: int) -> Ui:
    return Ui({"text": [x]})


@node("Plan", category="t", kept=False)
def plan(*, x: int) -> int | Subgraph:
    """Shows what it is given inside of itself."""
    made = Subgraph()
    made.add("Tell", x=x)
    return made.returning(x)


@node("After", category="t")
def after(*, x: int) -> int:
    return x


@node("All", category="t", takes_blocked=True)
def all_of(*, first: list[Any], more: list[Any] | None = None) -> list[Any]:
    return [*first, *(more or [])]


def test_a_node_that_is_not_kept_is_called_in_each_run_that_needs_it_and_what_follows_is_known():
    bench = Bench(plan, tell, after)
    nodes = graph(n1=("Plan", {"x": 4}), n2=("After", {"x": ["1", 0]}))
    assert bench.value(nodes, "2") == [4]
    assert len(bench.of(UiOutput)) == 1
    assert bench.run(nodes, ["2"]).executed == []
    assert not bench.of(UiOutput), "nothing needed it"
    assert bench.run(nodes, ["1"]).executed == ["1"]
    assert [event.output for event in bench.of(UiOutput)] == [{"text": [4]}], "from the cache, shown again"


def test_blocked_items_are_left_out_and_their_messages_told():
    bench = Bench(one, stop, all_of)
    nodes = graph(
        n1=("One", {}),
        n2=("Stop", {"message": "nothing here"}),
        n3=("All", {"first": ["2", 0], "more": ["1", 0]}),
    )
    assert bench.value(nodes, "3") == [1]
    assert [event.sentence for event in bench.of(Warned)] == ["nothing here"]


def test_only_nodes_of_whole_lists_do_without_what_is_blocked():
    with pytest.raises(NodeDeclarationError, match="whole lists"):

        @node("Wrong", category="t", takes_blocked=True)
        def wrong(*, x: int) -> int:
            return x


def test_a_fingerprint_may_ask_the_context():
    asked = []

    def state(ctx: Context, x: int | None) -> float:
        asked.append((ctx.node_id, ctx.service(dict)["state"], x))
        return asked[-1][1]

    @node("Outside", category="t", fingerprint=state)
    def outside(*, x: int, ctx: Context) -> float:
        return ctx.service(dict)["state"]

    world = {"state": 1.0}
    bench = Bench(outside, services=[world])
    nodes = graph(n1=("Outside", {"x": 2}))
    assert bench.value(nodes, "1") == [1.0]
    assert bench.run(nodes, ["1"]).executed == []
    world["state"] = 2.0
    assert bench.value(nodes, "1") == [2.0]
    assert asked[0] == ("1", 1.0, 2)
    world["state"] = math.nan
    assert bench.run(nodes, ["1"]).executed == bench.run(nodes, ["1"]).executed == ["1"]


def test_a_node_may_look_around_itself_and_name_the_nodes_it_makes():
    seen = {}

    @node("Look", category="t")
    def look(*, around: Annotated[DynamicPrompt, Hidden("DYNPROMPT")], ctx: Context) -> int | Subgraph:
        seen["consumers"] = around.consumers(ctx.node_id)
        seen["types"] = [around.type_of(one) for one in seen["consumers"]]
        seen["inputs"] = dict(around.inputs(seen["consumers"][0]))
        made = Subgraph()
        named = made.add("After", x=Link("1", 0))
        named.name = "r3.x"
        return made.returning(named.out())

    bench = Bench(one, look, after)
    nodes = graph(n1=("One", {}), n2=("Look", {}), n3=("After", {"x": ["2", 0]}))
    assert bench.value(nodes, "3") == [1]
    assert seen == {"consumers": ["3"], "types": ["After"], "inputs": {"x": Link("2", 0)}}
    assert "2.0.0.r3.x" in bench.started()
