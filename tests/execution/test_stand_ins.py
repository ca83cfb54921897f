"""What is loaded in place of model files that are not there."""

import json
from pathlib import Path

import pytest

from execution.graph import parse_prompt
from execution.schema import InputSpec, NodeSpec, OutputSpec
from execution.stand_ins import Substitution, apply_stand_ins, plan_stand_ins
from folders.workspace import Workspace

GIVEN = Path(__file__).parents[3] / "shared" / "reference" / "workflows" / "given" / "ui_to_api"
BASE, REFINER = "weft_base.safetensors", "weft_refiner.safetensors"


@pytest.fixture
def workspace(tmp_path):
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    for name in (BASE, REFINER):
        (bundled / name).touch()
    return Workspace(tmp_path / "workspace", bundled=bundled)


def add(workspace, *names, folder="checkpoints"):
    for name in names:
        path = workspace.root / "models" / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def loader(name):
    return {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": name}}


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def used(workspace, prompt):
    return {(s.node, s.input): s.used for s in plan_stand_ins(parse_prompt(prompt), workspace.list_files)}


@pytest.mark.parametrize(
    "name, expected",
    [
        ("sd_xl_base_1.0.safetensors", BASE),
        ("sd_xl_refiner_1.0.safetensors", REFINER),
        ("sdxl/SDXL_Refiner.ckpt", REFINER),
        ("SDXL\\sd_xl_base_1.0.safetensors", BASE),
        ("refiner/sd_xl_base.safetensors", BASE),
    ],
)
def test_by_name(workspace, name, expected):
    (one,) = plan_stand_ins(parse_prompt({"4": loader(name)}), workspace.list_files)
    assert one == Substitution("4", "CheckpointLoaderSimple", "ckpt_name", name, expected, "stand_in", "checkpoints")
    assert name in one.sentence and expected in one.sentence and "Node 4" in one.sentence


def test_by_what_its_clip_feeds(workspace):
    prompt = {
        "1": loader("a.safetensors"),
        "2": loader("b.safetensors"),
        "3": loader("c.safetensors"),
        "5": node("CLIPSetLastLayer", clip=["2", 1]),
        "6": node("CLIPTextEncodeSDXLRefiner", clip=["5", 0], text="x"),
        "7": node("LoraLoader", model=["3", 0], clip=["3", 1]),
        "8": node("CLIPTextEncodeSDXLRefiner", clip=["7", 1], text="x"),
        "9": node("CLIPTextEncode", clip=["1", 1], text="x"),
        "10": node("KSampler", model=["1", 0], positive=["6", 0]),
    }
    assert used(workspace, prompt) == {
        ("1", "ckpt_name"): BASE,
        ("2", "ckpt_name"): REFINER,
        ("3", "ckpt_name"): REFINER,
    }


def test_circles_end(workspace):
    prompt = {
        "1": loader("a.safetensors"),
        "2": node("CLIPSetLastLayer", clip=["1", 1]),
        "3": node("CLIPSetLastLayer", clip=["3", 0]),
        "4": node("Odd", clip=["5", 0]),
        "5": node("Odd", clip=["4", 0]),
    }
    assert used(workspace, prompt) == {("1", "ckpt_name"): BASE}


def test_a_file_that_is_there_is_left_alone(workspace):
    add(workspace, "sdxl/a.safetensors")
    assert (
        plan_stand_ins(parse_prompt({"4": loader("sdxl/a.safetensors"), "5": loader(BASE)}), workspace.list_files) == []
    )


@pytest.mark.parametrize("name", ["a.safetensors", "other/a.safetensors", "sdxl\\a.safetensors", "A.safetensors"])
def test_the_same_file_in_another_folder_comes_first(workspace, name):
    add(workspace, "sdxl/a.safetensors")
    (one,) = plan_stand_ins(parse_prompt({"4": loader(name)}), workspace.list_files)
    assert (one.used, one.reason) == ("sdxl/a.safetensors", "elsewhere")
    assert "found as sdxl/a.safetensors" in one.sentence


def test_the_exact_case_wins(workspace):
    add(workspace, "a/X.safetensors", "b/x.safetensors")
    assert used(workspace, {"4": loader("x.safetensors")}) == {("4", "ckpt_name"): "b/x.safetensors"}


def test_a_vae_is_replaced_by_the_bases(workspace):
    assert used(workspace, {"1": node("VAELoader", vae_name="sdxl_vae.safetensors")}) == {("1", "vae_name"): BASE}


def test_parts_of_a_checkpoint_are_taken_from_the_bundled_ones(workspace):
    prompt = {
        "1": node("UNETLoader", unet_name="x.safetensors"),
        "2": node("CLIPLoader", clip_name="y.safetensors"),
        "3": node("DualCLIPLoader", clip_name1="l.safetensors", clip_name2="g.safetensors"),
        "4": node("UNETLoader", unet_name="sdxl_refiner_unet.safetensors"),
        "5": node("CLIPLoader", clip_name="z.safetensors"),
        "6": node("CLIPTextEncodeSDXLRefiner", clip=["5", 0], text="x"),
    }
    assert used(workspace, prompt) == {
        ("1", "unet_name"): BASE,
        ("2", "clip_name"): BASE,
        ("3", "clip_name1"): BASE,
        ("3", "clip_name2"): BASE,
        ("4", "unet_name"): REFINER,
        ("5", "clip_name"): REFINER,
    }
    add(workspace, "sub/y.safetensors", folder="text_encoders")
    assert used(workspace, prompt)["2", "clip_name"] == "sub/y.safetensors"


@pytest.mark.parametrize(
    ("kind", "name", "folder", "expected"),
    [
        ("LoraLoader", "lora_name", "loras", "weft_lora.safetensors"),
        ("LoraLoaderModelOnly", "lora_name", "loras", "weft_lora.safetensors"),
        ("ControlNetLoader", "control_net_name", "controlnet", "weft_controlnet.safetensors"),
        ("Upscaler", "name", "upscale_models", "weft_upscale_4x.safetensors"),
    ],
)
def test_adapters_and_upscalers(workspace, kind, name, folder, expected):
    types = {"Upscaler": NodeSpec("Upscaler", (InputSpec("name", "COMBO", files="upscale_models"),))}

    def plan(file):
        graph = parse_prompt({"1": node(kind, **{name: file})})
        return [(one.input, one.used) for one in plan_stand_ins(graph, workspace.list_files, types)]

    assert plan("gone.pth") == []  # it is not bundled with this workspace
    add(workspace, expected, folder=folder)
    assert plan("gone.pth") == [(name, expected)]
    assert plan(expected) == []


def test_what_is_not_bundled_is_left_to_validation(workspace):
    add(workspace, "other.safetensors", folder="style_models")
    prompt = {
        "1": node("StyleModelLoader", style_model_name="gone.safetensors"),
        "2": node("GLIGENLoader", gligen_name="gone.safetensors"),
        "3": node("unCLIPCheckpointLoader", ckpt_name="sd21-unclip-h.ckpt"),  # its image encoder is not in the base
    }
    vision = (OutputSpec("MODEL", "MODEL"), OutputSpec("CLIP_VISION", "CLIP_VISION"))
    file = InputSpec("ckpt_name", "COMBO", files="checkpoints")
    types = {"unCLIPCheckpointLoader": NodeSpec("unCLIPCheckpointLoader", (file,), vision)}
    assert plan_stand_ins(parse_prompt(prompt), workspace.list_files, types) == []


def test_node_types_of_packs_are_known_by_their_inputs(workspace):
    loaders = InputSpec("model", "COMBO", files="checkpoints", choices=("none",))
    types = {"Packs": NodeSpec("Packs", (loaders,), (OutputSpec("CLIP", "clip"),))}
    graph = parse_prompt(
        {
            "1": node("Packs", model="gone.ckpt"),
            "2": node("Packs", model="none"),
            "3": node("Packs", model="other.ckpt"),
            "4": node("CLIPTextEncodeSDXLRefiner", clip=["3", 0], text="x"),
        }
    )
    assert plan_stand_ins(graph, workspace.list_files) == []
    found = plan_stand_ins(graph, workspace.list_files, types)
    assert [(one.node, one.used) for one in found] == [("1", BASE), ("3", REFINER)]


def test_example_pictures_stand_in_one_with_a_hole_where_its_mask_is_used(workspace):
    (workspace.folder("input")).mkdir(parents=True)
    (workspace.folder("input") / "here.png").touch()
    prompt = {
        "1": node("LoadImage", image="gone.png"),
        "2": node("LoadImage", image="pasted/gone.png [input]"),
        "3": node("SetLatentNoiseMask", mask=["2", 1]),
        "4": node("LoadImageMask", image="gone.png", channel="alpha"),
        "5": node("LoadImage", image="here.png"),
        "6": node("LoadImage", image="here.png [input]"),
        "7": node("LoadImage", image="sub/here.png"),
        "8": node("PreviewImage", images=["1", 0]),
    }
    pictures = ("weft_example_sketch.png", "weft_example_hole.png")
    found = plan_stand_ins(parse_prompt(prompt), workspace.list_files, has_file=workspace.has_file, pictures=pictures)
    assert {one.node: (one.used, one.reason) for one in found} == {
        "1": ("weft_example_sketch.png", "stand_in"),
        "2": ("weft_example_hole.png", "stand_in"),
        "4": ("weft_example_hole.png", "stand_in"),
        "7": ("here.png", "elsewhere"),
    }
    assert plan_stand_ins(parse_prompt({"1": prompt["1"]}), workspace.list_files) == []  # none offered


def test_linked_and_odd_values_are_left_to_validation(workspace):
    prompt = {"1": loader(["2", 0]), "2": node("PrimitiveString", value="x"), "3": loader(5), "4": loader(None)}
    assert plan_stand_ins(parse_prompt(prompt), workspace.list_files) == []


def test_without_bundled_checkpoints_nothing_is_promised(tmp_path):
    assert plan_stand_ins(parse_prompt({"4": loader("x.safetensors")}), Workspace(tmp_path).list_files) == []


def test_planning_changes_nothing_and_applying_does(workspace):
    graph = parse_prompt({"4": loader("x.safetensors")})
    substitutions = plan_stand_ins(graph, workspace.list_files)
    assert graph["4"].inputs["ckpt_name"] == "x.safetensors"
    apply_stand_ins(graph, substitutions)
    assert graph["4"].inputs["ckpt_name"] == BASE
    assert plan_stand_ins(graph, workspace.list_files) == []


def test_the_given_base_and_refiner_workflow(workspace):
    paths = list(GIVEN.glob("*sdxl_sdxl_simple_example*"))
    if not paths:
        pytest.skip("the reference data in ../shared/reference is not there")
    found = json.loads(paths[0].read_text())
    prompt = found.get("prompt", found.get("output", found))
    graph = parse_prompt(prompt)
    assert {(s.wanted, s.used) for s in plan_stand_ins(graph, workspace.list_files)} == {
        ("sd_xl_base_1.0.safetensors", BASE),
        ("sd_xl_refiner_1.0.safetensors", REFINER),
    }


def test_every_given_prompt_gets_an_answer(workspace):
    paths = sorted(GIVEN.glob("*.json"))
    if not paths:
        pytest.skip("the reference data in ../shared/reference is not there")
    checkpoints = 0
    for path in paths:
        found = json.loads(path.read_text())
        prompt = found.get("prompt", found.get("output", found))
        graph = parse_prompt({key: value for key, value in prompt.items() if "class_type" in value})
        apply_stand_ins(graph, plan_stand_ins(graph, workspace.list_files))
        for one in graph.values():
            if one.type == "CheckpointLoaderSimple":
                checkpoints += 1
                assert one.inputs["ckpt_name"] in (BASE, REFINER), path.name
    assert checkpoints > 50
