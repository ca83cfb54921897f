"""Every template: neatly laid out, sound, and running on the bundled checkpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from commands.prepare import prepare
from commands.workbench import build_engine, choose_device, node_types, open_workspace
from execution.engine import Engine
from execution.registry import Registry
from execution.stand_ins import REFINER
from execution.workflow import ui_to_prompt
from execution.workflow.document import UiNode, read_node
from execution.workflow.to_prompt import DECORATIONS
from execution.workflow.widgets import places, shown_widgets
from folders.embedded import read_embedded
from folders.workspace import Workspace
from web.workflows.templates import FOLDER, fitted, template_names

NAMES = template_names()
ADAPTED = re.compile("weft_(lora|controlnet|embedding|vision)")  # fit no other checkpoint than the bundled one
TITLE = 30  # pixels of a node's title, which lies above its `pos`
COUNTS_PIXELS = {"width", "height", "x", "y", "left", "top", "right", "bottom", "feathering", "crop_w", "crop_h"}
COUNTS_PIXELS |= {"target_width", "target_height"}

Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return node_types()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    return open_workspace(tmp_path_factory.mktemp("templates"), [])


@pytest.fixture(scope="module")
def engine(registry, workspace) -> Iterator[Engine]:
    with closing(build_engine(registry, workspace, choose_device("cpu", "auto"))) as built:
        yield built


def template(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def box(node: dict[str, Any]) -> Box:
    (x, y), (width, height) = node["pos"], node["size"]
    return x, y - TITLE, x + width, y + height


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def group_box(group: dict[str, Any]) -> Box:
    x, y, width, height = group["bounding"]
    return x, y, x + width, y + height


def contains(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_and_groups_hold_whole_nodes(name):
    workflow = template(name)
    for one, other in combinations(workflow["nodes"], 2):
        assert not overlap(box(one), box(other)), (one["id"], other["id"])
    for one, other in combinations(workflow["groups"], 2):
        assert not overlap(group_box(one), group_box(other)), (one["title"], other["title"])
    for group in workflow["groups"]:
        for node in workflow["nodes"]:
            around = group_box(group)
            assert contains(around, box(node)) or not overlap(around, box(node)), (group["title"], node["id"])


@pytest.mark.parametrize("name", NAMES)
def test_slots_links_and_order_agree(name, registry):
    workflow, catalogue = template(name), registry.catalogue()
    nodes = {node["id"]: node for node in workflow["nodes"]}
    assert workflow["version"] == 0.4
    assert max(nodes) == workflow["last_node_id"]
    assert max(link[0] for link in workflow["links"]) == workflow["last_link_id"]
    assert sorted(node["order"] for node in nodes.values()) == list(range(len(nodes)))
    for key, origin, slot, target, place, type in workflow["links"]:
        assert key in nodes[origin]["outputs"][slot]["links"]
        assert nodes[target]["inputs"][place]["link"] == key
        assert nodes[origin]["outputs"][slot]["type"] == type
        assert "*" in (type, wanted := nodes[target]["inputs"][place]["type"]) or type in wanted.split(",")
        assert nodes[origin]["order"] < nodes[target]["order"]
    for node in nodes.values():
        assert node["type"] in catalogue or node["type"] in DECORATIONS
        for number, output in enumerate(node["outputs"]):
            assert output["name"] == catalogue[node["type"]].outputs[number].name
    notes = [node for node in nodes.values() if node["type"] == "MarkdownNote"]
    assert len(notes) == 1 and notes[0]["widgets_values"][0].startswith("### ")


def widget_names(node: UiNode, registry: Registry) -> list[str | None]:
    return [place.name for place in places(registry.catalogue()[node.type], shown_widgets(node)) if not place.forced]


@pytest.mark.parametrize("name", NAMES)
def test_every_widget_that_counts_pixels_is_told(name, registry):
    workflow = template(name)
    told = workflow["extra"]["weft"]["pixels"]
    for written in workflow["nodes"]:
        node = read_node(written)
        if node.type in DECORATIONS:
            continue
        names = widget_names(node, registry)
        assert len(names) == len(node.values), node.id
        assert told.get(node.id, []) == [place for place, one in enumerate(names) if one in COUNTS_PIXELS]
    assert workflow["extra"]["weft"]["native_size"] == 128


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_with_the_bundled_checkpoint_alone_keeps_it(name):
    workflow = template(name)
    values = {value for node in workflow["nodes"] for value in node["widgets_values"] if isinstance(value, str)}
    text = json.dumps(workflow["nodes"])
    wanted = "bundled" if ADAPTED.search(text) else "pair" if REFINER in values else "base"
    assert workflow["extra"]["weft"].get("checkpoints", "base") == wanted


@pytest.mark.parametrize("name", NAMES)
def test_it_converts_without_a_doubt(name, registry, workspace):
    conversion = ui_to_prompt(template(name), registry.catalogue(), workspace.list_files)
    assert conversion.problems == []
    grid = template(name)["extra"]["weft"].get("grid", {})
    for axis in grid.values():
        assert axis["input"] in conversion.prompt[str(axis["node"])]["inputs"]
        assert 2 <= len(axis["values"]) <= 6


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_the_bundled_checkpoints(name, registry, workspace, engine):
    path = Path(workspace.root) / f"{name}.json"
    workflow = fitted(template(name), workspace)
    path.write_text(json.dumps(workflow), encoding="utf-8")
    samplers = [node["id"] for node in workflow["nodes"] if node["type"] in ("KSampler", "KSamplerAdvanced")]
    steps = [f"{node}.steps=2" for node in samplers]
    prepared = prepare(path, steps, None, True, workspace, registry)
    assert prepared.validation.sentences == [] and prepared.stand_ins == []
    result = engine.run_sync(prepared.graph, prepared.validation.good_outputs, extra=prepared.extra({}))
    assert result.status == "success"
    shown = [entry for ui in result.ui.values() for entry in ui.get("images", [])]
    saved = [
        workspace.folder("output") / one["subfolder"] / one["filename"] for one in shown if one["type"] == "output"
    ]
    assert saved
    for picture in saved:
        with Image.open(picture) as opened:
            assert min(opened.size) >= 128
        assert json.loads(read_embedded(picture).workflow or "")["nodes"]
