"""Widget values: positions with and without the editor's own places, converted widgets, unknown types."""

from __future__ import annotations

from datetime import datetime

from execution.schema import InputSpec, NodeSpec
from execution.workflow import ui_to_prompt
from tests.execution.workflow_samples import CATALOGUE, convert, inputs_of, ui_node, workflow

SAMPLER_VALUES = [7, "randomize", 25, 6.5, "heun", 0.5]


def test_values_go_by_position_past_what_the_editor_adds():
    inputs = inputs_of(workflow([ui_node(3, "KSampler", SAMPLER_VALUES)], []), "3")
    assert inputs == {"seed": 7, "steps": 25, "cfg": 6.5, "sampler_name": "heun", "denoise": 0.5}


def test_upload_button_stands_before_optional_inputs():
    inputs = inputs_of(workflow([ui_node(1, "LoadImageMask", ["b.png", "red", "image", 9])], []), "1")
    assert inputs == {"image": "b.png", "channel": "red", "late": 9}


def test_missing_values_take_defaults_and_the_first_option():
    inputs = inputs_of(workflow([ui_node(3, "KSampler", [7, "fixed", 25])], []), "3")
    assert inputs == {"seed": 7, "steps": 25, "cfg": 8.0, "sampler_name": "euler", "denoise": 1.0}
    assert inputs_of(workflow([ui_node(1, "CheckpointLoaderSimple")], []), "1") == {"ckpt_name": "base.safetensors"}


def test_values_by_name_are_taken_by_name():
    inputs = inputs_of(workflow([ui_node(3, "KSampler", {"steps": 5, "videopreview": {}})], []), "3")
    assert inputs["steps"] == 5 and inputs["cfg"] == 8.0 and "videopreview" not in inputs


def test_converted_widget_keeps_its_place_and_a_linked_one_is_sent_as_link():
    nodes = [
        ui_node(1, "EmptyLatentImage", [64, 64]),
        ui_node(3, "KSampler", SAMPLER_VALUES, [("steps", "INT", 9, "steps"), ("cfg", "FLOAT", None, "cfg")]),
        ui_node(4, "GetNumber", outputs=["INT"]),
    ]
    inputs = inputs_of(workflow(nodes, [[9, 4, 0, 3, 0, "INT"]]), "3")
    assert inputs["steps"] == ["4", 0]
    assert (inputs["cfg"], inputs["sampler_name"]) == (6.5, "heun")


def test_forced_socket_has_a_value_only_where_the_count_says_so():
    from execution.workflow import ui_to_prompt
    from tests.execution.workflow_samples import node_type

    forced = node_type("Forced", {"a": ["INT", {"forceInput": True}], "b": ["INT", {}]}, output_node=True)
    for values in ([1, 2], [2]):
        prompt = ui_to_prompt(workflow([ui_node(1, "Forced", values)], []), {"Forced": forced}, lambda _: []).prompt
        assert prompt["1"]["inputs"] == {"b": 2}


def test_combo_with_control_has_two_places_of_the_editor():
    from execution.workflow import ui_to_prompt
    from tests.execution.workflow_samples import node_type

    spec = node_type("Pick", {"name": [["a", "b"], {"control_after_generate": True}], "n": ["INT", {}]})
    prompt = ui_to_prompt(workflow([ui_node(1, "Pick", ["b", "fixed", "", 4])], []), {"Pick": spec}, lambda _: [])
    assert prompt.prompt["1"]["inputs"] == {"name": "b", "n": 4}


def test_unknown_type_is_named_by_the_files_own_slots():
    inputs = [("seed", "INT", None, "seed"), ("text", "STRING", None, "text"), ("image", "IMAGE", None)]
    found = inputs_of(workflow([ui_node(1, "Pack.Node", [5, "randomize", "x"], inputs)], []), "1")
    assert found == {"seed": 5, "text": "x"}


def test_unknown_type_without_names_keeps_every_value():
    assert inputs_of(workflow([ui_node(1, "Old", ["x", 2])], []), "1") == {"UNKNOWN": "x", "UNKNOWN_1": 2}


def test_lists_are_wrapped_so_that_they_are_no_links():
    inputs = [("points", "POINTS", None, "points")]
    assert inputs_of(workflow([ui_node(1, "Curve", [["4", 0]], inputs)], []), "1") == {
        "points": {"__value__": ["4", 0]}
    }


def test_values_without_a_place_are_told():
    found = convert(workflow([ui_node(1, "EmptyLatentImage", [64, 64, 3, 4])], []))
    assert [problem.type for problem in found.problems] == ["values_left_over"]
    assert "Node 1 (EmptyLatentImage): 2 of its saved values" in found.problems[0].sentence


def test_titles_come_from_the_node_else_the_type():
    nodes = [ui_node(1, "SaveImage"), ui_node(2, "SaveImage", title="Final"), ui_node(3, "Strange")]
    titles = [entry["_meta"]["title"] for entry in convert(workflow(nodes, [])).prompt.values()]
    assert titles == ["Save Image", "Final", "Strange"]


def test_alternatives_are_chosen_alike_each_time_and_left_without_a_seed():
    written = workflow([ui_node(1, "CLIPTextEncode", ["a {red|blue} cat // not this"])], [])
    texts = {inputs_of(written, "1", seed=seed)["text"] for seed in range(20)}
    assert texts == {"a red cat ", "a blue cat "}
    assert inputs_of(written, "1", seed=4) == inputs_of(written, "1", seed=4)
    assert inputs_of(written, "1", seed=None)["text"] == "a {red|blue} cat // not this"


def test_names_in_a_file_prefix_are_replaced():
    nodes = [
        ui_node(1, "CLIPTextEncode", ["my/cat"], title="Folder"),
        ui_node(2, "SaveImage", ["%Folder.text%/%date:yyyy-MM-dd%/%width%_%Nobody.text%"]),
    ]
    found = inputs_of(workflow(nodes, []), "2", now=datetime(2026, 3, 9))
    assert found["filename_prefix"] == "my_cat/2026-03-09/%width%_%Nobody.text%"


def test_notes_are_no_part_of_the_prompt():
    nodes = [ui_node(1, "Note", ["x"]), ui_node(2, "MarkdownNote", ["x"]), ui_node(3, "SaveImage")]
    assert list(convert(workflow(nodes, [])).prompt) == ["3"]


def test_catalogue_is_not_changed():
    before = repr(CATALOGUE)
    convert(workflow([ui_node(3, "KSampler", SAMPLER_VALUES)], []))
    assert repr(CATALOGUE) == before


def test_what_older_versions_left_behind_is_no_choice_of_an_optional_combo():
    mark = InputSpec("mark", "COMBO", "optional", choices=("none", "sdxl"), options={"default": "none"})
    catalogue = {"Save": NodeSpec("Save", (InputSpec("prefix", "STRING"), mark), output_node=True)}

    def mark_of(values):
        found = ui_to_prompt(workflow([ui_node(1, "Save", values)], []), catalogue, lambda folder: [])
        return found.prompt["1"]["inputs"]["mark"]

    for value in ("", "image", None):
        assert mark_of(["a", value]) == "none"
    assert mark_of(["a"]) == "none"
    assert mark_of(["a", "sdxl"]) == "sdxl"
    assert mark_of(["a", "else"]) == "else"  # validation says what is wrong with it
