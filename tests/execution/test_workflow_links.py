"""Links: reroutes, bypassed and muted nodes, primitives, and everything broken that files contain."""

from __future__ import annotations

import pytest

from execution.workflow import ui_to_prompt
from tests.execution.workflow_samples import CATALOGUE, convert, inputs_of, list_files, ui_node, workflow


def save(link, id=9):
    return ui_node(id, "SaveImage", ["x"], [("images", "IMAGE", link)])


def decode(id=1, **more):
    return ui_node(id, "VAEDecode", None, [("samples", "LATENT", None)], ["IMAGE"], **more)


@pytest.mark.parametrize("id", [1, "1", 1.0])
def test_links_as_lists_and_as_objects_with_any_kind_of_id(id):
    link = {
        "id": 5,
        "origin_id": id,
        "origin_slot": 0,
        "target_id": 9,
        "target_slot": 0,
        "type": "IMAGE",
        "parentId": 2,
    }
    for links in ([[5, id, 0, 9, 0, "IMAGE"]], [link], {"5": link}):
        assert inputs_of({"nodes": [decode(id), save(5)], "links": links}, "9")["images"] == ["1", 0]


def test_version_1_with_reroutes_of_the_links_themselves():
    reroutes = [{"id": 2, "pos": [0, 0], "linkIds": [5], "parentId": 1}, {"id": 1, "pos": [0, 0], "linkIds": [5]}]
    link = {"id": 5, "origin_id": 1, "origin_slot": 0, "target_id": 9, "target_slot": 0, "type": "IMAGE", "parentId": 2}
    state = {"lastNodeId": 9, "lastLinkId": 5, "lastRerouteId": 2}
    written = {"version": 1, "state": state, "nodes": [decode(), save(5)], "links": [link], "reroutes": reroutes}
    assert inputs_of(written, "9")["images"] == ["1", 0]


def test_null_and_broken_links_are_tolerated_and_told():
    found = convert(workflow([decode(), save(5)], [None, [1, 2], "x", [5, 1, 0, 9, 0, "IMAGE"], [6, 1, None, 9, 0]]))
    assert found.prompt["9"]["inputs"]["images"] == ["1", 0]
    assert [problem.type for problem in found.problems] == ["links_unreadable"]
    assert found.problems[0].what.startswith("3 of")


def test_link_to_nowhere_gives_no_input():
    assert "images" not in inputs_of(workflow([save(5)], [[5, 77, 0, 9, 0, "IMAGE"]]), "9")
    assert "images" not in inputs_of(workflow([save(5)], []), "9")


def test_reroutes_are_followed_to_the_source():
    nodes = [decode(), ui_node(2, "Reroute", None, [("", "*", 1)], ["*"], mode=2)]
    nodes += [ui_node(3, "Reroute", None, [("", "*", 2)], ["*"]), save(3)]
    links = [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "*"], [3, 3, 0, 9, 0, "IMAGE"]]
    assert inputs_of(workflow(nodes, links), "9")["images"] == ["1", 0]


def test_chain_of_10_000_reroutes_with_a_reader_at_each():
    nodes, links = [decode(0)], []
    for number in range(1, 10_001):
        links.append([number, number - 1, 0, number, 0, "*"])
        nodes.append(ui_node(number, "Reroute", None, [("", "*", number)], ["*"]))
        links.append([20_000 + number, number, 0, 20_000 + number, 0, "*"])
        nodes.append(save(20_000 + number, 20_000 + number))
    prompt = convert(workflow(nodes, links)).prompt
    assert len(prompt) == 10_001
    assert {tuple(entry["inputs"]["images"]) for key, entry in prompt.items() if key != "0"} == {("0", 0)}


def test_circle_of_reroutes_is_told_and_ends():
    nodes = [ui_node(1, "Reroute", None, [("", "*", 2)], ["*"]), ui_node(2, "Reroute", None, [("", "*", 1)], ["*"])]
    nodes += [save(3), save(4, 10)]
    links = [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 1, 0, "*"], [3, 2, 0, 9, 0, "*"], [4, 1, 0, 10, 0, "*"]]
    found = convert(workflow(nodes, links))
    assert "images" not in found.prompt["9"]["inputs"] and "images" not in found.prompt["10"]["inputs"]
    assert [problem.type for problem in found.problems] == ["reroute_circle"]


def test_muted_node_and_the_links_from_it_vanish():
    found = convert(workflow([decode(mode=2), save(5)], [[5, 1, 0, 9, 0, "IMAGE"]]))
    assert list(found.prompt) == ["9"] and "images" not in found.prompt["9"]["inputs"]


def test_bypassed_node_hands_on_the_input_of_the_same_type():
    lora_inputs = [("model", "MODEL", 1), ("clip", "CLIP", 2), ("lora_name", "COMBO", None, "lora_name")]
    nodes = [
        ui_node(1, "CheckpointLoaderSimple", ["a"], outputs=["MODEL", "CLIP", "VAE"]),
        ui_node(2, "LoraLoader", ["l", 1.0], lora_inputs, ["MODEL", "CLIP"], mode=4),
        ui_node(3, "CLIPTextEncode", ["x"], [("clip", "CLIP", 3)]),
        ui_node(4, "KSampler", [1, "fixed", 2, 3.0, "heun", 1.0], [("model", "MODEL", 4)]),
    ]
    links = [[1, 1, 0, 2, 0, "MODEL"], [2, 1, 1, 2, 1, "CLIP"], [3, 2, 1, 3, 0, "CLIP"], [4, 2, 0, 4, 0, "MODEL"]]
    prompt = convert(workflow(nodes, links)).prompt
    assert "2" not in prompt
    assert prompt["3"]["inputs"]["clip"] == ["1", 1]
    assert prompt["4"]["inputs"]["model"] == ["1", 0]


def test_bypassed_node_without_a_fitting_input_gives_nothing():
    found = convert(workflow([decode(mode=4), save(5)], [[5, 1, 0, 9, 0, "IMAGE"]]))
    assert "images" not in found.prompt["9"]["inputs"]


def test_bypassed_node_prefers_the_same_place_then_the_type():
    inputs = [("mask", "MASK", 1), ("other", "IMAGE", 2), ("image", "IMAGE", 3)]
    nodes = [decode(1), decode(2), decode(3), save(4), save(5, 10)]
    nodes.append(ui_node(5, "Pack", None, inputs, ["IMAGE", "MASK", "IMAGE"], mode=4))
    links = [[n, n, 0, 5, n - 1, "*"] for n in (1, 2, 3)] + [[4, 5, 0, 9, 0, "IMAGE"], [5, 5, 2, 10, 0, "IMAGE"]]
    prompt = convert(workflow(nodes, links)).prompt
    assert prompt["9"]["inputs"]["images"] == ["2", 0]
    assert prompt["10"]["inputs"]["images"] == ["3", 0]


def test_primitive_gives_its_value_also_through_reroutes():
    nodes = [
        ui_node(1, "PrimitiveNode", [33, "fixed"], outputs=["INT"]),
        ui_node(2, "Reroute", None, [("", "*", 1)], ["*"]),
        ui_node(3, "KSampler", [7, "fixed", 25, 6.5, "heun", 0.5], [("steps", "INT", 2, "steps"), ("seed", "INT", 3)]),
    ]
    links = [[1, 1, 0, 2, 0, "INT"], [2, 2, 0, 3, 0, "INT"], [3, 1, 0, 3, 1, "INT"]]
    found = convert(workflow(nodes, links)).prompt
    assert list(found) == ["3"]
    assert (found["3"]["inputs"]["steps"], found["3"]["inputs"]["seed"]) == (33, 33)


def test_empty_primitive_leaves_the_widgets_own_value():
    nodes = [ui_node(1, "PrimitiveNode", [], outputs=["INT"])]
    nodes.append(ui_node(3, "EmptyLatentImage", [64, 96], [("width", "INT", 1, "width")]))
    assert inputs_of(workflow(nodes, [[1, 1, 0, 3, 0, "INT"]]), "3") == {"width": 64, "height": 96}


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"nodes": None, "links": None},
        {"nodes": [None, 3, {}, {"id": 1}, []], "links": 5, "extra": [], "definitions": []},
        {"nodes": [{"id": 1, "type": "SaveImage", "inputs": [None, {}], "outputs": 3, "widgets_values": 4}]},
        {"nodes": [{"type": "SaveImage", "mode": None, "properties": None}], "definitions": {"subgraphs": [None, {}]}},
    ],
)
def test_malformed_workflows_do_not_crash(broken):
    ui_to_prompt(broken, CATALOGUE, list_files)
