"""Workflows of parts: switches that show what they carry, noise levels and yes or no under the inspector."""

import json

from playwright.sync_api import expect

from tests.browser.test_editor_inspect import inspect, run
from tests.browser.test_editor_workflows import drop

PARTS = {
    "1": {"class_type": "PrimitiveBoolean", "inputs": {"value": True}},
    "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "weft_base.safetensors"}},
    "3": {"class_type": "WeftSwitch", "inputs": {"on": ["1", 0], "if_true": ["2", 0]}},
    "4": {
        "class_type": "BasicScheduler",
        "inputs": {"model": ["3", 0], "scheduler": "karras", "steps": 5, "denoise": 1},
    },
    "5": {"class_type": "PreviewAny", "inputs": {"source": ["4", 0]}},
}


def test_a_switch_carries_a_model_and_noise_levels_are_a_line(editor_page, studio):
    page = editor_page
    drop(page, "parts.json", json.dumps(PARTS).encode(), "application/json")
    out = page.locator('[data-node="3"] .socket[data-socket="out"]')
    expect(out).to_have_text("MODEL")
    run(page, studio)
    expect(page.locator('[data-node="5"] .node-text')).to_contain_text("14.6146")
    panel = page.get_by_role("complementary", name="Wire")
    inspect(page, "Boolean")
    expect(panel.get_by_text("True", exact=True)).to_be_visible()
    inspect(page, "BasicScheduler")
    expect(panel.get_by_text("5 steps of sampling, falling: 14.61")).to_be_visible()
    expect(panel.get_by_role("img", name="6 numbers as a line, from 14.61 to 0")).to_be_visible()
    panel.get_by_text("6 numbers").click()
    expect(panel.locator(".curve-numbers li")).to_have_count(6)
    inspect(page, "Switch")
    expect(panel.get_by_text("Stable Diffusion XL, computed in float32")).to_be_visible()
