"""API prompt to UI workflow and back."""

from __future__ import annotations

import json
from random import Random

import pytest

from execution.graph import PromptShapeError
from execution.workflow import prompt_to_ui
from execution.workflow.layout import Box, place
from tests.execution.workflow_samples import CATALOGUE, convert, list_files

PROMPT = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a {b} // c"[:5], "clip": ["4", 1]}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 2**63 + 1,
            "steps": ["n:1", 0],
            "cfg": 8.5,
            "sampler_name": "heun",
            "denoise": 0.5,
            "model": ["4", 0],
            "positive": ["6", 0],
            "latent_image": ["5", 0],
        },
        "_meta": {"title": "The sampler"},
    },
    "n:1": {"class_type": "Unknown Number", "inputs": {"seed": 3, "mode": "fixed", "list": {"__value__": ["a", 1]}}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "out"}},
    "10": {"class_type": "LoadImageMask", "inputs": {"image": "a.png", "channel": "red", "late": 4}},
}


def parts(prompt):
    return {key: (entry["class_type"], entry["inputs"]) for key, entry in prompt.items()}


def to_ui(prompt):
    found = prompt_to_ui(prompt, CATALOGUE, list_files)
    return json.loads(json.dumps(found.workflow)), found.problems


def test_round_trip_is_equal():
    written, problems = to_ui(PROMPT)
    assert problems == []
    back = convert(written)
    assert parts(back.prompt) == parts(PROMPT)
    assert back.problems == []
    assert back.prompt["3"]["_meta"] == {"title": "The sampler"}


def test_everything_the_format_asks_for_is_there():
    written, _ = to_ui(PROMPT)
    assert written["version"] == 0.4 and written["last_node_id"] == 10
    assert {"last_link_id", "groups", "config", "extra", "links", "nodes"} <= written.keys()
    by_id = {node["id"]: node for node in written["nodes"]}
    assert set(by_id) == {4, 6, 5, 3, "n:1", 8, 9, 10}
    sampler = by_id[3]
    assert sampler["widgets_values"] == [2**63 + 1, "fixed", 20, 8.5, "heun", 0.5]
    assert by_id[10]["widgets_values"] == ["a.png", "red", "image", 4]
    assert [slot["name"] for slot in sampler["inputs"]] == ["model", "steps", "positive", "latent_image"]
    assert sampler["inputs"][1]["widget"] == {"name": "steps"}
    assert sampler["properties"] == {"Node name for S&R": "KSampler"}
    for link_id, origin, slot, target, target_slot, _ in written["links"]:
        assert by_id[target]["inputs"][target_slot]["link"] == link_id
        assert link_id in by_id[origin]["outputs"][slot]["links"]
    for node in written["nodes"]:
        assert {"id", "type", "pos", "size", "flags", "order", "mode", "inputs", "outputs", "properties"} <= node.keys()


def test_links_run_from_left_to_right_and_nodes_do_not_overlap():
    written, _ = to_ui(PROMPT)
    by_id = {node["id"]: node for node in written["nodes"]}
    for _, origin, _, target, _, _ in written["links"]:
        assert by_id[origin]["pos"][0] + by_id[origin]["size"][0] < by_id[target]["pos"][0]
        assert by_id[origin]["order"] < by_id[target]["order"]
    nodes = written["nodes"]
    for one in nodes:
        for other in nodes:
            if one is not other and one["pos"][0] == other["pos"][0]:
                upper, lower = sorted((one, other), key=lambda node: node["pos"][1])
                assert upper["pos"][1] + upper["size"][1] < lower["pos"][1]


def test_what_has_no_place_is_told():
    prompt = {
        "1": {"class_type": "SaveImage", "inputs": {"images": ["77", 0], "quality": 5}},
        "2": {"class_type": "VAEDecode", "inputs": {"samples": "text", "vae": None}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "see http://x", "clip": ["1", 0]}},
    }
    written, problems = to_ui(prompt)
    assert [problem.type for problem in problems] == ["missing_node", "undeclared_input", "undeclared_input", "comment"]
    assert all(problem.severity == "warning" for problem in problems)
    assert written["nodes"][0]["inputs"][0]["link"] is None


def test_links_into_inputs_that_the_type_lacks_are_kept():
    prompt = {"1": PROMPT["5"], "2": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "more": ["1", 0]}}}
    written, _ = to_ui(prompt)
    assert convert(written).prompt["2"]["inputs"]["more"] == ["1", 0]


def test_random_prompts_come_back_equal():
    random = Random(5)
    for _ in range(50):
        prompt = {}
        for number in range(random.randint(1, 30)):
            key = random.choice([str(number), f"{number}:{number}", f"node [{number}]"])
            inputs = {"number": random.choice([1, 2.5, True, None, "text", {"a": 1}, {"__value__": [1, 2]}])}
            for name in "abc"[: random.randint(0, 3)]:
                if prompt:
                    inputs[name] = [random.choice(list(prompt)), random.randint(0, 3)]
            prompt[key] = {"class_type": random.choice(["A", "B.C", "D"]), "inputs": inputs}
        written, _ = to_ui(prompt)
        assert parts(convert(written).prompt) == parts(prompt)


def test_cycles_and_long_chains_are_laid_out():
    chain = {str(n): {"class_type": "X", "inputs": {"a": [str(n - 1), 0]} if n else {}} for n in range(10_000)}
    chain["0"]["inputs"]["a"] = ["3", 0]
    written, _ = to_ui(chain)
    assert len(written["nodes"]) == 10_000


def test_layout_sorts_a_column_by_what_its_nodes_take_from():
    box = Box(10, 10)
    spots = place({"a": [], "b": [], "c": ["b"], "d": ["a"]}, dict.fromkeys("abcd", box))
    assert spots["d"].y < spots["c"].y


def test_no_api_prompt():
    with pytest.raises(PromptShapeError, match="no class_type"):
        prompt_to_ui({"1": {"inputs": {}}}, CATALOGUE, list_files)
