"""Nodes of packs in the real engine: every convention of class-style nodes (facts 5 and 6)."""

import asyncio
import math

from execution.results import Blocked


def test_lazy_inputs_run_only_what_is_needed(pack):
    bench = pack("""
class Mix(Base):
    @classmethod
    def INPUT_TYPES(cls):
        lazy = ("INT", {"lazy": True})
        return {"required": {"share": ("FLOAT", {"default": 0.5}), "a": lazy, "b": lazy}}
    def check_lazy_status(self, share, a, b):
        return [n for n, v, need in (("a", a, share < 1), ("b", b, share > 0)) if v is None and need]
    def go(self, share, a, b):
        return (a if share == 0 else b if share == 1 else a + b,)

class AsyncMix(Mix):
    async def check_lazy_status(self, share, a, b):
        return Mix.check_lazy_status(self, share, a, b)

class Shares(Base):
    RETURN_TYPES = ("FLOAT",)
    OUTPUT_IS_LIST = (True,)
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}
    def go(self):
        return ([0.0, 0.5, 1.0],)
""")
    for kind in ("Mix", "AsyncMix"):
        prompt = {
            "1": ("Add", {"a": 1, "b": 1}),
            "2": ("Add", {"a": 10, "b": 10}),
            "3": (kind, {"share": 0.0, "a": ["1", 0], "b": ["2", 0]}),
        }
        assert bench.value(prompt, "3") == [2]
        assert "2" not in bench.started()
        prompt["3"][1]["share"] = 1.0
        assert bench.value(prompt, "3") == [20]
        prompt["4"] = ("Shares", {})
        prompt["3"] = (kind, {"share": ["4", 0], "a": ["1", 0], "b": ["2", 0]})
        assert bench.value(prompt, "3") == [2, 22, 20]


def test_expansion_with_the_graph_builder(pack):
    bench = pack("""
class Chain(Base):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT",), "times": ("INT", {"default": 3})}, "hidden": {"me": "UNIQUE_ID"}}
    RETURN_TYPES = ("INT", "STRING")
    def go(self, x, times, me):
        graph = GraphBuilder()
        value = x
        for _ in range(times):
            node = graph.node("Add", a=value, b=1)
            node.set_override_display_id(me)
            value = node.out(0)
        assert graph.lookup_node("1").get_input("a") == x
        extra = graph.node("Add", "named", a=0, b=0)
        extra.set_input("b", None)
        assert "b" not in extra.inputs and is_link(value)
        graph.remove_node("named")
        return {"result": (value, next(iter(graph.nodes))), "expand": graph.finalize()}
""")
    assert bench.value({"7": ("Chain", {"x": 5, "times": 4})}, "7") == [9]
    assert bench.value({"7": ("Chain", {"x": 5, "times": 4})}, "7", slot=1) == ["7.0.0.1"]


def test_mixed_expansion_per_item(pack):
    bench = pack("""
class Numbers(Base):
    OUTPUT_IS_LIST = (True,)
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}
    def go(self):
        return ([1, 2, 3],)

class Mixed(Base):
    def go(self, x):
        if x == 1:
            return (100,)
        if x == 2:
            return {"result": (200,)}
        graph = GraphBuilder()
        return {"result": (graph.node("Add", a=x, b=1000).out(0),), "expand": graph.finalize()}
""")
    assert bench.value({"1": ("Numbers", {}), "2": ("Mixed", {"x": ["1", 0]})}, "2") == [100, 200, 1003]


LOOP = """
class While(Base):
    RETURN_TYPES = (Any("*"), Any("*"))
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"flow": ("FLOW", {"rawLink": True}), "go_on": ("BOOLEAN", {"forceInput": True})},
            "optional": {"value": (Any("*"),), "left": (Any("*"),)},
            "hidden": {"dyn": "DYNPROMPT", "me": "UNIQUE_ID"},
        }
    FUNCTION = "loop"
    def explore(self, node_id, dyn, upstream):
        for value in dyn.get_node(node_id)["inputs"].values():
            if is_link(value):
                parent = value[0]
                if parent not in upstream:
                    upstream[parent] = []
                    self.explore(parent, dyn, upstream)
                upstream[parent].append(node_id)
    def collect(self, node_id, upstream, contained):
        for child in upstream.get(node_id, ()):
            if child not in contained:
                contained[child] = True
                self.collect(child, upstream, contained)
    def loop(self, flow, go_on, dyn, me, value=None, left=None):
        if not go_on:
            return (value, left)
        upstream, contained, opened = {}, {}, flow[0]
        self.explore(me, dyn, upstream)
        self.collect(opened, upstream, contained)
        contained[me] = contained[opened] = True
        graph = GraphBuilder()
        for one in contained:
            original = dyn.get_node(one)
            node = graph.node(original["class_type"], "Again" if one == me else one)
            node.set_override_display_id(one)
        for one in contained:
            original = dyn.get_node(one)
            node = graph.lookup_node("Again" if one == me else one)
            for key, given in original["inputs"].items():
                if is_link(given) and given[0] in contained:
                    parent = graph.lookup_node("Again" if given[0] == me else given[0])
                    node.set_input(key, parent.out(given[1]))
                else:
                    node.set_input(key, given)
        begin = graph.lookup_node(opened)
        begin.set_input("value", value)
        begin.set_input("left", left)
        again = graph.lookup_node("Again")
        return {"result": (again.out(0), again.out(1)), "expand": graph.finalize()}

class Open(Base):
    RETURN_TYPES = ("FLOW", Any("*"), Any("*"))
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"value": (Any("*"),), "left": (Any("*"),)}}
    def go(self, value=None, left=None):
        return ("stub", value, left)

class Positive(Base):
    RETURN_TYPES = ("BOOLEAN",)
    def go(self, x):
        return (x > 0,)
"""


def test_a_loop_made_of_expansions(pack):
    bench = pack(LOOP)
    prompt = {
        "open": ("Open", {"value": 1, "left": 4}),
        "double": ("Add", {"a": ["open", 1], "b": ["open", 1]}),
        "less": ("Add", {"a": ["open", 2], "b": -1}),
        "more": ("Positive", {"x": ["less", 0]}),
        "close": ("While", {"flow": ["open", 0], "go_on": ["more", 0], "value": ["double", 0], "left": ["less", 0]}),
    }
    assert bench.value(prompt, "close") == [16]
    assert bench.run(prompt, ["close"]).executed == [], "all of it is cached"


def test_blockers(pack):
    bench = pack("""
class Block(Base):
    OUTPUT_IS_LIST = (True,)
    def go(self, x):
        return ([1, ExecutionBlocker(None), 3],)
class BlockAll(Base):
    RETURN_TYPES = ("INT", "INT")
    async def go(self, x):
        return ExecutionBlocker("stopped here")
class Show(Base):
    OUTPUT_NODE = True
    RETURN_TYPES = ()
    def go(self, x):
        CALLS.append(("Show", x))
        return {"ui": {"text": [str(x)]}}
""")
    prompt = {"1": ("Block", {"x": 0}), "2": ("Add", {"a": ["1", 0], "b": 0}), "3": ("Show", {"x": ["2", 0]})}
    result = bench.run(prompt)
    assert result.error is None
    assert result.ui["3"] == {"text": ["1", "3"]}
    assert [call for call in pack.calls() if call[0] == "Show"] == [("Show", 1), ("Show", 3)]
    result = bench.run({"1": ("BlockAll", {"x": 0}), "2": ("Show", {"x": ["1", 1]})}, ["1", "2"])
    assert result.outputs["1"] == [[Blocked("stopped here")], [Blocked("stopped here")]]


def test_is_changed(pack):
    bench = pack("""
class Always(Base):
    @classmethod
    def IS_CHANGED(cls, x):
        return float("NaN")
    def go(self, x):
        CALLS.append("Always")
        return (x,)
class Sometimes(Base):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"should_change": ("BOOLEAN", {"default": False}), "x": ("INT",)}}
    @classmethod
    def IS_CHANGED(cls, should_change=False, *args, **kwargs):
        CALLS.append(("asked", kwargs.get("x")))
        return float("NaN") if should_change else False
    def go(self, should_change, x):
        CALLS.append("Sometimes")
        return (x,)
class Plain(Base):
    async def IS_CHANGED(x):
        CALLS.append("plain")
        return "same"
    def go(self, x):
        return (x,)
class Failing(Base):
    @classmethod
    def IS_CHANGED(cls, x):
        raise RuntimeError("who knows")
    def go(self, x):
        CALLS.append("Failing")
        return (x,)
""")
    for kind, runs in (("Always", 2), ("Failing", 2), ("Sometimes", 1), ("Plain", 0)):
        inputs = {"x": 5} if kind != "Sometimes" else {"x": 5, "should_change": False}
        assert bench.value({"1": (kind, inputs)}, "1") == [5]
        assert bench.value({"1": (kind, inputs)}, "1") == [5]
        assert pack.calls().count(kind) == runs
    assert "plain" in pack.calls()
    linked = {"0": ("Add", {"a": 1, "b": 1}), "1": ("Sometimes", {"x": ["0", 0], "should_change": True})}
    assert bench.value(linked, "1") == [2]
    assert ("asked", None) in pack.calls(), "a linked input is None"


def test_lists_and_hidden_inputs(pack):
    bench = pack("""
class Whole(Base):
    INPUT_IS_LIST = True
    OUTPUT_IS_LIST = (False, True)
    RETURN_TYPES = ("INT", "INT")
    RETURN_NAMES = ("sum", "each")
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT",), "factor": ("INT", {"default": 2})},
                "hidden": {"prompt": "PROMPT", "extra": "EXTRA_PNGINFO", "dyn": "DYNPROMPT", "me": "UNIQUE_ID"}}
    def go(self, x, factor, prompt, extra, dyn, me):
        assert factor == [2] and me == ["3"] and "1" in prompt[0] and dyn[0].has_node("1")
        return (sum(x) * factor[0], [v * factor[0] for v in x])
class Many(Base):
    OUTPUT_IS_LIST = (True,)
    def go(self, x):
        return (list(range(x)),)
class Kwargs(Base):
    def go(self, **kwargs):
        return (sum(v for k, v in kwargs.items()),)
""")
    prompt = {"1": ("Many", {"x": 4}), "3": ("Whole", {"x": ["1", 0], "factor": 2})}
    assert bench.value(prompt, "3") == [12]
    assert bench.value(prompt, "3", slot=1) == [0, 2, 4, 6]
    undeclared = {"1": ("Add", {"a": 1, "b": 1}), "2": ("Kwargs", {"x": 3, "more": ["1", 0], "literal": 100})}
    assert bench.value(undeclared, "2") == [5], "linked undeclared inputs are passed, literals are not"


def test_instances_live_as_long_as_their_node(pack):
    bench = pack("""
class Counts(Base):
    def __init__(self):
        self.count = 0
    @classmethod
    def IS_CHANGED(cls, **kwargs):
        return float("nan")
    def go(self, x):
        self.count += 1
        return (self.count,)
""")
    assert [bench.value({"1": ("Counts", {"x": 0})}, "1")[0] for _ in range(3)] == [1, 2, 3]
    assert bench.value({"2": ("Counts", {"x": 0})}, "2") == [1]


def test_errors_name_the_node_and_later_runs_work(pack):
    bench = pack("""
class Fails(Base):
    def go(self, x):
        raise ValueError("not today")
class AsyncFails(Base):
    async def go(self, x):
        raise ValueError("not today, async")
""")
    for kind in ("Fails", "AsyncFails"):
        error = bench.run({"5": (kind, {"x": 3})}, ["5"]).error
        assert error is not None and error.node.id == "5" and "not today" in str(error)
        assert error.inputs == {"x": [3]}
        assert bench.value({"1": ("Add", {"a": 1, "b": 2})}, "1") == [3]


def test_function_style_nodes_of_packs(bench):
    bench.write(
        "functional",
        {
            "__init__.py": "from .things import *\nfrom . import lazy\n",
            "things.py": """
            from typing import Annotated
            import torch
            from execution.fields import Help, Range
            from execution.node import Context, node
            from nodes.types import Image

            @node("PackBrighten", category="pack")
            def brighten(*, image: Image, amount: Annotated[float, Range(0, 4)] = 2.0, ctx: Context) -> Image:
                '''Brighten.'''
                ctx.progress(1, 1)
                return (image * amount).clamp(0, 1)
            """,
            "lazy.py": """
            from execution.node import Lazy, Subgraph, node

            @node("PackSwitch", category="pack")
            async def switch(*, on: bool, yes: Lazy[int], no: Lazy[int]) -> int:
                return await (yes if on else no)

            @node("PackGray", category="pack")
            def gray(*, level: int = 0x808080) -> int | Subgraph:
                plan = Subgraph()
                return plan.returning(plan.add("PrimitiveInt", value=level).out())
            """,
        },
    )
    bench.load()
    assert bench.pack("functional").error is None
    assert set(bench.pack("functional").nodes) == {"PackBrighten", "PackSwitch", "PackGray"}
    assert bench.opened[-1].registry["PackBrighten"].spec.python_module == "custom_nodes.functional"
    prompt = {
        "1": ("EmptyImage", {"width": 8, "height": 8, "batch_size": 1, "color": 0x404040}),
        "2": ("PackBrighten", {"image": ["1", 0], "amount": 2.0}),
        "3": ("PackGray", {"level": 5}),
        "4": ("PackSwitch", {"on": True, "yes": ["3", 0], "no": 0}),
    }
    assert math.isclose(bench.value(prompt, "2")[0].mean().item(), 2 * 0x40 / 255, rel_tol=1e-6)
    assert bench.value(prompt, "4") == [5]


def test_validators(pack):
    bench = pack("""
Base.OUTPUT_NODE = True
class Validated(Base):
    @classmethod
    def VALIDATE_INPUTS(cls, x):
        return True if x != 13 else "unlucky"
class Typed(Base):
    @classmethod
    def VALIDATE_INPUTS(cls, input_types):
        return True
class Everything(Base):
    @classmethod
    async def VALIDATE_INPUTS(cls, **kwargs):
        return kwargs.get("x") != 13
class Bare(Base):
    pass
def set_later(x):
    return "later" if x == 13 else True
async def set_later_async(x):
    return "later" if x == 13 else True
class Later(Base):
    pass
class LaterAsync(Base):
    pass
Later.VALIDATE_INPUTS = set_later
LaterAsync.VALIDATE_INPUTS = set_later_async
""")
    from execution.graph import parse_prompt
    from execution.validate import validate
    from execution.validators import own_validators

    registry = bench.opened[-1].registry
    expected = {"Validated": {"x"}, "Typed": {"input_types"}, "Everything": {"*"}, "Bare": None, "Later": {"x"}}
    for kind, names in expected.items():
        assert registry[kind].spec.validates == names

    def problems(kind, value):
        graph = parse_prompt({"1": {"class_type": kind, "inputs": {"x": value}}})
        found = validate(graph, registry.catalogue(), lambda _folder: [], custom=own_validators(registry))
        return [problem.details for problem in found.problems if problem.type == "custom_validation_failed"]

    for kind, said in (
        ("Validated", ["x - unlucky"]),
        ("Everything", ["x"]),
        ("Later", ["x - later"]),
        ("LaterAsync", ["x - later"]),
    ):
        assert problems(kind, 1) == []
        assert [one.startswith(said[0]) for one in problems(kind, 13)] == [True]


def test_the_event_loop_of_the_caller_may_run_already(bench):
    bench.write(
        "newer",
        """
        from comfy_api.latest import ComfyExtension, io
        class N(io.ComfyNode):
            @classmethod
            def define_schema(cls):
                return io.Schema(node_id="N", inputs=[io.Int.Input("x")], outputs=[io.Int.Output()])
            @classmethod
            def execute(cls, x):
                return io.NodeOutput(x)
        class Ext(ComfyExtension):
            async def get_node_list(self):
                return [N]
        async def comfy_entrypoint():
            return Ext()
        """,
    )

    async def main():
        return bench.load()

    asyncio.run(main())
    assert bench.pack("newer").nodes == ("N",)
