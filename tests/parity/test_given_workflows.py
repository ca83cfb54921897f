"""Every given workflow converts, validates and runs to its outputs, with stand-ins for what is not on this machine.

`python -m tests.parity.given` prints what becomes of each.
"""

from __future__ import annotations

import json

import pytest

from tests.parity.given.rare_kinds import RARE_KINDS
from tests.parity.given.running import runner
from tests.parity.given.workflow_files import Given, given_workflows
from tests.parity.stock_catalogue import need_reference

need_reference()

LEAST_THAT_RUN = 0.95  # of those that use stock types alone
NO_OUTPUT = "Nothing in this workflow saves or shows a result."
UNFINISHED = {  # saved so, and refused by ComfyUI as well: a sentence that says why
    "ui/gh_huchenlei_ComfyUI_frontend__browser_tests_assets_batch_move_links.json": NO_OUTPUT,
    "ui/gh_huchenlei_ComfyUI_frontend__browser_tests_assets_snap_to_slot.json": NO_OUTPUT,
    "ui/gh_huchenlei_ComfyUI_frontend__tests-ui_workflows_workflow_disconnected.json": (
        "nothing is connected to its input 'samples' (LATENT)"
    ),
}
TEMPLATES = "ui/pypi_comfyui-workflow-templates-json-0.1.123__templates_"
LATER_TYPES = {  # of ComfyUI versions after 0.3.64, whose 255 types are the stock ones
    f"{TEMPLATES}basic_image_color_adjustment.json": {
        "ColorToRGBInt", "CurveEditor", "CustomCombo", "GLSLShader", "ImageHistogram",
    },
    f"{TEMPLATES}utility_image_stitch.json": {"ResizeImageMaskNode"},
    f"{TEMPLATES}utility_interpolation_image_upscale.json": {"ImageCompare"},
}  # fmt: skip
PLAIN = {  # they draw pictures of one colour, as they are meant to
    "api/gh_replicate_cog-comfyui__reset.json",
    f"{TEMPLATES}basic_mask_operations_and_compositing.json",
}
PARTLY = {  # one of several outputs is unconnected; the others run
    f"{folder}/gh_wyrde_wyrde-comfyui-workflows__hr-fix-upscale_x2-sharpen-x2-final-x4_wyrdeWF_00010.json"
    for folder in ("api", "ui")
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with runner(tmp_path_factory.mktemp("given")) as made:
        yield made


@pytest.fixture(scope="module")
def workflows(running):
    return list(given_workflows(running.engine.registry.catalogue()))


def test_the_bar_is_met_by_what_is_listed_here(workflows):
    stock = [given for given in workflows if given.stock_only]
    assert len(workflows) == 172
    assert {given.name: given.unknown for given in workflows if not given.stock_only} == LATER_TYPES
    assert 1 - len(UNFINISHED) / len(stock) >= LEAST_THAT_RUN


def test_every_workflow_converts(workflows):
    assert {given.name: given.conversion_problems for given in workflows if given.conversion_problems} == {}


def test_every_workflow_is_valid_when_its_files_are_there(workflows):
    found = {given.name: " ".join(given.validation_problems()) for given in workflows if given.stock_only}
    found = {name: problems for name, problems in found.items() if problems}
    assert found.keys() == UNFINISHED.keys() | PARTLY
    assert all(sentence in found[name] for name, sentence in UNFINISHED.items())


def test_every_workflow_runs_to_its_outputs_and_draws_something(running, workflows):
    failed, pictures, plain = {}, 0, set()
    for given in workflows:
        outcome = running.run(given)
        if not outcome.ran and given.stock_only:
            failed[given.name] = outcome.why
        pictures += len(outcome.pictures)
        plain |= {given.name} if outcome.blank else set()
    assert failed.keys() == UNFINISHED.keys(), {name: why for name, why in failed.items() if name not in UNFINISHED}
    assert plain == PLAIN
    assert pictures >= 320  # of 166 workflows, most of which save or show more than one


def test_what_the_product_brings_suffices_for_most(running, workflows):
    """`stand_ins` of `POST /prompt`: which files are missing still, by the folders that they are looked for in."""
    lacking = {given.name: running.lacks(given) for given in workflows if given.stock_only}
    kinds = {kind for folders in lacking.values() for kind in folders}
    named = {"clip_vision", "hypernetworks", "photomaker"}
    assert kinds == {kind for kind in named if not running.product.list_files(kind)}
    assert sum(not folders for folders in lacking.values()) >= 0.9 * len(lacking)


def test_kinds_of_files_that_no_given_workflow_names(running, tmp_path):
    path = tmp_path / "rare_kinds.json"
    path.write_text(json.dumps(RARE_KINDS))
    outcome = running.run(Given(path, running.engine.registry.catalogue()))
    assert (outcome.why, len(outcome.pictures), outcome.blank) == ("", 2, [])
