"""Node types' own validators are asked, and their failures stay their own."""

import pytest

from execution.graph import parse_prompt
from execution.legacy import class_node
from execution.registry import Registry
from execution.validate import validate
from execution.validators import own_validators


class Picky:
    RETURN_TYPES = ()
    FUNCTION = "go"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"number": ("INT", {"default": 1, "max": 5}), "other": ("INT", {"default": 1, "max": 5})}}

    def go(self, **_):
        return ()


def verdict(validator, **inputs):
    kind = type("Picky", (Picky,), {"VALIDATE_INPUTS": validator})
    registry = Registry([class_node("Picky", kind)])
    graph = parse_prompt({"1": {"class_type": "Picky", "inputs": {"number": 1, "other": 1, **inputs}}})
    return validate(graph, registry.catalogue(), lambda _: [], custom=own_validators(registry))


def says(answer):
    @classmethod
    def check(cls, number):
        return answer

    return check


def test_true_means_all_is_well_and_switches_the_range_off_for_what_it_names():
    assert verdict(says(True), number=9).ok
    assert not verdict(says(True), other=9).ok


@pytest.mark.parametrize(("answer", "details"), [("too odd", "number - too odd"), (False, "number")])
def test_anything_else_refuses(answer, details):
    problem = verdict(says(answer)).problems[0]
    assert (problem.type, problem.details) == ("custom_validation_failed", details)


def test_an_async_validator_is_awaited():
    @classmethod
    async def check(cls, number):
        return number == 1 or "not one"

    assert verdict(check).ok
    assert "not one" in verdict(check, number=2).sentences[0]


def test_a_validator_that_fails_is_a_problem_of_its_node():
    @classmethod
    def check(cls, number):
        raise RuntimeError("no database")

    assert "RuntimeError: no database" in verdict(check).sentences[0]


def test_types_are_told_to_a_validator_that_asks_for_them():
    asked = []

    @classmethod
    def check(cls, input_types, number=None):
        asked.append((input_types, number))
        return True

    kind = type("Picky", (Picky,), {"VALIDATE_INPUTS": check})

    class Text(Picky):
        RETURN_TYPES = ("STRING",)
        INPUT_TYPES = classmethod(lambda cls: {})

    registry = Registry([class_node("Picky", kind), class_node("Text", Text)])
    picky = {"class_type": "Picky", "inputs": {"number": ["2", 0], "other": 1}}
    graph = parse_prompt({"1": picky, "2": {"class_type": "Text", "inputs": {}}})
    assert validate(graph, registry.catalogue(), lambda _: [], custom=own_validators(registry)).ok
    assert asked == [({"number": "STRING"}, None)]


def test_types_are_told_beside_any_keyword_arguments_and_not_compared():
    asked = []

    @classmethod
    def check(cls, input_types, **kwargs):
        asked.append((input_types, kwargs))
        return True

    kind = type("Picky", (Picky,), {"VALIDATE_INPUTS": check})
    registry = Registry(
        [class_node("Picky", kind), class_node("Text", type("Text", (Picky,), {"RETURN_TYPES": ("X",)}))]
    )
    picky = {"class_type": "Picky", "inputs": {"number": ["2", 0], "other": 9}}
    graph = parse_prompt({"1": picky, "2": {"class_type": "Text", "inputs": {}}})
    verdict = validate(graph, registry.catalogue(), lambda _: [], ["1"], custom=own_validators(registry))
    assert verdict.ok, verdict.sentences
    assert asked == [({"number": "X"}, {"number": None, "other": 9})]
