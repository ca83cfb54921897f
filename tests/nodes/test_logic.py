"""Switches, comparisons and formulas; what is not taken is not computed."""

import asyncio

import pytest

from execution.engine import Engine
from execution.graph import parse_prompt
from execution.node import NodeInputError, declared_node, node
from execution.registry import Registry
from nodes.logic import comparisons, expressions, mathematics, switches
from nodes.logic.expressions import FormulaError, compute


class Runs:
    """Runs graphs of the switches beside a node that notes that it ran."""

    def __init__(self):
        self.ran = []

        @node("Source", category="test")
        def source(*, value: int) -> int:
            self.ran.append(value)
            return value

        own = (switches.switch, switches.switch_by_number, switches.first_of, switches.gate, source)
        self.engine = Engine(Registry([declared_node(one) for one in own]))

    def __call__(self, kind, **inputs):
        graph = {str(n): {"class_type": "Source", "inputs": {"value": n}} for n in (1, 2, 3)}
        graph["shut"] = {"class_type": "WeftGate", "inputs": {"value": ["3", 0], "open": False, "message": ""}}
        graph["out"] = {"class_type": kind, "inputs": inputs}
        result = self.engine.run_sync(parse_prompt(graph), ["out"])
        if result.error:
            raise result.error
        return result.outputs.get("out")


@pytest.fixture
def runs():
    return Runs()


@pytest.mark.parametrize("on, taken", [(True, 1), (False, 2)])
def test_a_switch_computes_what_it_takes_alone(runs, on, taken):
    assert runs("WeftSwitch", on=on, if_true=["1", 0], if_false=["2", 0]) == [[taken]]
    assert runs.ran == [taken]


def test_a_switch_by_number_computes_what_it_takes_alone(runs):
    assert runs("WeftSwitchByNumber", number=2, value_1=["1", 0], value_2=["2", 0]) == [[2]]
    assert runs.ran == [2]
    with pytest.raises(Exception, match="Nothing is connected to value_5"):
        runs("WeftSwitchByNumber", number=5, value_1=["1", 0])


def test_the_first_that_nothing_has_stopped_is_taken(runs):
    assert runs("WeftFirstOf", value_1=["shut", 0], value_2=["2", 0], value_3=["1", 0]) == [[2]]
    assert runs.ran == [2]


def test_a_shut_gate_stops_and_computes_nothing(runs):
    runs("WeftGate", value=["1", 0], open=False, message="")
    assert runs.ran == []
    assert runs("WeftGate", value=["1", 0], open=True, message="") == [[1]]


def test_a_switch_without_a_connection_leaves_out_what_follows_and_says_so(bench):
    answer = asyncio.run(switches.switch(on=True, ctx=bench.ctx))
    assert type(answer).__name__ == "Blocked"
    assert "Nothing is connected to if_true" in bench.events[-1].sentence


@pytest.mark.parametrize(
    "a, comparison, b, expected",
    [
        (1, "<", 2.5, True),
        ("10", ">", "9", True),  # texts that are numbers are compared as numbers
        ("b", ">", "a", True),
        ("1", "==", 1, True),
        ("fox", "==", 1, False),
        ("fox", "!=", "owl", True),
        (True, ">=", False, True),
    ],
)
def test_values_are_compared(a, comparison, b, expected):
    assert comparisons.compare(a=a, b=b, comparison=comparison) is expected


def test_values_without_an_order_are_told():
    with pytest.raises(NodeInputError, match="no order"):
        comparisons.compare(a={}, b={}, comparison="<")


def test_two_answers_become_one():
    table = {"a and b": "0001", "a or b": "0111", "either a or b": "0110", "not a": "1100", "neither a nor b": "1000"}
    for operation, expected in table.items():
        pairs = [(False, False), (False, True), (True, False), (True, True)]
        found = [comparisons.logic(a=a, b=b, operation=operation) for a, b in pairs]
        assert "".join(str(int(one)) for one in found) == expected, operation


@pytest.mark.parametrize(
    "formula, expected",
    [
        ("a + b * 2", 13),
        ("max(a, b) // 2 * 8", 16),
        ("-a ** 2", -9),
        ("a if a > b else b", 5),
        ("1 < a < b and not a == 4", True),
        ("round(sqrt(2) * 100) / 100", 1.41),
        ("clamp(a * 10, 0, b)", 5),
        ("2 ** 0.5 * pi", 2**0.5 * 3.141592653589793),
    ],
)
def test_formulas_are_computed(formula, expected):
    assert compute(formula, {"a": 3, "b": 5}) == pytest.approx(expected)


@pytest.mark.parametrize(
    "formula, sentence",
    [
        ("a +", "is no formula"),
        ("x + 1", "names 'x'"),
        ("a / 0", "divides by zero"),
        ("9 ** 9 ** 9", "too large"),
        ("round(a, 0 - 10 ** 9)", "whole numbers of digits"),
        ("round(a, 0.5)", "whole numbers of digits"),
        ("__import__('os').getcwd()", "nothing that formulas are made of"),
        ("a.__class__", "nothing that formulas are made of"),
        ("'text' * 9", "nothing that formulas are made of"),
        ("[a for a in b]", "nothing that formulas are made of"),
        ("sqrt(0 - a)", "cannot be computed"),
        ("(0 - a) ** 0.5", "no real number"),
        ("1e308 * 10", "infinite"),
        ("a" * 3000, "characters at most"),
        ("(" * 90 + "a" + ")" * 90 + " +" * 90, "is no formula"),
        ("-" * 300 + "a", "deep"),
    ],
)
def test_what_is_no_formula_is_told_in_a_sentence(formula, sentence):
    with pytest.raises(FormulaError, match=sentence):
        compute(formula, {"a": 3, "b": 5})


def test_a_formula_gives_its_number_in_three_forms():
    assert mathematics.mathematics(formula="a / b", a=7, b="2") == (4, 3.5, True)
    assert mathematics.mathematics(formula="a - b", a=1, b=True) == (0, 0.0, False)
    assert mathematics.mathematics(formula="e + h * 10", e=2, h=3).INT == 32
    with pytest.raises(NodeInputError, match="no number"):
        mathematics.mathematics(formula="a", a="fox")
    with pytest.raises(NodeInputError, match="divides by zero"):
        mathematics.mathematics(formula="1 / a", a=0)


def test_random_numbers_follow_from_their_seed_and_reach_both_bounds():
    drawn = [mathematics.random_number(seed=seed, low=1, high=3) for seed in range(200)]
    assert drawn == [mathematics.random_number(seed=seed, low=1, high=3) for seed in range(200)]
    assert {one.INT for one in drawn} == {1, 2, 3}
    assert all(1 <= one.FLOAT <= 3 for one in drawn)
    assert {one.BOOLEAN for one in drawn} == {True, False}
    with pytest.raises(NodeInputError, match="above the upper"):
        mathematics.random_number(seed=0, low=2, high=1)


def test_a_number_is_mapped_into_another_range():
    assert mathematics.map_range(value=5, from_low=0, from_high=10, to_low=100, to_high=200).FLOAT == 150
    assert mathematics.map_range(value=20, from_low=0, from_high=10, to_low=0, to_high=1).FLOAT == 1
    assert mathematics.map_range(value=20, from_low=0, from_high=10, to_low=0, to_high=1, clamp=False).INT == 2
    with pytest.raises(NodeInputError, match="no width"):
        mathematics.map_range(value=1, from_low=1, from_high=1)


def test_every_function_of_formulas_is_there():
    assert {"sqrt", "clamp", "min", "round"} <= set(expressions.FUNCTIONS)
