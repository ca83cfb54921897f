"""Whole graphs through the engine, on small random models."""

import json

import pytest
import torch

from execution.engine import Engine
from execution.events import Progress, Warned
from execution.graph import parse_prompt
from execution.validate import validate
from folders.embedded import read_embedded
from models.memory import DeviceMemory
from nodes.catalogue import all_nodes
from nodes.prompt_files import PromptFiles


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def base_and_refiner(steps=4, split=3):
    """SDXL's base does the first steps and leaves noise, the refiner does the rest."""
    common = {"steps": steps, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal"}
    return {
        "4": node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "6": node("CLIPTextEncode", text="a red circle", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "10": node(
            "KSamplerAdvanced", **common, model=["4", 0], positive=["6", 0], negative=["7", 0], latent_image=["5", 0],
            add_noise="enable", noise_seed=3, start_at_step=0, end_at_step=split, return_with_leftover_noise="enable",
        ),
        "12": node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
        "15": node("CLIPTextEncodeSDXLRefiner", ascore=6.0, width=64, height=64, text="a red circle", clip=["12", 1]),
        "16": node("CLIPTextEncodeSDXLRefiner", ascore=2.5, width=64, height=64, text="blurry", clip=["12", 1]),
        "11": node(
            "KSamplerAdvanced", **common, model=["12", 0], positive=["15", 0], negative=["16", 0],
            latent_image=["10", 0], add_noise="disable", noise_seed=0, start_at_step=split, end_at_step=10000,
            return_with_leftover_noise="disable",
        ),
        "17": node("VAEDecode", samples=["11", 0], vae=["12", 2]),
        "19": node("SaveImage", images=["17", 0], filename_prefix="e2e/x"),
    }  # fmt: skip


@pytest.fixture
def run(models):
    """Validate a prompt and run it; the events are the bench's."""
    registry = all_nodes()
    services = (models.workspace, DeviceMemory.choose("cpu"))
    engine = Engine(
        registry, services=services, files=PromptFiles(models.workspace), thread_context=torch.inference_mode
    )

    def run(prompt, **extra):
        judged = validate(
            parse_prompt(prompt), registry.catalogue(), models.workspace.list_files, has_file=models.workspace.has_file
        )
        assert judged.sentences == []
        return engine.run_sync(judged.graph, judged.good_outputs, sink=models.events.append, extra=extra)

    yield run
    engine.close()


def test_base_then_refiner_becomes_a_picture_that_carries_its_workflow(run, models):
    prompt, workflow = base_and_refiner(), {"nodes": [], "version": 0.4}
    result = run(prompt, extra_pnginfo={"workflow": workflow})
    assert result.status == "success", result.error
    assert result.ui["19"]["images"] == [{"filename": "x_00001_.png", "subfolder": "e2e", "type": "output"}]
    path = models.workspace.root / "output" / "e2e" / "x_00001_.png"
    embedded = read_embedded(path)
    assert json.loads(embedded.workflow) == workflow
    carried = json.loads(embedded.prompt)
    assert carried.keys() == prompt.keys()
    assert carried["10"]["inputs"] == prompt["10"]["inputs"]
    steps = [(event.node.id, event.value, event.total) for event in models.told(Progress)]
    assert steps == [("10", 1, 3), ("10", 2, 3), ("10", 3, 3), ("11", 1, 1)]
    assert models.told(Warned) == []


def test_a_changed_end_runs_only_what_depends_on_it(run):
    assert run(base_and_refiner()).status == "success"
    changed = base_and_refiner()
    changed["15"]["inputs"]["text"] = "a blue square"
    again = run(changed)
    assert again.executed == ["15", "11", "17", "19"]
    assert run(changed).executed == []


def test_a_saved_picture_goes_on_as_an_input(run, models):
    assert run(base_and_refiner()).status == "success"
    prompt = {
        "4": node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
        "1": node("LoadImage", image="e2e/x_00001_.png [output]"),
        "2": node("VAEEncode", pixels=["1", 0], vae=["4", 2]),
        "3": node("SaveLatent", samples=["2", 0], filename_prefix="l/x"),
        "5": node("MaskPreview", mask=["1", 1]),
    }
    result = run(prompt)
    assert result.status == "success", result.error
    assert result.ui["3"]["latents"] == [{"filename": "x_00001_.latent", "subfolder": "l", "type": "output"}]
    again = run({"1": node("LoadLatent", latent="l/x_00001_.latent [output]"),
                 "2": node("SaveLatent", samples=["1", 0])})  # fmt: skip
    assert again.status == "success", again.error


def test_a_batch_is_divided_into_lists_and_joined(run):
    prompt = {
        "1": node("EmptyImage", width=8, height=8, batch_size=5, color=255),
        "2": node("RebatchImages", images=["1", 0], batch_size=2),
        "3": node("SaveImage", images=["2", 0], filename_prefix="b"),
    }
    result = run(prompt)
    assert [entry["filename"] for entry in result.ui["3"]["images"]] == [f"b_0000{n}_.png" for n in range(1, 6)]


def test_a_node_that_fails_is_named_with_its_input(run, models):
    prompt = base_and_refiner()
    prompt["15"]["inputs"]["clip"] = ["4", 1]
    result = run(prompt)
    assert result.status == "error"
    assert (result.error.node.id, result.error.input_name) == ("11", "positive")
    assert "belong to the model" in str(result.error)
    assert not (models.workspace.root / "output").exists()
