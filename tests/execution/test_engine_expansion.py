"""Nodes that answer with nodes (facts 5.4), in function style and as packs write them."""

import pytest
from engine_helpers import Bench, graph

from execution.errors import DependencyCycleError
from execution.legacy import ExecutionBlocker, GraphBuilder, is_link
from execution.node import Subgraph, Ui, node


@node("Add", category="test")
def add(*, a: int, b: int) -> int:
    return a + b


@node("Many", category="test")
def many(*, count: int) -> list[int]:
    return list(range(count))


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    """Shown under the node."""
    return Ui({"text": [value]})


@node("Climb", category="test")
def climb(*, x: int, steps: int) -> int | Subgraph:
    """Adds one `steps` times, each step in the expansion of the one before."""
    if steps == 0:
        return x
    plan = Subgraph()
    one = plan.add("Add", a=x, b=1)
    return plan.returning(plan.add("Climb", x=one.out(), steps=steps - 1).out())


class Expands:
    """value 0: a plain tuple; 1: a dict with a result; 2: an expansion; 3: an expansion that shows its value."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT",)}}

    RETURN_TYPES = ("INT", "STRING")
    FUNCTION = "go"

    def go(self, value):
        if value == 0:
            return (100, "plain")
        if value == 1:
            return {"result": (101, "dict")}
        builder = GraphBuilder()
        made = builder.node("Add", a=value, b=100)
        if value == 3:
            builder.node("Show", value=made.out(0))
        return {"result": (made.out(0), made.id), "expand": builder.finalize()}


class Cycle:
    """Its expansion waits for the node `target`."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"target": ("STRING",), "a": ("INT", {"rawLink": True})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    def go(self, target, a):
        assert is_link(a)
        builder = GraphBuilder()
        made = builder.node("Add", a=[target, 0], b=1)
        return {"result": (made.out(0),), "expand": builder.finalize()}


class Asis:
    """Returns the expansion that it is given."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"expand": ("*",), "result": ("*",)}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    def go(self, expand, result):
        return {"result": (result,), "expand": expand}


@pytest.fixture
def bench():
    return Bench(add, many, show, climb, Expands, Cycle, Asis)


def test_an_expansion_gives_its_output(bench):
    nodes = graph(n1=("Climb", {"x": 5, "steps": 1}))
    assert bench.value(nodes, "1") == [6]
    assert bench.started() == ["1", "1.0.0.1", "1.0.0.2"]
    child = bench.of(type(bench.events[3]))[0].node
    assert (child.real, child.display) == ("1", "1")


def test_expansions_nest_a_thousand_deep_with_short_ids(bench):
    assert bench.value(graph(n1=("Climb", {"x": 0, "steps": 1000})), "1") == [1000]
    assert max(map(len, bench.started())) < 300
    assert len(set(bench.started())) == 2001


def test_items_of_a_list_may_expand_or_not_and_their_ids_differ(bench):
    nodes = graph(n1=("Many", {"count": 4}), n2=("Expands", {"value": ["1", 0]}))
    assert bench.value(nodes, "2") == [100, 101, 102, 103]
    assert bench.run(nodes, ["2"]).outputs["2"][1] == ["plain", "dict", "2.2.0.1", "2.3.0.1"]


def test_output_nodes_of_an_expansion_run_and_are_known_by_their_own_id(bench):
    result = bench.run(graph(n1=("Expands", {"value": 3})), ["1"])
    assert result.ui == {"1.0.0.2": {"text": [103]}}
    ref = result.nodes["1.0.0.2"]
    assert (ref.display, ref.parent, ref.real) == ("1", "1", "1")


def test_children_are_cached_below_the_parent_and_across_runs(bench):
    first = graph(n1=("Climb", {"x": 5, "steps": 3}))
    bench.run(first, ["1"])
    again = bench.run(first, ["1"])
    assert (again.executed, again.cached) == ([], ["1"])
    # Another parent with one step more begins anew, but its tail was computed inside the first one.
    other = bench.run(graph(n9=("Climb", {"x": 4, "steps": 4})), ["9"])
    assert other.outputs["9"] == [[8]]
    assert "9" in other.executed


def test_children_of_two_equal_calls_are_shared(bench):
    nodes = graph(n1=("Expands", {"value": 2}), n2=("Add", {"a": 2, "b": 100}))
    bench.run(nodes, ["2"])
    result = bench.run(nodes, ["1"])
    assert result.executed == ["1"]
    assert result.cached == ["1.0.0.1"]


def test_override_display_id_shows_a_child_elsewhere(bench):
    builder = GraphBuilder(prefix="x.")
    made = builder.node("Add", a=1, b=2)
    made.set_override_display_id("7")
    nodes = graph(n7=("Add", {"a": 0, "b": 0}), n1=("Asis", {"result": {"__value__": made.out(0)}}))
    nodes["1"].inputs["expand"] = builder.finalize()
    assert bench.value(nodes, "1") == [3]
    child = next(event.node for event in bench.events if getattr(event, "node", None) and event.node.id == "x.1")
    assert (child.display, child.parent, child.real) == ("7", "1", "1")


def test_ids_of_an_expansion_must_be_new(bench):
    nodes = graph(n1=("Asis", {"expand": {"2": {"class_type": "Add", "inputs": {}}}, "result": 1}), n2=("Many", {}))
    assert "makes a node with the id 2, which there is already" in str(bench.run(nodes, ["1"]).error)


@pytest.mark.parametrize(
    ("expand", "result", "said"),
    [
        ({"x": {"inputs": {}}}, 1, "a node x without class_type"),
        ({"x": {"class_type": "Nope"}}, {"__value__": ["x", 0]}, "no node type Nope"),
        ({"x": {"class_type": "Add", "inputs": {"a": ["gone", 0]}}}, 1, "input a of Add to node gone"),
        ({}, {"__value__": ["gone", 0]}, "an output of node gone, which is not there"),
        ({"x": {"class_type": "Add", "inputs": {"a": 1, "b": 1}}}, {"__value__": ["x", 4]}, "output 4 of node x (Add"),
    ],
)
def test_a_wrong_expansion_is_an_error_of_its_node(bench, expand, result, said):
    nodes = graph(n1=("Asis", {"expand": expand, "result": result}))
    error = bench.run(nodes, ["1"]).error
    assert said in str(error)
    assert error.node.real == "1"


def test_errors_in_children_name_the_submitted_node(bench):
    nodes = graph(n1=("Asis", {"expand": {"x": {"class_type": "Add", "inputs": {"a": "q", "b": 1}}}, "result": 1}))
    nodes["1"].inputs["result"] = ["x", 0]
    error = bench.run(nodes, ["1"]).error
    assert (error.node.id, error.node.parent, error.node.real) == ("x", "1", "1")
    assert isinstance(error.__cause__, TypeError)


@pytest.mark.parametrize("target", ["2", "3"])
def test_an_expansion_that_waits_for_what_waits_for_it_is_a_cycle(bench, target):
    """For itself, or for a node downstream of it."""
    nodes = graph(
        n1=("Add", {"a": 1, "b": 1}),
        n2=("Cycle", {"target": target, "a": ["1", 0]}),
        n3=("Add", {"a": ["2", 0], "b": 1}),
    )
    error = bench.run(nodes, ["3"]).error
    assert isinstance(error.__cause__, DependencyCycleError)
    assert error.node.id == "2", "the submitted node whose expansion made it"
    assert "wait for each other" in str(error)


def test_an_expansion_may_use_any_node_that_is_there(bench):
    nodes = graph(
        n1=("Add", {"a": 1, "b": 1}), n2=("Cycle", {"target": "4", "a": ["1", 0]}), n4=("Add", {"a": 10, "b": 0})
    )
    assert bench.value(nodes, "2") == [11]


def test_objects_inside_an_expansion_are_keyed_by_where_they_come_from():
    class Opaque:
        """Not comparable with an earlier one."""

    calls = []

    class Use:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"thing": ("*",)}}

        RETURN_TYPES = ("INT",)
        FUNCTION = "go"

        def go(self, thing):
            calls.append(thing)
            return (len(calls),)

    class Wrap:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"number": ("INT",), "tail": ("INT",)}}

        RETURN_TYPES = ("INT",)
        FUNCTION = "go"

        def go(self, number, tail):
            builder = GraphBuilder()
            return {"result": (builder.node("Use", thing=Opaque()).out(0),), "expand": builder.finalize()}

    bench = Bench(Use, Wrap)
    assert bench.value(graph(n1=("Wrap", {"number": 1, "tail": 0})), "1") == [1]
    assert bench.value(graph(n1=("Wrap", {"number": 2, "tail": 0})), "1") == [2], "another parent: another object"
    assert bench.value(graph(n1=("Wrap", {"number": 1, "tail": 0})), "1") == [1]
    assert len(calls) == 2


def test_blockers_pass_through_expansions(bench):
    nodes = graph(n1=("Asis", {"expand": {}, "result": 0}), n2=("Add", {"a": ["1", 0], "b": 1}))
    nodes["1"].inputs["result"] = ExecutionBlocker(None)
    assert bench.value(nodes, "2") == [ExecutionBlocker(None)]


def test_a_builder_plans_changes_and_forgets_nodes():
    builder = GraphBuilder(prefix="p.")
    first, second = builder.node("Add", a=1), builder.node("Add", id="named", b=None)
    assert (first.id, second.id) == ("p.1", "p.named")
    assert builder.lookup_node("named") is second
    assert builder.node("Add", id="named") is second
    first.set_input("b", second.out(1))
    first.set_input("a", None)
    assert (first.get_input("b"), first.get_input("a")) == (["p.named", 1], None)
    builder.remove_node("named")
    assert builder.finalize() == {"p.1": {"class_type": "Add", "inputs": {"b": ["p.named", 1]}}}
    assert builder.lookup_node("named") is None


def test_objects_of_children_live_as_long_as_the_submitted_node():
    class Counts:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"x": ("INT",)}}

        RETURN_TYPES = ("INT",)
        FUNCTION = "go"
        calls = 0

        def go(self, x):
            self.calls += 1
            return (self.calls,)

    bench = Bench(Counts, Asis, add)
    nodes = graph(n1=("Asis", {"expand": {"c": {"class_type": "Counts", "inputs": {"x": 0}}}, "result": 0}))
    nodes["1"].inputs["result"] = ["c", 0]
    seen = []
    for x in range(3):
        nodes["1"].inputs["expand"] = {"c": {"class_type": "Counts", "inputs": {"x": x}}}
        seen += bench.value(nodes, "1")
    assert seen == [1, 2, 3]
    bench.run(graph(n2=("Add", {"a": 1, "b": 1})), ["2"])
    nodes["1"].inputs["expand"] = {"c": {"class_type": "Counts", "inputs": {"x": 9}}}
    assert bench.value(nodes, "1") == [1]
