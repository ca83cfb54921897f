"""Loops by nodes: what they compute, what they leave alone, and what is computed again."""

import pytest

from execution.cache import MemoryCache
from execution.context import CancelToken
from execution.engine import Engine
from execution.events import NodeStarted, Progress, UiOutput, Warned
from execution.graph import parse_prompt
from execution.node import Blocked, Context, Ui, declared_node, node
from execution.registry import Registry
from nodes import primitives
from nodes.logic import comparisons, lists, loop_running, loops, switches

MODULES = (primitives, comparisons, lists, loops, loop_running, switches)


class Lab:
    """Runs graphs of loops beside nodes that note what they were called with."""

    def __init__(self, **options):
        self.calls = []
        self.shown = []
        self.events = []
        own = [declared_node(one) for module in MODULES for one in vars(module).values()]
        self.engine = Engine(Registry([*filter(None, own), *map(declared_node, self.nodes())]), **options)

    def nodes(self):
        @node("Add", category="test")
        def add(*, a: int, b: int = 1) -> int:
            self.calls.append((a, b))
            return a + b

        @node("Below", category="test")
        def below(*, a: int, limit: int) -> bool:
            return a < limit

        @node("Show", category="test", output=True)
        def show(*, a: int) -> Ui:
            self.shown.append(a)
            return Ui({"text": [a]})

        @node("Step", category="test")
        def step(*, a: int, ctx: Context) -> int:
            ctx.progress(1, 2)
            return a + 1

        @node("Skip", category="test")
        def skip(*, a: int, unless: int) -> int | Blocked:
            return a if a % unless else Blocked(f"{a} left out")

        return add, below, show, step, skip

    def run(self, targets=("end",), **nodes):
        self.calls.clear()
        self.shown.clear()
        self.events.clear()
        prompt = {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
        result = self.engine.run_sync(parse_prompt(prompt), list(targets), sink=self.events.append)
        if result.error is not None:
            raise result.error
        return result.outputs

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def lab():
    return Lab()


def counting(times, b=1, first=0, **end):
    """A loop that adds `b` to a number."""
    return {
        "first": ("PrimitiveInt", {"value": first}),
        "start": ("WeftLoopStart", {"times": times, "value_1": ["first", 0]}),
        "add": ("Add", {"a": ["start", 3], "b": b}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "value_1": ["add", 0], "collect": ["add", 0], **end}),
    }


@pytest.mark.parametrize("times", [0, 1, 2, 5])
def test_a_loop_hands_its_value_round_and_collects(lab, times):
    value_1, *_, collected = lab.run(**counting(times, b=3))["end"]
    assert value_1 == [3 * times]
    assert collected == [3 * n for n in range(1, times + 1)]
    assert lab.calls == [(3 * n, 3) for n in range(times)]


def test_more_rounds_leave_the_earlier_ones_alone(lab):
    lab.run(**counting(4))
    assert lab.run(**counting(6))["end"][0] == [6]
    assert lab.calls == [(4, 1), (5, 1)]
    assert lab.run(**counting(3))["end"][0] == [3]
    assert lab.calls == []


def test_a_change_late_in_the_body_leaves_what_is_before_it_alone(lab):
    graph = counting(3) | {
        "start": ("WeftLoopStart", {"times": 3}),
        "add": ("Add", {"a": ["start", 1], "b": 10}),
        "late": ("Add", {"a": ["add", 0], "b": 100}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "collect": ["late", 0]}),
    }
    assert lab.run(**graph)["end"][4] == [110, 111, 112]
    graph["late"] = ("Add", {"a": ["add", 0], "b": 200})
    assert lab.run(**graph)["end"][4] == [210, 211, 212]
    assert lab.calls == [(10, 200), (11, 200), (12, 200)]


def test_what_follows_a_loop_is_known_when_nothing_changed(lab):
    graph = counting(3) | {"after": ("Add", {"a": ["end", 0], "b": 0})}
    assert lab.run(["after"], **graph)["after"] == [[3]]
    assert lab.run(["after"], **graph)["after"] == [[3]]
    assert lab.calls == [] and not lab.of(NodeStarted)


def test_a_loop_goes_over_a_list(lab):
    graph = {
        "list": ("WeftListFromText", {"text": "5,7,9", "divided_at": "commas", "keep_empty": False}),
        "start": ("WeftLoopOverList", {"items": ["list", 0], "value_1": ["zero", 0]}),
        "zero": ("PrimitiveString", {"value": ">"}),
        "both": ("WeftMakeList", {"value_1": ["start", 4], "value_2": ["start", 1]}),
        "text": ("WeftJoinTexts", {"texts": ["both", 0], "separator": " "}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "value_1": ["text", 0], "collect": ["start", 2]}),
    }
    value_1, *_, collected = lab.run(**graph)["end"]
    assert value_1 == ["> 5 7 9"]
    assert collected == [0, 1, 2]
    graph["list"] = ("WeftListFromText", {"text": "", "divided_at": "commas", "keep_empty": False})
    value_1, *_, collected = lab.run(**graph)["end"]
    assert (value_1, collected) == ([">"], [])


def test_items_that_are_no_constants_go_round_too(lab):
    graph = {
        "list": ("WeftMakeList", {"value_1": ["one", 0], "value_2": ["two", 0]}),
        "one": ("WeftPairs", {"a": [1, 2], "b": [3], "combine": "side by side"}),
        "two": ("Add", {"a": 2}),
        "start": ("WeftLoopOverList", {"items": ["list", 0]}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "collect": ["start", 1]}),
    }
    assert lab.run(**graph)["end"][4] == [[1, 2], 3]


def test_a_changed_item_leaves_the_others_alone(lab):
    def graph(text):
        return {
            "list": ("WeftListFromText", {"text": text, "divided_at": "commas", "keep_empty": False}),
            "start": ("WeftLoopOverList", {"items": ["list", 0]}),
            "add": ("WeftJoinTexts", {"texts": ["start", 1], "separator": ""}),
            "end": ("WeftLoopEnd", {"loop": ["start", 0], "collect": ["add", 0]}),
        }

    lab.run(**graph("a,b,c"))
    assert lab.run(**graph("a,x,c"))["end"][4] == ["a", "x", "c"]
    ran = [event.node.id for event in lab.of(NodeStarted) if event.node.type == "WeftJoinTexts"]
    assert [one.rpartition(".r")[2] for one in ran] == ["1.add"]


def test_a_loop_goes_on_while_a_condition_holds(lab):
    graph = counting(100, again=["below", 0]) | {"below": ("Below", {"a": ["add", 0], "limit": 5})}
    value_1, *_, collected = lab.run(**graph)["end"]
    assert (value_1, collected) == ([5], [1, 2, 3, 4, 5])
    assert len(lab.calls) == 5
    graph["below"] = ("Below", {"a": ["add", 0], "limit": 7})
    assert lab.run(**graph)["end"][0] == [7]
    assert lab.calls == [(5, 1), (6, 1)]
    graph["start"] = ("WeftLoopStart", {"times": 3, "value_1": ["first", 0]})
    assert lab.run(**graph)["end"][0] == [3], "never more rounds than the start allows"


def test_a_condition_runs_nothing_twice_without_a_cache():
    lab = Lab(cache=MemoryCache.none())
    graph = counting(100, again=["below", 0]) | {"below": ("Below", {"a": ["add", 0], "limit": 12})}
    assert lab.run(**graph)["end"][0] == [12]
    assert len(lab.calls) == 12
    assert lab.run(**counting(12))["end"][4] == list(range(1, 13))
    assert len(lab.calls) == 12


def nested(outer, inner):
    """Adds 1 `inner` times in each of `outer` rounds; the inner loop's start depends on nothing of the outer one."""
    return {
        "zero": ("PrimitiveInt", {"value": 0}),
        "start": ("WeftLoopStart", {"times": outer, "value_1": ["zero", 0]}),
        "in": ("WeftLoopStart", {"times": inner, "value_1": ["start", 3]}),
        "add": ("Add", {"a": ["in", 3], "b": 1}),
        "out": ("WeftLoopEnd", {"loop": ["in", 0], "value_1": ["add", 0], "collect": ["in", 1]}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "value_1": ["out", 0], "collect": ["out", 4]}),
    }


def test_loops_nest(lab):
    value_1, *_, collected = lab.run(**nested(3, 4))["end"]
    assert value_1 == [12]
    assert collected == [0, 1, 2, 3] * 3
    lab.run(**nested(5, 4))
    assert lab.calls == [(n, 1) for n in range(12, 20)], "the rounds that there were are known"


def test_a_loop_inside_that_depends_on_nothing_outside(lab):
    graph = nested(3, 2) | {
        "in": ("WeftLoopStart", {"times": 2}),
        "add": ("Add", {"a": ["start", 1], "b": ["in", 1]}),
        "out": ("WeftLoopEnd", {"loop": ["in", 0], "collect": ["add", 0]}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "collect": ["out", 4]}),
    }
    assert lab.run(**graph)["end"][4] == [0, 1, 1, 2, 2, 3]


def test_the_number_of_inner_rounds_may_come_from_the_outer_loop(lab):
    graph = nested(4, ["start", 1])
    value_1, *_, collected = lab.run(**graph)["end"]
    assert value_1 == [0 + 1 + 2 + 3]
    assert collected == [0, 0, 1, 0, 1, 2]


def test_what_hangs_off_the_body_runs_in_each_round_and_shows_on_its_own_node(lab):
    graph = counting(3) | {"show": ("Show", {"a": ["add", 0]})}
    lab.run(["show"], **graph)
    assert lab.shown == [1, 2, 3]
    assert [event.node.display for event in lab.of(UiOutput)] == ["show"] * 3
    lab.run(["show", "end"], **graph)
    assert lab.shown == []
    assert [event.output["text"] for event in lab.of(UiOutput)] == [[1], [2], [3]], "known, but shown again"
    lab.run(["show", "more"], **graph | {"more": ("Show", {"a": ["start", 1]})})
    assert lab.shown == [0, 1, 2]


def test_two_equal_loops_show_both(lab):
    twice = {}
    for name in "ab":
        twice |= {
            f"{name}start": ("WeftLoopStart", {"times": 2}),
            f"{name}show": ("Show", {"a": [f"{name}start", 1]}),
            f"{name}end": ("WeftLoopEnd", {"loop": [f"{name}start", 0], "collect": [f"{name}start", 1]}),
        }
    lab.run(["ashow", "bshow"], **twice)
    assert sorted(event.node.display for event in lab.of(UiOutput)) == ["ashow", "ashow", "bshow", "bshow"]


def test_inner_previews_run_in_each_round_of_both_loops(lab):
    lab.run(["show", "end"], **nested(2, 2) | {"show": ("Show", {"a": ["add", 0]})})
    assert sorted(lab.shown) == [1, 2, 3, 4]


def test_a_loop_that_is_not_taken_does_not_run(lab):
    graph = counting(3) | {
        "other": ("PrimitiveInt", {"value": 7}),
        "switch": ("WeftSwitch", {"on": False, "if_true": ["end", 0], "if_false": ["other", 0]}),
    }
    assert lab.run(["switch"], **graph)["switch"] == [[7]]
    assert lab.calls == []


def test_a_branch_inside_that_is_not_taken_does_not_run(lab):
    graph = {
        "start": ("WeftLoopStart", {"times": 4}),
        "two": ("WeftCompare", {"a": ["start", 1], "b": 2, "comparison": "=="}),
        "add": ("Add", {"a": ["start", 1], "b": 10}),
        "switch": ("WeftSwitch", {"on": ["two", 0], "if_true": ["add", 0], "if_false": ["start", 1]}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "collect": ["switch", 0]}),
    }
    assert lab.run(**graph)["end"][4] == [0, 1, 12, 3]
    assert lab.calls == [(2, 10)]


def test_a_gate_leaves_a_round_out_of_the_list_and_says_so(lab):
    graph = {
        "start": ("WeftLoopStart", {"times": 5}),
        "skip": ("Skip", {"a": ["start", 1], "unless": 2}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "collect": ["skip", 0]}),
    }
    assert lab.run(**graph)["end"][4] == [1, 3]
    assert [event.sentence for event in lab.of(Warned)] == ["0 left out", "2 left out", "4 left out"]


def test_lists_inside_a_round_stay_lists(lab):
    graph = {
        "start": ("WeftLoopStart", {"times": 2}),
        "numbers": ("WeftNumbersByStep", {"first": 1, "last": 3, "step": 1}),
        "add": ("Add", {"a": ["numbers", 0], "b": ["start", 1]}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "value_1": ["add", 0], "collect": ["add", 0]}),
    }
    value_1, *_, collected = lab.run(**graph)["end"]
    assert value_1 == [2, 3, 4]
    assert collected == [1, 2, 3, 2, 3, 4]


def test_the_first_round_may_begin_with_nothing(lab):
    graph = {
        "seven": ("PrimitiveInt", {"value": 7}),
        "start": ("WeftLoopStart", {"times": 3}),
        "had": ("WeftFirstOf", {"value_1": ["start", 3], "value_2": ["seven", 0]}),
        "add": ("Add", {"a": ["had", 0]}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "value_1": ["add", 0]}),
    }
    assert lab.run(**graph)["end"][0] == [10]


def test_the_last_round_is_known_and_what_does_not_reach_the_end_stays(lab):
    graph = {
        "five": ("PrimitiveInt", {"value": 5}),
        "start": ("WeftLoopStart", {"times": 3, "value_2": ["five", 0]}),
        "end": ("WeftLoopEnd", {"loop": ["start", 0], "collect": ["start", 2]}),
    }
    outputs = lab.run(**graph)["end"]
    assert outputs[4] == [False, False, True]
    assert outputs[1] == [5]


def test_each_round_is_shown_on_the_nodes_of_the_canvas(lab):
    graph = counting(3) | {"add": ("Step", {"a": ["start", 3]})}
    lab.run(**graph)
    assert [event.node.display for event in lab.of(Progress)] == ["add"] * 3


def test_a_loop_is_cancelled_inside():
    token = CancelToken()
    lab = Lab()

    class Stopping(list):
        def append(self, call):
            super().append(call)
            if call == (3, 1):
                token.cancel()

    lab.calls = Stopping()
    prompt = {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in counting(1000).items()}
    result = lab.engine.run_sync(parse_prompt(prompt), ["end"], cancel=token)
    assert result.status == "cancelled"
    assert lab.calls == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_a_thousand_rounds_and_a_hundred_in_each_other(lab):
    assert lab.run(**counting(1000))["end"][0] == [1000]
    graph = {"v0": ("PrimitiveInt", {"value": 0})}
    depth = 100
    for level in range(depth):
        carried = [f"start{level - 1}", 3] if level else ["v0", 0]
        graph[f"start{level}"] = ("WeftLoopStart", {"times": 1, "value_1": carried})
    graph["add"] = ("Add", {"a": [f"start{depth - 1}", 3]})
    given = "add"
    for level in reversed(range(depth)):
        graph[f"end{level}"] = ("WeftLoopEnd", {"loop": [f"start{level}", 0], "value_1": [given, 0]})
        given = f"end{level}"
    assert lab.run(["end0"], **graph)["end0"][0] == [1]
    many = counting(300, again=["below", 0]) | {"below": ("Below", {"a": ["add", 0], "limit": 250})}
    assert lab.run(**many)["end"][0] == [250]


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"end": ("WeftLoopEnd", {"loop": ["first", 0], "value_1": ["add", 0]})}, "has no start"),
        ({"start": ("WeftLoopStart", {"times": -1})}, "0 to 10000 rounds"),
        ({"start": ("WeftLoopStart", {"times": ["list", 0]})}, "takes one number of rounds; here are 4"),
        ({"second": ("WeftLoopEnd", {"loop": ["start", 0]})}, "has 2 ends"),
    ],
)
def test_what_is_no_loop_is_told(lab, changed, sentence):
    graph = counting(2) | {"list": ("WeftNumbersByStep", {"first": 1, "last": 4, "step": 1})} | changed
    with pytest.raises(Exception, match=sentence):
        lab.run(**graph)


def test_a_start_without_an_end_is_told(lab):
    graph = {"start": ("WeftLoopStart", {"times": 2}), "show": ("Show", {"a": ["start", 1]})}
    with pytest.raises(Exception, match="has no end"):
        lab.run(["show"], **graph)


def test_what_leaves_a_loop_without_its_end_is_told(lab):
    graph = counting(2) | {"both": ("Add", {"a": ["end", 0], "b": ["start", 1]})}
    lab.run(["both"], **graph)
    assert any("comes after a loop, but takes something from inside" in event.sentence for event in lab.of(Warned))


def test_an_error_inside_names_the_node(lab):
    graph = counting(3) | {"add": ("Skip", {"a": ["start", 1], "unless": 0})}
    with pytest.raises(Exception, match="ZeroDivisionError") as raised:
        lab.run(**graph)
    assert raised.value.node.display == "add"
