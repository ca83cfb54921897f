"""Validation of whole graphs: cycles, dependents, size."""

from __future__ import annotations

import pytest

from execution.cycles import find_cycles, run_order
from execution.graph import parse_prompt
from execution.validate import validate
from tests.execution.workflow_samples import CATALOGUE, list_files


def invert(source):
    return {"class_type": "ImageInvert", "inputs": {} if source is None else {"image": [source, 0]}}


def save(source):
    return {"class_type": "SaveImage", "inputs": {"images": [source, 0], "filename_prefix": "x"}}


def judge(written, targets=None):
    return validate(parse_prompt(written), CATALOGUE, list_files, targets)


def test_cycle_is_named_by_its_path():
    verdict = judge({"a": invert("c"), "b": invert("a"), "c": invert("b"), "d": invert("c"), "s": save("d")})
    assert not verdict.ok
    (problem,) = verdict.problems
    assert problem.type == "dependency_cycle"
    ways = ["a (ImageInvert) -> b (ImageInvert) -> c (ImageInvert) -> a", "Remove one link"]
    assert all(way in problem.sentence for way in ways)
    assert verdict.to_api_error()["error"]["type"] == "prompt_outputs_failed_validation"


def test_node_that_feeds_itself():
    (problem,) = judge({"a": invert("a"), "s": save("a")}).problems
    assert "a (ImageInvert) -> a" in problem.sentence


def test_cycles_that_no_output_needs_do_not_matter():
    written = {"a": invert("b"), "b": invert("a"), "s": {"class_type": "SaveImage", "inputs": {}}}
    assert [problem.type for problem in judge(written).problems] == ["required_input_missing"]


def test_outputs_beside_a_cycle_run():
    written = {"e": {"class_type": "VAEDecode", "inputs": {}}, "a": invert("a"), "s": save("a")}
    mask = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}}
    latent = {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64}}
    written |= {"m": mask, "l": latent, "t": save("e")}
    written["e"]["inputs"] = {"samples": ["l", 0], "vae": ["m", 2]}
    verdict = judge(written)
    assert verdict.ok and verdict.good_outputs == ["t"]
    assert list(verdict.node_errors()) == ["a"]


def test_dependent_outputs_are_those_behind_the_bad_node():
    verdict = judge({"a": invert(None), "b": invert("a"), "s": save("b"), "t": save("a"), "u": save("x")})
    errors = verdict.node_errors()
    assert set(errors["a"]["dependent_outputs"]) == {"s", "t"}
    assert errors["u"]["dependent_outputs"] == ["u"]
    assert set(errors) == {"a", "u"}


@pytest.mark.parametrize("broken", [False, True])
def test_chain_of_100_000_nodes(broken):
    size = 100_000
    written = {str(n): invert(str(n - 1)) for n in range(1, size - 1)}
    written["0"] = invert(None) if broken else invert(str(size - 2))
    written["s"] = save(str(size - 2))
    verdict = judge(written)
    assert not verdict.ok and len(verdict.problems) == 1
    assert len(verdict.problems[0].sentence) < 700
    assert verdict.to_api_error()["node_errors"][verdict.problems[0].node]["dependent_outputs"] == ["s"]


def test_100_000_unknown_types_are_refused_quickly_enough_to_test():
    verdict = judge({str(n): {"class_type": f"ImageInver{n}", "inputs": {}} for n in range(100_000)})
    assert len(verdict.problems) == 100_000
    assert "Did you mean 'ImageInvert'?" in verdict.problems[0].sentence


def test_run_order_puts_parents_first_and_leaves_cycles_out():
    parents = {"c": ["b", "a", "b"], "b": ["a"], "a": ["gone"], "x": ["y"], "y": ["x"], "z": ["x"]}
    order = run_order(parents)
    assert order == ["a", "b", "c"]
    assert find_cycles(parents, parents.keys() - set(order)) in ([["x", "y"]], [["y", "x"]])


def test_each_separate_cycle_is_found_once():
    parents = {"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"], "e": ["a", "c"], "f": ["f"]}
    found = find_cycles(parents, set(parents))
    assert sorted(sorted(cycle) for cycle in found) == [["a", "b"], ["c", "d"], ["f"]]


def test_a_title_that_is_no_text_is_none():
    assert parse_prompt({"1": {"class_type": "A", "_meta": {"title": None}}})["1"].title == ""
