"""Subgraphs: nested ids, borders, promoted widgets, and definitions that cannot be laid flat."""

from __future__ import annotations

import pytest

from execution.problems import WorkflowError
from tests.execution.workflow_samples import convert, inputs_of, subgraph, ui_node, workflow

TEXT_INPUT = ("text", "STRING", 1, "text")


def text_graph(id="texts"):
    """A subgraph with a text encoder whose text is promoted and whose CLIP comes from outside."""
    inner = ui_node(5, "CLIPTextEncode", ["inside"], [("clip", "CLIP", 2), TEXT_INPUT], ["CONDITIONING"])
    links = [(1, -10, 1, 5, 1), (2, -10, 0, 5, 0), (3, 5, 0, -20, 0)]
    return subgraph(id, [inner], links, [("clip", "CLIP"), ("text", "STRING")], [("out", "CONDITIONING")])


def instance(id, type="texts", values=None, clip=None, text=None, **more):
    slots = [("clip", "CLIP", clip), ("text", "STRING", text, "text")]
    return ui_node(id, type, values, slots, ["out"], **more)


def loader(id=1):
    return ui_node(id, "CheckpointLoaderSimple", ["a"], outputs=["MODEL", "CLIP", "VAE"])


def sampler(link):
    return ui_node(3, "KSampler", [7, "fixed", 2, 3.0, "heun", 1.0], [("positive", "CONDITIONING", link)])


def test_links_pass_both_borders():
    nodes = [loader(), instance(2, clip=7), sampler(8)]
    prompt = convert(workflow(nodes, [[7, 1, 1, 2, 0, "CLIP"], [8, 2, 0, 3, 0, "*"]], (text_graph(),))).prompt
    assert sorted(prompt) == ["1", "2:5", "3"]
    assert prompt["2:5"]["inputs"] == {"text": "inside", "clip": ["1", 1]}
    assert prompt["3"]["inputs"]["positive"] == ["2:5", 0]


@pytest.mark.parametrize(
    ("values", "proxies", "expected"),
    [
        (None, None, "inside"),
        ([], [["5", "text"]], "inside"),
        (["outside"], None, "outside"),
        (["outside"], [["-1", "text"]], "outside"),
        ([4, "outside"], [["5", "other"], ["-1", "text"]], "outside"),
        ({"text": "outside"}, None, "outside"),
        (["outside"], '[["-1", "text"]]', "outside"),
    ],
)
def test_promoted_values_in_every_form_that_files_have(values, proxies, expected):
    properties = {} if proxies is None else {"proxyWidgets": proxies}
    written = workflow([instance(2, values=values, properties=properties)], [], (text_graph(),))
    assert inputs_of(written, "2:5")["text"] == expected


def test_value_of_a_widget_promoted_without_an_input():
    definition = subgraph("size", [ui_node(5, "EmptyLatentImage", [64, 64])], [])
    properties = {"proxyWidgets": [["5", "height"]]}
    written = workflow([ui_node(2, "size", [96], properties=properties)], [], (definition,))
    assert inputs_of(written, "2:5") == {"width": 64, "height": 96}


def test_two_instances_keep_their_own_values_and_a_link_wins():
    nodes = [instance(2, values=["one"]), instance(3, values=["two"]), instance(4, values=["three"], text=9)]
    nodes.append(ui_node(8, "PrimitiveNode", ["linked"], outputs=["STRING"]))
    prompt = convert(workflow(nodes, [[9, 8, 0, 4, 1, "STRING"]], (text_graph(),))).prompt
    assert [prompt[key]["inputs"]["text"] for key in ("2:5", "3:5", "4:5")] == ["one", "two", "linked"]


def test_promoted_value_goes_through_two_levels():
    outer_links = [(1, -10, 1, 6, 1), (2, -10, 0, 6, 0), (3, 6, 0, -20, 0)]
    outer = subgraph("outer", [instance(6, clip=2, text=1)], outer_links, [("clip", "CLIP"), ("text", "STRING")])
    written = workflow([instance(2, "outer", ["far"])], [], (outer, text_graph()))
    assert inputs_of(written, "2:6:5") == {"text": "far"}


@pytest.mark.parametrize("mode", [2, 4])
def test_muted_or_bypassed_instance_sends_nothing_of_its_inside(mode):
    nodes = [loader(), instance(2, clip=7, mode=mode), sampler(8)]
    prompt = convert(workflow(nodes, [[7, 1, 1, 2, 0, "CLIP"], [8, 2, 0, 3, 0, "*"]], (text_graph(),))).prompt
    assert sorted(prompt) == ["1", "3"] and "positive" not in prompt["3"]["inputs"]


def test_1_000_levels():
    levels = 1_000
    definitions = [text_graph("g0")]
    for level in range(1, levels):
        inner = instance(1, f"g{level - 1}", clip=2, text=1)
        links = [(1, -10, 1, 1, 1), (2, -10, 0, 1, 0), (3, 1, 0, -20, 0)]
        ports = [("clip", "CLIP"), ("text", "STRING")]
        definitions.append(subgraph(f"g{level}", [inner], links, ports, [("out", "CONDITIONING")]))
    nodes = [loader(), instance(2, f"g{levels - 1}", ["far"], clip=7), sampler(8)]
    links = [[7, 1, 1, 2, 0, "CLIP"], [8, 2, 0, 3, 0, "*"]]
    prompt = convert(workflow(nodes, links, tuple(definitions))).prompt
    key = ":".join(["2"] + ["1"] * (levels - 1) + ["5"])
    assert prompt["3"]["inputs"]["positive"] == [key, 0]
    assert prompt[key]["inputs"] == {"text": "far", "clip": ["1", 1]}


def test_subgraph_that_contains_itself_is_told():
    first = subgraph("a", [ui_node(1, "b")], [])
    second = subgraph("b", [ui_node(1, "a"), ui_node(2, "SaveImage")], [])
    found = convert(workflow([ui_node(4, "a"), ui_node(5, "SaveImage")], [], (first, second)))
    assert list(found.prompt) == ["5"]
    assert "contains itself" in found.problems[0].sentence


def test_doubling_subgraphs_are_refused_before_they_fill_the_memory():
    definitions = [subgraph("g0", [ui_node(1, "SaveImage")], [])]
    definitions += [subgraph(f"g{n}", [ui_node(1, f"g{n - 1}"), ui_node(2, f"g{n - 1}")], []) for n in range(1, 40)]
    with pytest.raises(WorkflowError, match="more than 100,000 nodes"):
        convert(workflow([ui_node(1, "g39")], [], tuple(definitions)))


def test_definitions_inside_definitions_are_found():
    outer = subgraph("outer", [instance(6)], [])
    outer["definitions"] = {"subgraphs": [text_graph()]}
    assert list(convert(workflow([ui_node(2, "outer")], [], (outer,))).prompt) == ["2:6:5"]
