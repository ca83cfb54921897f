"""A for loop as packs build it: nested expansion over raw links, DYNPROMPT, UNIQUE_ID and display ids."""

import pytest
from engine_helpers import Bench, graph

from execution.legacy import GraphBuilder, is_link


class Anything(str):
    """A socket type that says it differs from nothing."""

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__


ANY = Anything("*")


class LoopOpen:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"remaining": ("INT",)}, "optional": {"carried": (ANY,)}}

    RETURN_TYPES = ("FLOW", "INT", ANY)
    FUNCTION = "go"

    def go(self, remaining, carried=None):
        return ("flow", remaining, carried)


class LoopClose:
    """While `remaining` > 1, plans the nodes between the opening and itself anew, with what came out put in."""

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"flow": ("FLOW", {"rawLink": True})},
            "optional": {"carried": (ANY,)},
            "hidden": {"dynprompt": "DYNPROMPT", "unique_id": "UNIQUE_ID", "remaining": ("INT",)},
        }

    RETURN_TYPES = (ANY,)
    FUNCTION = "go"

    def go(self, flow, carried=None, dynprompt=None, unique_id=None, remaining=0):
        if remaining <= 1:
            return (carried,)
        opening = flow[0]
        body = self.between(dynprompt, opening, unique_id)
        builder = GraphBuilder()
        for node_id in body:
            planned = builder.node(
                dynprompt.get_node(node_id)["class_type"], "again" if node_id == unique_id else node_id
            )
            planned.set_override_display_id(node_id)
        for node_id in body:
            for name, value in dynprompt.get_node(node_id)["inputs"].items():
                inside = is_link(value) and value[0] in body
                target = builder.lookup_node("again" if node_id == unique_id else node_id)
                if inside:
                    source = builder.lookup_node("again" if value[0] == unique_id else value[0])
                    target.set_input(name, source.out(value[1]))
                else:
                    target.set_input(name, value)
        builder.lookup_node(opening).set_input("remaining", remaining - 1)
        builder.lookup_node(opening).set_input("carried", carried)
        return {"result": (builder.lookup_node("again").out(0),), "expand": builder.finalize()}

    @staticmethod
    def between(dynprompt, opening, closing):
        """The nodes on a way from the opening to the closing, both included."""
        reached, order = {opening}, [opening]
        grown = True
        while grown:
            grown = False
            for node_id in sorted(dynprompt.all_node_ids(), key=len):
                inputs = dynprompt.get_node(node_id)["inputs"].values()
                near = node_id not in reached and any(is_link(v) and v[0] in reached for v in inputs)
                if near and dynprompt.get_parent_node_id(node_id) == dynprompt.get_parent_node_id(closing):
                    reached.add(node_id)
                    order.append(node_id)
                    grown = True
        return order


class Grow:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": (ANY,), "b": ("INT",)}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    def go(self, a, b):
        return (a + b,)


@pytest.mark.parametrize("rounds", [1, 4, 12])
def test_a_loop_runs_its_body_that_often(rounds):
    bench = Bench(LoopOpen, LoopClose, Grow)
    nodes = graph(
        n1=("LoopOpen", {"remaining": rounds, "carried": 0}),
        n2=("Grow", {"a": ["1", 2], "b": 5}),
        n3=("LoopClose", {"flow": ["1", 0], "carried": ["2", 0], "remaining": ["1", 1]}),
    )
    assert bench.value(nodes, "3") == [5 * rounds]
    shown = {event.node.display for event in bench.events if hasattr(event, "node") and event.node.type == "Grow"}
    assert shown == {"2"}, "every round of the body is shown on the node on the canvas"
    again = bench.run(nodes, ["3"])
    assert again.executed == []
    nodes["2"].inputs["b"] = 6
    assert bench.value(nodes, "3") == [6 * rounds]
