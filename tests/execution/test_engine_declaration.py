"""Functions as nodes: what their signatures say, and the registry that holds them."""

import sys
from types import ModuleType
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from engine_helpers import Bench, graph

from execution.code_version import code_digest
from execution.errors import NodeDeclarationError
from execution.fields import (
    Advanced,
    Choices,
    Files,
    ForceInput,
    Help,
    Hidden,
    Multiline,
    Name,
    Optional,
    Range,
    Seed,
    Socket,
    Toggle,
)
from execution.node import Blocked, Context, Lazy, Node, Subgraph, Ui, WithUi, declared_node, node
from execution.registry import Registry, UnknownNodeError

Image = Annotated[bytes, Socket("IMAGE")]
Mask = Annotated[bytes, Socket("MASK")]


class Two(NamedTuple):
    image: Annotated[Image, Help("the picture")]
    alpha: Annotated[Mask, Name("mask")]


def info(function: Any) -> dict[str, Any]:
    declared = declared_node(function)
    assert declared is not None
    return declared.spec.to_object_info(lambda folder: [f"{folder}/a", f"{folder}/b"])


def test_every_word_of_the_vocabulary():
    @node("All", category="test/all", display_name="All of It", experimental=True, deprecated=True, output=True)
    def everything(
        *,
        image: Image,
        seed: Annotated[int, Seed()] = 0,
        steps: Annotated[int, Range(1, 10_000), Help("How many.")] = 20,
        cfg: Annotated[float, Range(0, 100, step=0.1, round=0.01)] = 8,
        flat: Annotated[float, Range(round=False)] = 1.0,
        sampler: Literal["euler", "heun"] = "euler",
        scheduler: Annotated[str, Choices(["a", "b"])],
        text: Annotated[str, Multiline(dynamic_prompts=True)],
        note: Annotated[str, Multiline()] = "",
        file: Annotated[str, Files("input", upload="image", first=["none"])],
        on: Annotated[bool, Toggle("yes", "no")] = True,
        number: Annotated[float, ForceInput()],
        device: Annotated[str, Choices(("x",)), Optional(), Advanced()] = "x",
        mask: Mask | None = None,
        anything: Any = None,
        dotted: Annotated[float, Name("block.0.")] = 1.0,
        ctx: Context,
        prompt: Annotated[dict[str, Any], Hidden("PROMPT")],
    ) -> Two:
        """What it does.

        At length.
        """
        raise NotImplementedError

    assert info(everything) == {
        "input": {
            "required": {
                "image": ["IMAGE"],
                "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
                "steps": ["INT", {"default": 20, "min": 1, "max": 10000, "tooltip": "How many."}],
                "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1, "round": 0.01}],
                "flat": ["FLOAT", {"default": 1.0, "round": False}],
                "sampler": [["euler", "heun"], {"default": "euler"}],
                "scheduler": [["a", "b"]],
                "text": ["STRING", {"multiline": True, "dynamicPrompts": True}],
                "note": ["STRING", {"default": "", "multiline": True}],
                "file": [["none", "input/a", "input/b"], {"image_upload": True}],
                "on": ["BOOLEAN", {"default": True, "label_on": "yes", "label_off": "no"}],
                "number": ["FLOAT", {"forceInput": True}],
                "block.0.": ["FLOAT", {"default": 1.0}],
            },
            "optional": {"device": [["x"], {"default": "x", "advanced": True}], "mask": ["MASK"], "anything": ["*"]},
            "hidden": {"prompt": "PROMPT"},
        },
        "input_order": {
            "required": [
                "image", "seed", "steps", "cfg", "flat", "sampler", "scheduler", "text", "note", "file", "on", "number",
                "block.0.",
            ],
            "optional": ["device", "mask", "anything"],
            "hidden": ["prompt"],
        },
        "output": ["IMAGE", "MASK"],
        "output_is_list": [False, False],
        "output_name": ["IMAGE", "mask"],
        "output_tooltips": ["the picture", ""],
        "name": "All",
        "display_name": "All of It",
        "description": "What it does.\n\nAt length.",
        "python_module": __name__,
        "category": "test/all",
        "output_node": True,
        "deprecated": True,
        "experimental": True,
    }  # fmt: skip
    cfg = info(everything)["input"]["required"]["cfg"][1]
    assert all(isinstance(cfg[key], float) for key in ("default", "min", "max")), "whole numbers written for a FLOAT"


@pytest.mark.parametrize(
    ("returned", "outputs"),
    [
        (None, []),
        (Ui, []),
        (Image, [("IMAGE", "IMAGE", False)]),
        (int, [("INT", "INT", False)]),
        (Annotated[int, Name("width")], [("INT", "width", False)]),
        (list[Image], [("IMAGE", "IMAGE", True)]),
        (Two, [("IMAGE", "IMAGE", False), ("MASK", "mask", False)]),
        (WithUi[Image], [("IMAGE", "IMAGE", False)]),
        (WithUi[Two], [("IMAGE", "IMAGE", False), ("MASK", "mask", False)]),
        (Image | Blocked, [("IMAGE", "IMAGE", False)]),
        (Two | Subgraph | Blocked, [("IMAGE", "IMAGE", False), ("MASK", "mask", False)]),
        (Annotated[list[Any], Socket("CONDITIONING")], [("CONDITIONING", "CONDITIONING", False)]),
        (Annotated[int | float, Socket("INT,FLOAT")], [("INT,FLOAT", "INT,FLOAT", False)]),
    ],
)
def test_return_types_are_outputs(returned, outputs):
    def function() -> Any:
        raise NotImplementedError

    function.__annotations__["return"] = returned
    spec = declared_node(node("R", category="test")(function)).spec
    assert [(o.type, o.name, o.is_list) for o in spec.outputs] == outputs


def test_lazy_and_optional_lazy_inputs():
    @node("L", category="test")
    async def lazily(*, a: Lazy[Image], b: Lazy[Image] | None = None) -> Image:
        return await a

    assert info(lazily)["input"] == {
        "required": {"a": ["IMAGE", {"lazy": True}]},
        "optional": {"b": ["IMAGE", {"lazy": True}]},
    }


class Unknown:
    pass


def wrong_positional(a: int, /) -> int: ...
def wrong_star(*a: int) -> int: ...
def wrong_untyped(*, a) -> int: ...
def wrong_type(*, a: Unknown) -> int: ...
def wrong_return(*, a: int) -> Unknown: ...
def wrong_optional(*, a: Annotated[int, Optional()]) -> int: ...
def wrong_nothing(*, a: int) -> Subgraph: ...
def wrong_union(*, a: int) -> int | float: ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (wrong_positional, "Parameter a of wrong_positional is positional"),
        (wrong_star, "is positional"),
        (wrong_untyped, "has no type annotation"),
        (wrong_type, r"a type without a name on wires .*Unknown.*: write Annotated\[T, Socket"),
        (wrong_return, "The result of wrong_return has a type without a name"),
        (wrong_optional, "is optional but has no default"),
        (wrong_nothing, "names no output"),
        (wrong_union, "one of several types"),
    ],
)
def test_a_declaration_that_says_too_little_is_refused_at_once(function, said):
    with pytest.raises(NodeDeclarationError, match=said):
        node("Wrong", category="test")(function)


def test_the_function_stays_an_ordinary_function():
    @node("Half", category="test")
    def half(*, x: float) -> float:
        return x / 2

    assert half(x=3.0) == 1.5
    assert isinstance(declared_node(half), Node)
    assert declared_node(len) is None


def test_renamed_inputs_reach_their_parameters():
    @node("Named", category="test")
    def named(*, dotted: Annotated[float, Name("block.0.")] = 1.0) -> float:
        return dotted

    assert Bench(named).value(graph(n1=("Named", {"block.0.": 3.0})), "1") == [3.0]


@pytest.mark.parametrize(
    ("answer", "said"), [((1,), "returned tuple, but declares 2 outputs"), (5, "returned int, but declares 2 outputs")]
)
def test_too_few_outputs_are_an_error_of_the_node(answer, said):
    @node("Short", category="test")
    def short(*, a: int = 0) -> Two:
        return answer  # type: ignore[return-value]

    assert said in str(Bench(short).run(graph(n1=("Short", {})), ["1"]).error)


def test_a_subgraph_must_give_every_output():
    @node("Plan", category="test")
    def plan(*, a: int = 0) -> Two | Subgraph:
        return Subgraph().returning(1)

    assert "a subgraph with 1 results, but declares 2 outputs" in str(
        Bench(plan).run(graph(n1=("Plan", {})), ["1"]).error
    )


def test_a_registry_collects_modules_and_packages(tmp_path, monkeypatch):
    package = tmp_path / "pack_of_nodes"
    (package / "inner").mkdir(parents=True)
    text = (
        "from execution.node import node\n@node('{0}', category='test')\ndef one(*, x: int = 0) -> int:\n    return x\n"
    )
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text(text.format("A"))
    (package / "inner" / "__init__.py").write_text(text.format("B") + "from pack_of_nodes.a import one as other\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry.from_modules(["pack_of_nodes"])
    assert sorted(registry) == ["A", "B"]
    assert len(registry) == 2
    assert "A" in registry
    assert registry.get("C") is None
    assert registry.catalogue()["B"].python_module == "pack_of_nodes.inner"
    with pytest.raises(UnknownNodeError, match="There is no node type C"):
        registry["C"]
    for name in [name for name in sys.modules if name.startswith("pack_of_nodes")]:
        del sys.modules[name]


def test_two_nodes_of_one_name_are_refused():
    modules = []
    for number in range(2):
        module = ModuleType(f"module_{number}")

        @node("Same", category="test")
        def same(*, x: int = 0) -> int:
            return x

        module.same = same  # type: ignore[attr-defined]
        modules.append(module)
    with pytest.raises(NodeDeclarationError, match="Two nodes are called Same"):
        Registry.from_modules(modules)


def test_the_code_of_a_function_is_told_from_others():
    def one(x):
        return [y + 1 for y in x if y in {"a", "b"}]

    def same(x):
        return [y + 1 for y in x if y in {"a", "b"}]

    def other(x):
        return [y + 2 for y in x if y in {"a", "b"}]

    def calls_other_names(x):
        return [y + 1 for y in sorted(x) if y in {"a", "b"}]

    digests = [code_digest(f) for f in (one, same, other, calls_other_names)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_versions_are_part_of_the_code():
    def function(*, x: int = 0) -> int:
        return x

    codes = {declared_node(node("V", category="t", version=v)(function)).code for v in ("", "1", "2")}
    assert len(codes) == 3
