"""Validation: every rule, its wire form and its sentence."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from execution.graph import Link, parse_prompt
from execution.validate import validate
from tests.execution.workflow_samples import CATALOGUE, FILES, list_files, node_type

GOOD = {
    "4": ("CheckpointLoaderSimple", {"ckpt_name": "base.safetensors"}),
    "6": ("CLIPTextEncode", {"text": "a cat", "clip": ["4", 1]}),
    "5": ("EmptyLatentImage", {"width": 512, "height": 512}),
    "3": (
        "KSampler",
        {"model": ["4", 0], "seed": 1, "steps": 20, "cfg": 8.0, "sampler_name": "euler", "positive": ["6", 0]}
        | {"latent_image": ["5", 0], "denoise": 1.0},
    ),
    "8": ("VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
    "9": ("SaveImage", {"images": ["8", 0], "filename_prefix": "x"}),
}
GONE = object()


def prompt(**changes):
    """The good prompt; `n3={"steps": 0}` changes inputs of node 3, GONE removes one, a tuple adds a node."""
    written = {key: {"class_type": type, "inputs": dict(inputs)} for key, (type, inputs) in GOOD.items()}
    for name, change in changes.items():
        key = name[1:]
        if isinstance(change, tuple):
            written[key] = {"class_type": change[0], "inputs": change[1]}
            continue
        inputs = written[key]["inputs"]
        inputs.update(change)
        for gone in [input for input, value in change.items() if value is GONE]:
            del inputs[gone]
    return written


def judge(written, catalogue=CATALOGUE, files=list_files, targets=None, **options):
    return validate(parse_prompt(written), catalogue, files, targets, **options)


def test_good_prompt():
    verdict = judge(prompt())
    assert (verdict.ok, verdict.problems, verdict.warnings, verdict.good_outputs) == (True, [], [], ["9"])
    assert verdict.to_api_error() is None and verdict.node_errors() == {}


@pytest.mark.parametrize(
    ("changes", "type", "message", "details", "words"),
    [
        (
            {"n9": {"images": GONE}},
            "required_input_missing",
            "Required input is missing",
            "images",
            (
                "Node 9 (SaveImage): nothing is connected to its input 'images' (IMAGE). "
                "Connect a node that gives IMAGE, such as VAEDecode."
            ),
        ),
        (
            {"n3": {"model": None}},
            "required_input_missing",
            "Required input is missing",
            "model",
            "such as CheckpointLoaderSimple.",
        ),
        (
            {"n3": {"latent_image": ["5", 0, 1]}},
            "bad_linked_input",
            "Bad linked input, must be a length-2 list of [node_id, slot_index]",
            "latent_image",
            "'latent_image' has the value ['5', 0, 1] where a link",
        ),
        (
            {"n3": {"latent_image": [5, 0]}},
            "bad_linked_input",
            "Bad linked input, must be a length-2 list of [node_id, slot_index]",
            "latent_image",
            'Write a link as ["node id", output number]',
        ),
        (
            {"n3": {"model": "sdxl"}},
            "bad_linked_input",
            "Bad linked input, must be a length-2 list of [node_id, slot_index]",
            "model",
            "'model' (MODEL) has the value 'sdxl', but only a link can give it.",
        ),
        (
            {"n3": {"latent_image": ["7", 0]}, "n7": ("VAEDecode", {"samples": ["5", 0], "vae": ["4", 2]})},
            "return_type_mismatch",
            "Return type mismatch between linked nodes",
            "latent_image, received_type(IMAGE) mismatch input_type(LATENT)",
            "'latent_image' takes LATENT, but output 0 of node 7 (VAEDecode) gives IMAGE.",
        ),
        (
            {"n3": {"steps": "abc"}},
            "invalid_input_type",
            "Failed to convert an input value to a INT value",
            "steps, abc, invalid literal for int() with base 10: 'abc'",
            "'steps' is 'abc', but must be a whole number.",
        ),
        (
            {"n3": {"steps": 0}},
            "value_smaller_than_min",
            "Value 0 smaller than min of 1",
            "steps",
            "'steps' is 0, less than its minimum 1. Use a value from 1 to 10000.",
        ),
        (
            {"n5": {"width": 999999}},
            "value_bigger_than_max",
            "Value 999999 bigger than max of 16384",
            "width",
            "'width' is 999999, more than its maximum 16384.",
        ),
        (
            {"n3": {"sampler_name": "eulr"}},
            "value_not_in_list",
            "Value not in list",
            "sampler_name: 'eulr' not in ['euler', 'heun', 'dpmpp_2m']",
            "'eulr' is no option of 'sampler_name'. Choose one of ['euler', 'heun', 'dpmpp_2m']. Did you mean 'euler'?",
        ),
        (
            {"n4": {"ckpt_name": "refiner.safetensors"}},
            "value_not_in_list",
            "Value not in list",
            "ckpt_name: 'refiner.safetensors' not in ['base.safetensors', 'sub/refiner.safetensors']",
            (
                "is not in the folder 'checkpoints'. Put it there, or choose one that is there. "
                "Did you mean 'sub/refiner.safetensors'?"
            ),
        ),
        (
            {"n8": {"samples": ["99", 0]}},
            "exception_during_validation",
            "Exception when validating node",
            "'99'",
            "'samples' is linked to node 99, which is not in the prompt.",
        ),
        (
            {"n8": {"vae": ["4", 3]}},
            "exception_during_validation",
            "Exception when validating node",
            "tuple index out of range",
            "'vae' is linked to output 3 of node 4 (CheckpointLoaderSimple), which has 3. Use an output from 0 to 2.",
        ),
        (
            {"n3": {"cfg": math.nan}},
            "value_not_finite",
            "Value is not a finite number",
            "cfg: nan",
            "'cfg' is nan, but NaN and infinities are no values",
        ),
        ({"n3": {"cfg": "inf"}}, "value_not_finite", "Value is not a finite number", "cfg: 'inf'", "infinities"),
        ({"n3": {"seed": math.inf}}, "value_not_finite", "Value is not a finite number", "seed: inf", "infinities"),
    ],
)
def test_each_problem_of_an_input(changes, type, message, details, words):
    verdict = judge(prompt(**changes))
    assert not verdict.ok
    problem = verdict.problems[0]
    assert (problem.type, problem.message, problem.details) == (type, message, details)
    assert words in problem.sentence
    answer = verdict.to_api_error()
    assert answer["error"]["type"] == "prompt_outputs_failed_validation"
    assert answer["node_errors"][problem.node]["dependent_outputs"] == ["9"]
    wire = answer["node_errors"][problem.node]["errors"][0]
    assert wire == problem.to_wire()
    if type != "exception_during_validation":
        assert wire["extra_info"]["input_name"] == problem.input


def test_answer_for_an_output_nodes_own_problem_is_as_clients_know_it():
    answer = judge({"3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x"}}}).to_api_error()
    missing = {"type": "required_input_missing", "message": "Required input is missing", "details": "images"}
    assert answer == {
        "error": {
            "type": "prompt_outputs_failed_validation",
            "message": "Prompt outputs failed validation",
            "details": "Required input is missing: images",
            "extra_info": {},
        },
        "node_errors": {
            "3": {
                "errors": [{**missing, "extra_info": {"input_name": "images"}}],
                "dependent_outputs": ["3"],
                "class_type": "SaveImage",
            }
        },
    }


def test_unknown_type_refuses_the_whole_prompt():
    verdict = judge(prompt(n3=("KSamplr", {}), n7=("Nope", {})))
    assert verdict.to_api_error() == {
        "error": {
            "type": "invalid_prompt",
            "message": "Cannot execute because node KSamplr does not exist.",
            "details": "Node ID '#3'",
            "extra_info": {},
        },
        "node_errors": {},
    }
    assert len(verdict.problems) == 2 and verdict.good_outputs == []
    assert "Did you mean 'KSampler'?" in verdict.problems[0].sentence
    assert "ComfyUI's own" in judge({"1": {"class_type": "LoraLoaderModelOnly"}}).problems[0].sentence


@pytest.mark.parametrize("targets", [[], ["5"], ["77"]])
def test_no_outputs(targets):
    verdict = judge(prompt(), targets=targets)
    error = {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": "", "extra_info": {}}
    assert verdict.to_api_error() == {"error": error, "node_errors": {}}
    assert "Nothing in this workflow" in judge({"1": {"class_type": "EmptyLatentImage"}}).problems[0].sentence


def test_targets_choose_outputs_and_the_rest_is_not_looked_at():
    written = prompt(n10=("SaveImage", {}), n11=("KSampler", {"steps": -4}))
    assert judge(written, targets=["9"]).problems == []
    verdict = judge(written)
    assert verdict.ok and verdict.good_outputs == ["9"] and verdict.outputs == ["9", "10"]
    assert set(verdict.node_errors()) == {"10"}


def test_every_problem_is_found_at_once():
    verdict = judge(prompt(n3={"steps": 0, "cfg": 500, "model": GONE}, n4={"ckpt_name": "x"}, n9={"images": ["77", 0]}))
    assert {problem.input for problem in verdict.problems if problem.node == "9"} == {"images"}
    verdict = judge(prompt(n3={"steps": 0, "cfg": 500, "model": GONE}, n4={"ckpt_name": "x"}))
    assert {(problem.node, problem.input) for problem in verdict.problems} == {
        ("3", "steps"),
        ("3", "cfg"),
        ("3", "model"),
        ("4", "ckpt_name"),
    }
    assert verdict.to_api_error()["error"]["details"] == ""


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("steps", "16", 16),
        ("steps", 1.9, 1),
        ("steps", True, 1),
        ("cfg", 8, 8.0),
        ("cfg", "2.5", 2.5),
        ("seed", 3.0, 3),
    ],
)
def test_literals_are_converted_without_touching_the_prompt(name, given, taken):
    graph = parse_prompt(prompt(n3={name: given}))
    verdict = validate(graph, CATALOGUE, list_files)
    found = verdict.graph["3"].inputs[name]
    assert found == taken and type(found) is type(taken)
    assert graph["3"].inputs[name] is given
    assert [w.type for w in verdict.warnings] == (["value_rounded"] if given == 1.9 else [])


def test_other_types_are_not_converted():
    catalogue = {"Any": node_type("Any", {"a": ["IMAGE,FLOAT"], "b": ["BOOL"], "c": ["*"]}, output_node=True)}
    verdict = judge({"1": {"class_type": "Any", "inputs": {"a": "5", "b": 1, "c": [1, 2]}}}, catalogue)
    assert verdict.ok and verdict.graph["1"].inputs == {"a": "5", "b": 1, "c": [1, 2]}


def test_missing_widgets_take_defaults_with_a_warning():
    verdict = judge(prompt(n3={"denoise": GONE, "sampler_name": GONE}, n6={"text": None}))
    assert verdict.ok
    assert verdict.graph["3"].inputs["denoise"] == 1.0 and verdict.graph["3"].inputs["sampler_name"] == "euler"
    assert verdict.graph["6"].inputs["text"] == ""
    assert len(verdict.warnings) == 3
    assert any("no value for 'denoise'; the default 1.0 is used" in warning.sentence for warning in verdict.warnings)


def test_missing_file_of_an_empty_folder_is_an_error():
    written = prompt(n4={"ckpt_name": GONE})
    problem = judge(written, files=lambda folder: []).problems[0]
    assert "the folder 'checkpoints' is empty" in problem.sentence


def test_optional_inputs_may_be_absent_or_null():
    mask = ("LoadImageMask", {"image": "a.png", "channel": "red"})
    catalogue = {**CATALOGUE, "LoadImageMask": replace(CATALOGUE["LoadImageMask"], output_node=True)}
    assert judge({"1": {"class_type": mask[0], "inputs": mask[1]}}, catalogue).ok


def test_windows_paths_find_their_file():
    verdict = judge(prompt(n4={"ckpt_name": "sub\\refiner.safetensors"}))
    assert verdict.ok and verdict.graph["4"].inputs["ckpt_name"] == "sub/refiner.safetensors"
    assert verdict.warnings[0].type == "path_style"


def test_unlisted_files_are_asked_for():
    asked = []

    def has_file(folder, name):
        asked.append((folder, name))
        return True

    assert judge(prompt(n4={"ckpt_name": "x [output]"}), has_file=has_file).ok
    assert asked == [("checkpoints", "x [output]")]


def test_folders_are_listed_once():
    asked = []

    def listing(folder):
        asked.append(folder)
        return FILES[folder]

    judge(prompt(n14=("CheckpointLoaderSimple", {"ckpt_name": "base.safetensors"})), files=listing)
    assert asked == ["checkpoints"]


def test_long_lists_are_not_repeated():
    names = [f"file {n}" for n in range(30)]
    problem = judge(prompt(n4={"ckpt_name": "x"}), files=lambda folder: names).problems[0]
    assert problem.details == "ckpt_name: 'x' not in (list of length 30)"
    assert problem.extra_info["input_config"] is None


def test_multiselect_takes_lists():
    spec = node_type("Many", {"names": ["COMBO", {"options": ["a", "b"], "multiselect": True}]}, output_node=True)
    for names, ok in ((["a", "b"], True), (["a", "c"], False), ([["a"]], False)):
        assert judge({"1": {"class_type": "Many", "inputs": {"names": names}}}, {"Many": spec}).ok is ok


class Anything(str):
    def __ne__(self, other):
        return False

    def __hash__(self):
        return super().__hash__()


@pytest.mark.parametrize(
    ("given", "taken", "ok"),
    [
        ("IMAGE", "IMAGE", True),
        ("IMAGE", "MASK", False),
        ("FLOAT", "IMAGE,FLOAT", True),
        ("IMAGE", "*", True),
        ("*", "IMAGE", True),
        (Anything("odd"), "IMAGE", True),
        ("IMAGE", Anything("odd"), True),
    ],
)
def test_types_of_links(given, taken, ok):
    catalogue = {
        "Give": node_type("Give", {}, (given,)),
        "Take": node_type("Take", {"it": [taken]}, output_node=True),
    }
    assert (
        judge({"1": {"class_type": "Give"}, "2": {"class_type": "Take", "inputs": {"it": ["1", 0]}}}, catalogue).ok
        is ok
    )


def test_own_validator_takes_over_ranges_and_is_asked():
    catalogue = {**CATALOGUE, "KSampler": replace(CATALOGUE["KSampler"], validates=frozenset({"steps", "model"}))}
    asked = []

    def refuse(node, spec, values, received):
        asked.append((node.id, dict(values), received["model"]))
        return "no such luck"

    verdict = judge(prompt(n3={"steps": -5}), catalogue, custom=refuse)
    assert asked == [("3", {"model": None, "steps": -5}, "MODEL")]
    assert [problem.details for problem in verdict.problems] == ["model - no such luck", "steps - no such luck"]
    assert len(verdict.sentences) == 1 and "the node refuses its values: no such luck" in verdict.sentences[0]
    assert judge(prompt(n3={"steps": -5}), catalogue, custom=lambda *_: None).ok
    assert judge(prompt(n3={"cfg": -5}), catalogue, custom=refuse).problems[0].type == "value_smaller_than_min"
    assert judge(prompt(n3={"steps": "x"}), catalogue, custom=refuse).problems[0].type == "invalid_input_type"


def test_validator_of_everything_and_of_types():
    catalogue = {**CATALOGUE, "KSampler": replace(CATALOGUE["KSampler"], validates=frozenset({"*"}))}
    assert judge(prompt(n3={"steps": -5, "sampler_name": "mine"}), catalogue, custom=lambda *_: None).ok
    catalogue["KSampler"] = replace(CATALOGUE["KSampler"], validates=frozenset({"input_types"}))
    wrong = prompt(n3={"model": ["5", 0]})
    assert judge(wrong, catalogue, custom=lambda *_: None).ok
    assert not judge(wrong).ok


def test_misspelt_inputs_are_told():
    verdict = judge(prompt(n3={"denoised": 0.3, "extra": 1}))
    assert verdict.ok
    assert [warning.what for warning in verdict.warnings] == [
        "it has no input 'denoised', so that value is not used. Did you mean 'denoise'?"
    ]


def test_undeclared_links_count_as_needed():
    written = prompt(n9={"more": ["20", 0]}, n20=("EmptyLatentImage", {"width": 1, "height": 64}))
    assert judge(written).problems[0].node == "20"
    assert judge(prompt(n9={"more": ["21", 0]})).problems[0].type == "exception_during_validation"


def test_titles_stand_in_sentences():
    written = prompt(n3={"steps": 0})
    written["3"]["_meta"] = {"title": "Base"}
    assert judge(written).problems[0].sentence.startswith('Node 3 "Base" (KSampler): ')


def test_links_stay_links():
    assert judge(prompt(n3={"steps": "16"})).graph["3"].inputs["model"] == Link("4", 0)
