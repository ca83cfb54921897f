"""`--set` and `--seed`: what they change, and what they say when they cannot."""

import pytest

from commands.errors import UsageProblem
from commands.settings import Setting, apply_settings, find_nodes, parse_setting
from execution.graph import Link, parse_prompt
from execution.schema import InputSpec, NodeSpec, OutputSpec

CATALOGUE = {
    "Text": NodeSpec("Text", (InputSpec("clip", "CLIP"), InputSpec("text", "STRING")), (OutputSpec("C", "C"),)),
    "Sampler": NodeSpec(
        "Sampler",
        (
            InputSpec("model", "MODEL"),
            InputSpec("noise_seed", "INT"),
            InputSpec("tiled", "BOOLEAN"),
            InputSpec("size", "COMBO", choices=(1, 2)),
            InputSpec("steps", "INT", "optional", options={"forceInput": True}),
        ),
    ),
}


@pytest.fixture
def graph():
    text = {"class_type": "Text", "inputs": {"clip": ["4", 1], "text": ["9", 0]}, "_meta": {"title": "Positive"}}
    sampler = {"class_type": "Sampler", "inputs": {"model": ["4", 0], "noise_seed": 1, "tiled": False, "size": 1}}
    return parse_prompt({"1": text, "2": text, "3": {**sampler, "_meta": {"title": "a.b"}}})


def test_a_value_may_hold_any_sign_and_a_title_dots():
    assert parse_setting("a.b.text=x=y.z\n") == Setting("a.b", "text", "x=y.z\n")


@pytest.mark.parametrize("text", ["", "=", "text=1", "Positive.=1", ".text=1", "Positive.text"])
def test_what_is_no_setting_is_refused_with_an_example(text):
    with pytest.raises(UsageProblem, match="Example"):
        parse_setting(text)


def test_a_title_sets_all_that_bear_it_and_replaces_links(graph):
    apply_settings(graph, [Setting("positive", "text", "a fox")], None, CATALOGUE)
    assert [graph[n].inputs["text"] for n in "12"] == ["a fox", "a fox"]
    assert graph["1"].inputs["clip"] == Link("4", 1)


def test_ids_come_before_titles_and_titles_before_types(graph):
    graph["3"].title = "1"
    assert [n.id for n in find_nodes(graph, "1")] == ["1"]
    assert [n.id for n in find_nodes(graph, "sampler")] == ["3"]


def test_the_seed_goes_everywhere_and_settings_come_after_it(graph):
    changes = apply_settings(graph, [Setting("3", "noise_seed", "8")], 7, CATALOGUE)
    assert [(c.node, c.input, c.value) for c in changes] == [("3", "noise_seed", 7), ("3", "noise_seed", "8")]
    assert graph["3"].inputs["noise_seed"] == "8"


@pytest.mark.parametrize(("written", "value"), [("true", True), ("FALSE", False), ("on", True), ("0", False)])
def test_truth_values_are_read_as_people_write_them(graph, written, value):
    apply_settings(graph, [Setting("a.b", "tiled", written)], None, CATALOGUE)
    assert graph["3"].inputs["tiled"] is value


def test_an_option_that_is_a_number_is_found_by_its_text(graph):
    apply_settings(graph, [Setting("3", "size", "2")], None, CATALOGUE)
    assert graph["3"].inputs["size"] == 2


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (Setting("Positve", "text", "x"), "Positive"),
        (Setting("Positive", "txt", "x"), "text"),
        (Setting("a.b", "tiled", "maybe"), "neither true nor false"),
        (Setting("1", "clip", "x"), "socket"),
    ],
)
def test_what_fits_nothing_is_refused_with_what_there_is(graph, setting, sentence):
    with pytest.raises(UsageProblem, match=sentence):
        apply_settings(graph, [setting], None, CATALOGUE)


def test_everything_that_fits_nothing_is_told_at_once(graph):
    with pytest.raises(UsageProblem) as told:
        apply_settings(graph, [Setting("Nobody", "text", "x"), Setting("a.b", "tiled", "maybe")], None, CATALOGUE)
    assert "Nobody" in str(told.value) and "neither true nor false" in str(told.value)


def test_the_seed_reaches_a_saved_prompt_that_leaves_it_to_its_default(graph):
    del graph["3"].inputs["noise_seed"]
    apply_settings(graph, [], 7, CATALOGUE)
    assert graph["3"].inputs["noise_seed"] == 7


def test_a_number_that_the_editor_shows_as_a_socket_can_be_set(graph):
    graph["3"].inputs["steps"] = Link("9", 0)
    apply_settings(graph, [Setting("3", "steps", "5")], None, CATALOGUE)
    assert graph["3"].inputs["steps"] == "5"
