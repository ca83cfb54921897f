"""Real workflows become the API prompts that the stock editor makes of them, and API prompts survive the way back.

`DIFFERENCES` holds every known difference; docs/compatibility.md gives the reason of each. Any other one fails, and
so does an entry that no longer differs.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from execution.graph import Link, parse_prompt
from execution.validate import validate
from execution.workflow import prompt_to_ui, read_workflow, ui_to_prompt
from tests.parity.stock_catalogue import WORKFLOWS, differences, need_reference, read, stock_catalogue

need_reference()
CATALOGUE = stock_catalogue()
UI_FILES = sorted((WORKFLOWS / "ui").glob("*.json"))
API_FILES = sorted((WORKFLOWS / "api").glob("*.json"))

COSXL = "gh_comfyanonymous_ComfyUI_examples__edit_models_sdxl_edit_model.json"
STITCH = "pypi_comfyui-workflow-templates-json-0.1.123__templates_utility_image_stitch.json"
UPSCALE = "pypi_comfyui-workflow-templates-json-0.1.123__templates_utility_interpolation_image_upscale.json"
COLOUR = "pypi_comfyui-workflow-templates-json-0.1.123__templates_basic_image_color_adjustment.json"
UNKNOWN_TYPE = "10:8 10:9 29:23 144:143 147:145 147:32 147:146 148:15 148:21 157:156 179:172 179:178 160:16 160:159"
UNKNOWN_TYPE += " 171:166 165:3 165:2 165:1 10:4 10:5 10:6 10:7"
DIFFERENCES: dict[str, set[str]] = {
    COSXL: {"50:44 model", "50:47 positive", "50:47 negative", "50:48 model", "50:48 negative"},
    STITCH: {"21 class_type"},
    UPSCALE: {"7 class_type", "7 UNKNOWN"},
    COLOUR: {f"{node} class_type" for node in UNKNOWN_TYPE.split()}
    | {f"10:{n} {name}" for n in (4, 5, 6, 7) for name in ("UNKNOWN", "curve")}
    | {"147:32 UNKNOWN", "147:32 color"},
}
UNCONNECTED = {  # prompts that were saved unfinished
    "gh_wyrde_wyrde-comfyui-workflows__hr-fix-upscale_x2-sharpen-x2-final-x4_wyrdeWF_00010.json": [("76", "image")],
}


def no_files(folder: str) -> list[str]:
    return []


@pytest.mark.parametrize("file", UI_FILES, ids=lambda file: file.stem)
def test_same_prompt_as_the_stock_editor(file: Path) -> None:
    found = read_workflow(file.read_bytes())
    assert found.kind == "ui"
    ours = ui_to_prompt(found.document, CATALOGUE, no_files)
    stock = read(WORKFLOWS / "ui_to_api" / file.name)["output"]
    assert differences(ours.prompt, stock) == DIFFERENCES.get(file.name, set())
    assert [problem.sentence for problem in ours.problems] == []
    titles = {str(node["id"]): node["title"] for node in found.document["nodes"] if node.get("title")}
    for key in ours.prompt.keys() & titles.keys():
        assert ours.prompt[key]["_meta"]["title"] == stock[key]["_meta"]["title"]


def test_no_difference_is_listed_for_a_file_that_is_gone() -> None:
    assert DIFFERENCES.keys() <= {file.name for file in UI_FILES}


@pytest.mark.parametrize("file", UI_FILES, ids=lambda file: file.stem)
def test_group_nodes_and_subgraphs_lose_no_link(file: Path) -> None:
    """Every link of the prompts leads to a node that is there."""
    prompt = ui_to_prompt(read(file), CATALOGUE, no_files).prompt
    for node in parse_prompt(prompt).values():
        assert all(link.node in prompt for _, link in node.links())


@pytest.mark.parametrize("file", API_FILES, ids=lambda file: file.stem)
def test_api_prompt_survives_the_way_through_the_editors_format(file: Path) -> None:
    """Equal but for what no editor keeps: defaults stand where the prompt had none, upload buttons send nothing."""
    found = read_workflow(file.read_bytes())
    assert found.kind == "api"
    written = prompt_to_ui(found.document, CATALOGUE, no_files)
    assert [problem.sentence for problem in written.problems] == []
    back = ui_to_prompt(json.loads(json.dumps(written.workflow)), CATALOGUE, no_files)
    assert back.problems == []
    graph = parse_prompt(found.document)
    expected = {}
    for node in graph.values():
        spec = CATALOGUE[node.type]
        inputs = {name: value for name, value in node.inputs.items() if spec.input(name) or isinstance(value, Link)}
        assert node.inputs.keys() - inputs.keys() <= {"upload", "choose file to upload"}
        missing = [one for one in spec.inputs if one.is_widget and one.name not in inputs]
        defaults = {one.name: one.default(no_files) for one in missing}
        expected[node.id] = (node.type, inputs | {name: value for name, value in defaults.items() if value is not None})
    assert {node.id: (node.type, node.inputs) for node in parse_prompt(back.prompt).values()} == expected


@pytest.mark.parametrize("file", API_FILES, ids=lambda file: file.stem)
def test_real_prompts_are_valid_when_their_files_are_there(file: Path) -> None:
    graph = parse_prompt(read_workflow(file.read_bytes()).document)
    verdict = validate(graph, CATALOGUE, no_files, has_file=lambda folder, name: True)
    assert [(problem.node, problem.input) for problem in verdict.problems] == UNCONNECTED.get(file.name, [])
