"""Changing widgets of a UI workflow in place of a person at the editor."""

from execution.schema import InputSpec, NodeSpec, OutputSpec
from execution.workflow import ui_to_prompt
from execution.workflow.patch import change_widgets

SAMPLER = NodeSpec(
    "Sampler",
    (InputSpec("model", "MODEL"), InputSpec("seed", "INT"), InputSpec("steps", "INT"), InputSpec("text", "STRING")),
    (OutputSpec("LATENT", "LATENT"),),
)
CATALOGUE = {"Sampler": SAMPLER}


def workflow(values):
    primitive = {"id": 2, "type": "PrimitiveNode", "outputs": [{"name": "INT", "type": "INT", "links": [1]}]}
    slots = [
        {"name": "model", "type": "MODEL", "link": None},
        {"name": "steps", "type": "INT", "link": 1, "widget": {"name": "steps"}},
    ]
    sampler = {"id": 1, "type": "Sampler", "inputs": slots, "widgets_values": values, "unknown": {"kept": True}}
    nodes = [sampler, {**primitive, "widgets_values": [30, "fixed"]}]
    return {"nodes": nodes, "links": [[1, 2, 0, 1, 1, "INT"]], "version": 0.4, "extra": {"mine": 1}}


def prompt_of(ui):
    return ui_to_prompt(ui, CATALOGUE, lambda _: []).prompt["1"]["inputs"]


def test_values_behind_a_seed_keep_their_places():
    before = workflow([5, "randomize", 20, "hello"])
    after, left = change_widgets(before, [("1", "seed", 9), ("1", "text", "bye")], CATALOGUE)
    assert left == []
    assert after["nodes"][0]["widgets_values"] == [9, "randomize", 20, "bye"]
    assert before["nodes"][0]["widgets_values"] == [5, "randomize", 20, "hello"]
    assert after["nodes"][0]["unknown"] == {"kept": True} and after["extra"] == {"mine": 1}


def test_a_linked_widget_loses_its_link_everywhere():
    before = workflow([5, "fixed", 20, "hello"])
    assert prompt_of(before)["steps"] == 30
    after, left = change_widgets(before, [("1", "steps", 12)], CATALOGUE)
    assert left == []
    assert prompt_of(after)["steps"] == 12
    assert after["links"] == []
    assert after["nodes"][0]["inputs"][1]["link"] is None
    assert after["nodes"][1]["outputs"][0]["links"] == []


def test_values_kept_by_name_are_changed_by_name():
    after, left = change_widgets(workflow({"seed": 1, "text": "a"}), [("1", "text", "b")], CATALOGUE)
    assert (after["nodes"][0]["widgets_values"], left) == ({"seed": 1, "text": "b"}, [])


def test_what_has_no_place_is_returned_and_nothing_else_changes():
    before = workflow([5, "fixed", 20, "hello"])
    changes = [("7:1", "seed", 1), ("1", "model", 1), ("9", "seed", 1)]
    assert change_widgets(before, changes, CATALOGUE) == (before, changes)
