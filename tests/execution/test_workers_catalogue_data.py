"""The catalogue on its way to the server: nothing that validation or /object_info looks at is lost."""

import json
import math

import pytest

from execution.registry import Registry
from execution.schema import InputSpec, NodeSpec, OutputSpec, types_match
from execution.schema_data import catalogue_from_data, catalogue_to_data, spec_from_data, spec_to_data
from tests.execution.small_worker import FUNCTIONS, Picky, TakesAll


def trip(spec, types=()):
    return spec_from_data(json.loads(json.dumps(spec_to_data(spec, types), allow_nan=False)))


class Any_(str):
    def __ne__(self, other):
        return False


class OneOf(str):
    def __ne__(self, other):
        return str(other) not in ("IMAGE", "MASK")


FULL = NodeSpec(
    "Full",
    (
        InputSpec("a", "INT", options={"default": 1, "min": 0, "max": 2**64 - 1}),
        InputSpec("b", "COMBO", "optional", ("x", 1, 2.5, True), options={"tooltip": "t"}, new_style=True),
        InputSpec("c", "COMBO", files="checkpoints", choices=("none",)),
        InputSpec("d", "FLOAT", options={"max": math.inf, "min": -math.inf, "nested": {"x": [math.inf]}}),
        InputSpec("e", "UNIQUE_ID", "hidden"),
    ),
    (OutputSpec("IMAGE", "image", True, "a picture"), OutputSpec("MASK", "mask")),
    display_name="Full Node",
    category="a/b",
    description="all of it",
    python_module="custom_nodes.x",
    output_node=True,
    input_is_list=True,
    not_idempotent=True,
    deprecated=True,
    experimental=True,
    validates=frozenset({"a", "*"}),
    fingerprints=True,
)


@pytest.mark.parametrize("spec", [FULL, NodeSpec("Bare"), NodeSpec("V", validates=frozenset())], ids=lambda s: s.name)
def test_a_declaration_comes_back_as_it_was(spec):
    assert trip(spec) == spec
    assert trip(spec).to_object_info(lambda _: ["f"]) == spec.to_object_info(lambda _: ["f"])


def test_nan_survives():
    spec = trip(NodeSpec("N", (InputSpec("x", "FLOAT", options={"default": math.nan}),)))
    assert math.isnan(spec.inputs[0].options["default"])


def test_objects_among_options_become_texts():
    spec = trip(NodeSpec("N", (InputSpec("x", "FLOAT", options={"default": object, 5: {"y"}}),)))
    assert spec.inputs[0].options == {"default": "<class 'object'>", "5": ["y"]}


def test_a_socket_that_takes_anything_still_does():
    spec = trip(NodeSpec("N", (InputSpec("x", Any_("ANY")),), (OutputSpec(Any_("OUT"), "out"),)))
    taken, given = spec.inputs[0].type, spec.outputs[0].type
    assert types_match("LATENT", taken)
    assert types_match(given, "LATENT")
    assert json.dumps([taken, given]) == '["ANY", "OUT"]'
    again = trip(spec)
    assert types_match("LATENT", again.inputs[0].type)


def test_a_socket_with_a_choice_of_its_own_keeps_it():
    types = ["IMAGE", "MASK", "LATENT"]
    spec = trip(NodeSpec("N", (InputSpec("x", OneOf("PICTURE")),)), types)
    kind = spec.inputs[0].type
    assert [types_match(one, kind) for one in types] == [True, True, False]
    assert types_match("PICTURE", kind)
    assert trip(spec, types) == spec


def test_a_whole_catalogue():
    from execution.legacy import class_node
    from execution.node import declared_node

    nodes = [declared_node(function) for function in FUNCTIONS]
    registry = Registry([*nodes, class_node("Picky", Picky), class_node("TakesAll", TakesAll)])
    catalogue = registry.catalogue()
    data = json.loads(json.dumps(catalogue_to_data(catalogue), allow_nan=False))
    got = catalogue_from_data(data)
    assert {name: spec.to_object_info(lambda _: ["f"]) for name, spec in got.items()} == {
        name: spec.to_object_info(lambda _: ["f"]) for name, spec in catalogue.items()
    }
    assert types_match("IMAGE", got["TakesAll"].inputs[0].type)
    assert catalogue_to_data(got) == data
