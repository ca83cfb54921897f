"""Plain values as nodes."""

import pytest

from nodes import primitives as nodes


@pytest.mark.parametrize(
    "node, value",
    [
        (nodes.primitive_string, "a {b|c}"),
        (nodes.primitive_string_multiline, "a\nb"),
        (nodes.primitive_int, -(2**63) + 1),
        (nodes.primitive_float, 0.1),
        (nodes.primitive_boolean, True),
    ],
)
def test_a_value_is_given_on_as_it_is(node, value):
    assert node(value=value) is value
