"""Lists on wires: mapping, whole lists, splicing, undeclared inputs (facts 5.2)."""

from typing import Annotated, Any

import pytest
from engine_helpers import Bench, graph

from execution.errors import NodeDeclarationError
from execution.fields import Default, Hidden, Range, Socket
from execution.node import node

Thing = Annotated[Any, Socket("THING")]


@node("Many", category="test")
def many(*, count: int, start: int = 0) -> list[int]:
    return list(range(start, start + count))


@node("Pair", category="test")
def pair(*, a: int, b: int, c: int = 0) -> Thing:
    return (a, b, c)


@node("Join", category="test")
def join(*, items: list[Thing], glue: Annotated[list[str], Default("-")]) -> str:
    return glue[0].join(str(item) for item in items) + f"/{len(glue)}"


@node("Twice", category="test")
def twice(*, a: int) -> list[int]:
    return [a, a]


class Keywords:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT",)}, "hidden": {"secret": "PROMPT", "more": ("*",)}}

    RETURN_TYPES = ("THING",)
    FUNCTION = "go"

    def go(self, a, **kwargs):
        return ({"a": a, **{k: v for k, v in kwargs.items() if k != "secret"}},)


@pytest.fixture
def bench():
    return Bench(many, pair, join, twice, Keywords)


def test_a_node_runs_once_per_item_and_shorter_inputs_repeat_their_last(bench):
    nodes = graph(
        n1=("Many", {"count": 3}),
        n2=("Many", {"count": 2, "start": 10}),
        n3=("Pair", {"a": ["1", 0], "b": ["2", 0], "c": 7}),
    )
    assert bench.value(nodes, "3") == [(0, 10, 7), (1, 11, 7), (2, 11, 7)]
    assert bench.started().count("3") == 1


def test_a_node_that_takes_lists_is_called_once_with_literals_as_lists_too(bench):
    nodes = graph(n1=("Many", {"count": 3}), n2=("Join", {"items": ["1", 0], "glue": "+"}))
    assert bench.value(nodes, "2") == ["0+1+2/1"]


def test_a_list_output_is_spliced_call_by_call(bench):
    nodes = graph(n1=("Many", {"count": 3}), n2=("Twice", {"a": ["1", 0]}))
    assert bench.value(nodes, "2") == [0, 0, 1, 1, 2, 2]


def test_an_empty_list_means_no_call_and_an_empty_output(bench):
    nodes = graph(n1=("Many", {"count": 0}), n2=("Pair", {"a": ["1", 0], "b": 1}), n3=("Join", {"items": ["2", 0]}))
    nodes["3"].inputs["glue"] = "+"
    assert bench.value(nodes, "2") == []
    assert bench.value(nodes, "3") == ["/1"]


def test_undeclared_links_reach_keywords_and_undeclared_literals_do_not(bench):
    nodes = graph(n1=("Many", {"count": 1}), n2=("Keywords", {"a": 1, "dynamic": ["1", 0], "stray": 5}))
    assert bench.value(nodes, "2") == [{"a": 1, "dynamic": 0}]
    assert "1" in bench.started()


def test_hidden_inputs_given_as_ordinary_ones_are_passed(bench):
    nodes = graph(n1=("Many", {"count": 1, "start": 4}), n2=("Keywords", {"a": 1, "more": ["1", 0]}))
    assert bench.value(nodes, "2") == [{"a": 1, "more": 4}]


def test_a_function_without_keywords_never_sees_undeclared_links(bench):
    nodes = graph(n1=("Many", {"count": 1}), n2=("Pair", {"a": 1, "b": 2, "stray": ["1", 0]}))
    assert bench.value(nodes, "2") == [(1, 2, 0)]


def test_a_node_may_change_the_lists_it_is_given_and_nobody_else_sees_it():
    @node("Empties", category="test")
    def empties(*, items: list[int], me: Annotated[str, Hidden("UNIQUE_ID")]) -> str:
        items.clear()
        return me

    bench = Bench(many, empties)
    nodes = graph(n1=("Many", {"count": 3}), n2=("Empties", {"items": ["1", 0]}), n3=("Empties", {"items": ["1", 0]}))
    result = bench.run(nodes, ["1", "2", "3"])
    assert result.outputs == {"1": [[0, 1, 2]], "2": [["2"]], "3": [["3"]]}


def test_list_and_plain_inputs_do_not_mix():
    with pytest.raises(NodeDeclarationError, match="takes some inputs as lists"):

        @node("Mixed", category="test")
        def mixed(*, items: list[Thing], scale: Annotated[int, Range(0, 1)]) -> Thing: ...


def test_a_list_output_must_be_a_list():
    @node("Wrong", category="test")
    def wrong(*, a: int) -> list[int]:
        return a  # type: ignore[return-value]

    result = Bench(wrong).run(graph(n1=("Wrong", {"a": 1})), ["1"])
    assert result.status == "error"
    assert "output 0 is declared a list, but the node returned int" in str(result.error)


def test_a_link_to_an_output_that_does_not_exist_names_both_nodes(bench):
    nodes = graph(n1=("Many", {"count": 1}), n2=("Twice", {"a": ["1", 3]}))
    error = bench.run(nodes, ["2"]).error
    assert str(error) == "Node 2 (Twice): its input a is linked to output 3 of node 1 (Many), which has 1."


@pytest.mark.parametrize(("give", "fits"), [(tuple, True), (iter, True), (dict.fromkeys, False), (str, False)])
def test_a_list_output_of_a_class_may_be_anything_with_items_but_a_dict_or_text(give, fits):
    class Splits:
        RETURN_TYPES = ("INT",)
        OUTPUT_IS_LIST = (True,)
        FUNCTION = "go"

        @classmethod
        def INPUT_TYPES(cls):
            return {}

        def go(self):
            return (give([1, 2, 3]),)

    result = Bench(Splits).run(graph(n1=("Splits", {})), ["1"])
    assert result.outputs == ({"1": [[1, 2, 3]]} if fits else {}), result.error


def test_a_generator_that_fails_while_it_is_spliced_is_a_failure_of_its_node():
    def failing():
        yield 1
        raise ValueError("no second one")

    @node("Wrong", category="test")
    def wrong(*, a: int) -> list[int]:
        return failing()  # type: ignore[return-value]

    result = Bench(wrong).run(graph(n1=("Wrong", {"a": 1})), ["1"])
    assert result.status == "error"
    assert str(result.error) == "Node 1 (Wrong): ValueError: no second one"
