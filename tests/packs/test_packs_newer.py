"""Packs of the newer style: `comfy_entrypoint`, schemas, `execute`."""

import pytest

from execution.results import Blocked

HEAD = """
import torch
from comfy_api.latest import ComfyExtension, io, ui, IO, UI
from typing_extensions import override
"""

EXTENSION = """
class Extension(ComfyExtension):
    @override
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return NODES

{define} comfy_entrypoint() -> Extension:
    return Extension()
"""


@pytest.fixture
def newer(bench):
    def load(text, define="async def"):
        bench.write("new-style", {"__init__.py": HEAD + text + EXTENSION.format(define=define)})
        bench.load()
        assert bench.pack("new-style").error is None
        return bench

    return load


FULL = """
from enum import Enum
class Mode(Enum):
    A = "first"
    B = "second"

class Everything(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="NewEverything", display_name="Everything New", category="new/test", description="All of it.",
            inputs=[
                io.Image.Input("image", tooltip="a picture"),
                io.Int.Input("steps", default=20, min=1, max=100, step=1, display_mode=io.NumberDisplay.slider,
                             control_after_generate=True),
                io.Float.Input("cfg", default=7.5, min=0.0, max=float("inf"), round=0.01, optional=True),
                io.String.Input("text", multiline=True, dynamic_prompts=True, default="hi"),
                io.Boolean.Input("flag", default=True, label_on="yes", label_off="no", advanced=True),
                io.Combo.Input("mode", options=Mode, default="second"),
                io.Combo.Input("file", options=["x.png"], upload=io.UploadType.image),
                io.MultiCombo.Input("several", options=["a", "b"]),
                io.Custom("MINE").Input("mine", optional=True, lazy=True),
                io.MultiType.Input(io.Float.Input("number", default=1.0), types=[io.Int, io.Float]),
                io.AnyType.Input("any", optional=True, extra_dict={"odd": 1}),
            ],
            outputs=[io.Image.Output(display_name="out", tooltip="the result"),
                     io.Custom("MINE").Output(is_output_list=True)],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
            is_output_node=True, is_experimental=True, not_idempotent=True, search_aliases=["whatever comes next"],
        )
    @classmethod
    def execute(cls, **kwargs):
        return io.NodeOutput()
NODES = [Everything]
"""


@pytest.mark.parametrize("define", ["async def", "def"])
def test_a_schema_becomes_a_declaration(newer, define):
    spec = newer(FULL, define).opened[-1].registry["NewEverything"].spec
    info = spec.to_object_info(lambda _folder: ["listed.png"])
    assert info["input"]["required"] == {
        "image": ["IMAGE", {"tooltip": "a picture"}],
        "steps": [
            "INT",
            {"default": 20, "min": 1, "max": 100, "step": 1, "display": "slider", "control_after_generate": True},
        ],
        "text": ["STRING", {"multiline": True, "dynamicPrompts": True, "default": "hi"}],
        "flag": ["BOOLEAN", {"default": True, "label_on": "yes", "label_off": "no", "advanced": True}],
        "mode": ["COMBO", {"options": ["first", "second"], "default": "second"}],
        "file": ["COMBO", {"options": ["listed.png"], "image_upload": True}],
        "several": ["COMBO", {"options": ["a", "b"], "multiselect": True}],
        "number": ["FLOAT,INT", {"default": 1.0, "widgetType": "FLOAT"}],
    }
    assert info["input"]["optional"] == {
        "cfg": ["FLOAT", {"default": 7.5, "min": 0.0, "round": 0.01}],
        "mine": ["MINE", {"lazy": True}],
        "any": ["*", {"odd": 1}],
    }
    assert info["input"]["hidden"] == {"unique_id": "UNIQUE_ID", "prompt": "PROMPT"}
    assert (info["output"], info["output_name"], info["output_is_list"]) == (
        ["IMAGE", "MINE"],
        ["out", "MINE"],
        [False, True],
    )
    assert (info["display_name"], info["category"], info["output_node"]) == ("Everything New", "new/test", True)
    assert info["python_module"] == "custom_nodes.new-style"
    assert spec.not_idempotent and spec.experimental and not spec.deprecated


NODES = """
from comfy_execution.graph_utils import GraphBuilder

def schema(cls, *inputs, outputs=(io.Int.Output(),), **more):
    return io.Schema(node_id=cls.__name__, inputs=list(inputs), outputs=list(outputs), **more)

class Doubled(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Int.Input("x"))
    @classmethod
    def execute(cls, x):
        return io.NodeOutput(2 * x, ui=ui.PreviewText(f"got {x}"))

class Tuple(Doubled):
    @classmethod
    def execute(cls, x) -> tuple:
        return (x,)

class Hidden(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Int.Input("x"), outputs=[io.String.Output(), io.Int.Output()],
                      hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo])
    @classmethod
    async def execute(cls, x):
        return io.NodeOutput(cls.hidden.unique_id, len(cls.hidden.prompt))

class Blocks(Doubled):
    @classmethod
    def execute(cls, x):
        return io.NodeOutput(block_execution="stop here")

class Expands(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Int.Input("x"), enable_expand=True)
    @classmethod
    def execute(cls, x):
        graph = GraphBuilder()
        return io.NodeOutput(graph.node("Doubled", x=x).out(0), expand=graph.finalize())

class Lazy(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Boolean.Input("on"), io.Int.Input("a", lazy=True), io.Int.Input("b", lazy=True))
    @classmethod
    def check_lazy_status(cls, on, a=None, b=None):
        return ["a"] if on and a is None else ["b"] if not on and b is None else []
    @classmethod
    def execute(cls, on, a=None, b=None):
        return io.NodeOutput(a if on else b)

class Changes(io.ComfyNode):
    COUNT = 0
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Int.Input("x"))
    @classmethod
    def fingerprint_inputs(cls, x):
        return float("nan") if x else 0
    @classmethod
    def validate_inputs(cls, x):
        return "too much" if x > 5 else True
    @classmethod
    def execute(cls, x):
        Changes.COUNT += 1
        return io.NodeOutput(Changes.COUNT)

class Lists(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Int.Input("x"), outputs=[io.Int.Output(is_output_list=True)], is_input_list=True)
    @classmethod
    def execute(cls, x):
        return io.NodeOutput([v + 1 for v in x] * 2)

class Saves(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Image.Input("image"), outputs=[], is_output_node=True, hidden=[io.Hidden.prompt])
    @classmethod
    def execute(cls, image):
        saved = ui.ImageSaveHelper.get_save_images_ui(image, "sub/new", cls=cls)
        return io.NodeOutput(ui=saved)

class Shows(Saves):
    @classmethod
    def execute(cls, image):
        return io.NodeOutput(ui=ui.PreviewImage(image, cls=cls))

class Matches(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        same = io.MatchType.Template("same", [io.Image, io.Mask])
        return schema(cls, io.MatchType.Input("one", template=same), outputs=[io.MatchType.Output(template=same)])
    @classmethod
    def execute(cls, one):
        return io.NodeOutput(one)

NODES = [Doubled, Tuple, Hidden, Blocks, Expands, Lazy, Changes, Lists, Saves, Shows, Matches]
"""


def test_newer_style_nodes_run(newer):
    bench = newer(NODES)
    assert bench.value({"1": ("Doubled", {"x": 4})}, "1") == [8]
    assert bench.run({"1": ("Doubled", {"x": 5})}, ["1"]).ui == {"1": {"text": ["got 5"]}}
    assert bench.value({"1": ("Tuple", {"x": 4})}, "1") == [4]
    assert bench.value({"8": ("Hidden", {"x": 4})}, "8") == ["8"]
    assert bench.value({"1": ("Expands", {"x": 4})}, "1") == [8]
    assert bench.value({"1": ("Lists", {"x": 4})}, "1") == [5, 5]
    lazy = {
        "1": ("Doubled", {"x": 1}),
        "2": ("Doubled", {"x": 2}),
        "3": ("Lazy", {"on": False, "a": ["1", 0], "b": ["2", 0]}),
    }
    assert bench.value(lazy, "3") == [4]
    assert "1" not in bench.started()
    blocked = bench.run({"1": ("Blocks", {"x": 1}), "2": ("Doubled", {"x": ["1", 0]})}, ["1", "2"])
    assert blocked.outputs["1"] == [[Blocked("stop here")]]
    assert isinstance(blocked.outputs["2"][0][0], Blocked)
    counts = [bench.value({"1": ("Changes", {"x": x})}, "1")[0] for x in (0, 0, 1, 1)]
    assert counts == [1, 1, 2, 3]
    specs = bench.opened[-1].registry
    assert (specs["Changes"].spec.validates, specs["Changes"].spec.fingerprints) == (frozenset({"x"}), True)
    assert specs["Changes"].validate(x=9) == "too much"
    assert specs["Matches"].spec.inputs[0].type == specs["Matches"].spec.outputs[0].type == "IMAGE,MASK"


def test_newer_style_nodes_save_pictures(newer):
    bench = newer(NODES)
    image = ("EmptyImage", {"width": 8, "height": 8, "batch_size": 2, "color": 255})
    result = bench.run({"1": image, "2": ("Saves", {"image": ["1", 0]}), "3": ("Shows", {"image": ["1", 0]})})
    assert result.error is None
    saved = result.ui["2"]["images"]
    assert [one["filename"] for one in saved] == ["new_00001_.png", "new_00002_.png"]
    assert {one["type"] for one in saved} == {"output"} and {one["subfolder"] for one in saved} == {"sub"}
    shown = result.ui["3"]["images"]
    assert {one["type"] for one in shown} == {"temp"}
    for one in (*saved, *shown):
        folder = bench.workspace.folder(one["type"])
        assert (folder / one["subfolder"] / one["filename"]).read_bytes().startswith(b"\x89PNG")


GIVES = """
class E:
    async def get_node_list(self):
        return {given}
def comfy_entrypoint():
    return E()
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "async def comfy_entrypoint():\n    raise RuntimeError('no')",
            "Its comfy_entrypoint failed: RuntimeError: no.",
        ),
        ("def comfy_entrypoint():\n    return 5", "has no get_node_list"),
        (GIVES.format(given="5"), "no list"),
        (GIVES.format(given="[int]"), "no node class"),
    ],
)
def test_a_failing_entry_point_is_told(bench, text, said):
    bench.write("odd", text)
    bench.load()
    assert said in (bench.pack("odd").error or "")


def test_a_class_without_a_usable_schema_leaves_the_others(newer, bench):
    text = (
        NODES
        + """
class NoSchema(io.ComfyNode):
    pass
class Twice(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(cls, io.Int.Input("x"), io.Int.Input("x"))
NODES = [Doubled, NoSchema, Twice]
"""
    )
    bench.write("partly", {"__init__.py": HEAD + text + EXTENSION.format(define="def")})
    bench.load()
    pack = bench.pack("partly")
    assert pack.nodes == ("Doubled",)
    assert "NoSchema has no define_schema" in (pack.error or "") and "two inputs called x" in (pack.error or "")
