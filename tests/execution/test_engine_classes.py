"""Class-style nodes as packs write them (facts 6)."""

import asyncio
from enum import Enum

import pytest
from engine_helpers import Bench, graph

from execution.errors import NodeDeclarationError
from execution.legacy import ExecutionBlocker, class_node, class_nodes, is_link
from execution.results import Blocked
from execution.schema import types_match


class Same(str):
    """Differs from nothing, as packs do it."""

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__


class IO(str, Enum):  # noqa: UP042 - as packs for older Pythons write it
    IMAGE = "IMAGE"
    INT = "INT"


class Full:
    """Everything a class may say."""

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"image": (IO.IMAGE,), "mode": (["a", "b"], {"default": "b"}), "n": ("INT", {"min": 1})},
            "optional": {"new": ("COMBO", {"options": ["x", "y"]}), "any": (Same("*"),)},
            "hidden": {"prompt": "PROMPT"},
        }

    RETURN_TYPES = ("IMAGE", ["a", "b"], Same("*"))
    RETURN_NAMES = ("picture", "mode")
    OUTPUT_IS_LIST = (True, False)
    OUTPUT_TOOLTIPS = ("a picture",)
    INPUT_IS_LIST = True
    OUTPUT_NODE = True
    FUNCTION = "go"
    CATEGORY = "pack/sub"
    DESCRIPTION = "Says everything."
    DEPRECATED = True
    EXPERIMENTAL = True
    NOT_IDEMPOTENT = True

    @classmethod
    def IS_CHANGED(cls, **kwargs):
        return 1

    @classmethod
    def VALIDATE_INPUTS(cls, n, input_types):
        return True

    def go(self, **kwargs):
        return ([], "a", 1)


class Bare:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    def go(self):
        return (1,)


def test_a_class_becomes_a_declaration():
    spec = class_node("Full", Full, "The Full One", "custom_nodes.pack").spec
    info = spec.to_object_info(lambda _folder: [])
    assert info == {
        "input": {
            "required": {"image": ["IMAGE"], "mode": [["a", "b"], {"default": "b"}], "n": ["INT", {"min": 1}]},
            "optional": {"new": ["COMBO", {"options": ["x", "y"]}], "any": ["*"]},
            "hidden": {"prompt": "PROMPT"},
        },
        "input_order": {"required": ["image", "mode", "n"], "optional": ["new", "any"], "hidden": ["prompt"]},
        "output": ["IMAGE", "COMBO", "*"],
        "output_is_list": [True, False, False],
        "output_name": ["picture", "mode", "*"],
        "output_tooltips": ["a picture", "", ""],
        "name": "Full",
        "display_name": "The Full One",
        "description": "Says everything.",
        "python_module": "custom_nodes.pack",
        "category": "pack/sub",
        "output_node": True,
        "deprecated": True,
        "experimental": True,
    }
    assert (spec.input_is_list, spec.not_idempotent, spec.fingerprints) == (True, True, True)
    assert spec.validates == {"n", "input_types"}
    any_input = spec.input("any")
    assert any_input is not None
    assert types_match("LATENT", any_input.type), "the class of the type is kept, with its operators"


def test_what_a_class_leaves_out_has_the_usual_defaults():
    spec = class_node("Bare", Bare).spec
    assert (spec.category, spec.display_name, spec.output_node, spec.validates) == ("sd", "Bare", False, None)
    assert [o.name for o in spec.outputs] == ["INT"]


def test_validators_with_keywords_take_all():
    class Validates(Bare):
        @classmethod
        def VALIDATE_INPUTS(cls, **kwargs):
            return True

    assert class_node("V", Validates).spec.validates == {"*"}


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"FUNCTION": None}, "has no FUNCTION"),
        ({"FUNCTION": "gone"}, "has no FUNCTION"),
        ({"INPUT_TYPES": None}, "no INPUT_TYPES"),
    ],
)
def test_a_class_that_is_no_node_is_refused(attributes, said):
    with pytest.raises(NodeDeclarationError, match=said):
        class_node("Broken", type("Broken", (Bare,), attributes))


def test_a_packs_mappings_become_nodes():
    nodes = class_nodes({"One": Bare, "Two": Bare}, {"Two": "Second"}, "custom_nodes.p")
    assert [(n.spec.name, n.spec.display_name, n.spec.python_module) for n in nodes] == [
        ("One", "One", "custom_nodes.p"),
        ("Two", "Second", "custom_nodes.p"),
    ]


class Returns:
    """Returns what its class attribute says."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"x": ("INT",)}}

    RETURN_TYPES = ("INT", "INT")
    FUNCTION = "go"
    answer: object = None

    def go(self, x=0):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "outputs", "ui"),
    [
        ((1, 2), [[1], [2]], None),
        ([1, 2], [[1], [2]], None),
        ((1,), [[1], [None]], None),
        ({"result": (1, 2)}, [[1], [2]], None),
        ({"result": (1, 2), "ui": {"text": ("a",)}}, [[1], [2]], {"text": ["a"]}),
        ({"ui": {"text": ["a"], "one": "b"}}, [[None], [None]], {"text": ["a"], "one": ["b"]}),
        (ExecutionBlocker(None), [[Blocked()], [Blocked()]], None),
        ({"result": ExecutionBlocker("m")}, [[Blocked("m")], [Blocked("m")]], None),
        (None, [[None], [None]], None),
        (7, [[7], [None]], None),
    ],
)
def test_the_forms_of_a_result(answer, outputs, ui):
    kind = type("Returns", (Returns,), {"answer": answer})
    result = Bench(kind).run(graph(n1=("Returns", {})), ["1"])
    assert result.error is None
    assert result.outputs["1"] == outputs
    assert result.ui == ({} if ui is None else {"1": ui})


def test_ui_of_mapped_calls_is_put_together():
    class Many(Returns):
        RETURN_TYPES = ("INT",)
        OUTPUT_IS_LIST = (True,)
        answer = ([1, 2, 3],)

    class Tells(Returns):
        def go(self, x=0):
            return {"ui": {"text": [f"n{x}"]}, "result": (x, x)}

    nodes = graph(n1=("Many", {}), n2=("Tells", {"x": ["1", 0]}))
    assert Bench(Many, Tells).run(nodes, ["2"]).ui == {"2": {"text": ["n1", "n2", "n3"]}}


def test_async_methods_and_static_and_class_methods_are_called():
    class Async(Returns):
        async def go(self, x=0):
            await asyncio.sleep(0)
            return (x, "async")

    class Static(Returns):
        @staticmethod
        def go(x=0):
            return (x, "static")

    class ClassMethod(Returns):
        @classmethod
        def go(cls, x=0):
            return (x, cls.__name__)

    bench = Bench(Async, Static, ClassMethod)
    nodes = graph(n1=("Async", {"x": 1}), n2=("Static", {"x": ["1", 0]}), n3=("ClassMethod", {"x": ["2", 0]}))
    assert bench.value(nodes, "3", slot=1) == ["ClassMethod"]
    assert bench.value(nodes, "3") == [1]


def test_a_failing_constructor_is_the_nodes_error():
    class Broken(Returns):
        def __init__(self):
            raise RuntimeError("cannot be made")

    error = Bench(Broken).run(graph(n1=("Broken", {})), ["1"]).error
    assert str(error) == "Node 1 (Broken): RuntimeError: cannot be made"


def test_links_are_told_from_other_lists():
    assert is_link(["a", 0])
    assert is_link(["a", 1.0])
    for other in ([1, 0], ["a"], ["a", "b"], ("a", 0), ["a", True], None, ["a", 0, 1]):
        assert not is_link(other)
