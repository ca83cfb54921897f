"""POST /api/workflow/convert and /check: nothing is queued, and everything that is missing is named."""

import json
import random
from pathlib import Path
from typing import Annotated, Any

import pytest

from execution.fields import Files
from execution.node import Ui, declared_node, node
from tests.execution.worker_helpers import chain, one
from tests.web.helpers import serving as serving_module
from tests.web.helpers.serving import NOBODY, Served, serving
from web.workflows.nearest import Nearest

SHOWN = chain(("Text", {"text": "hi"}), ("Show", {"text": "<"}))
GIVEN = Path(__file__).parents[3] / "shared" / "reference" / "workflows" / "given"


def ui_node(id: int, type: str, values: list[Any], *, link: int | None = None, out: list[int] | None = None, **more):
    """A node as editors save it, with at most one input and one output, both texts."""
    inputs = [] if link is None else [{"name": "text", "type": "STRING", "link": link, "widget": {"name": "text"}}]
    outputs = [] if out is None else [{"name": "STRING", "type": "STRING", "links": out}]
    place = {"pos": [0, 0], "size": [100, 50], "flags": {}, "order": 0, "mode": 0, "properties": {}}
    return {"id": id, "type": type, **place, "inputs": inputs, "outputs": outputs, "widgets_values": values, **more}


def ui(*nodes: dict[str, Any], links: list[list[Any]] | None = None, **more: Any) -> dict[str, Any]:
    return {"last_node_id": 99, "last_link_id": 99, "nodes": list(nodes), "links": links or [], "version": 0.4, **more}


def shown_ui() -> dict[str, Any]:
    return ui(ui_node(1, "Text", ["hi"], out=[7]), ui_node(2, "Show", [""], link=7), links=[[7, 1, 0, 2, 0, "STRING"]])


def nothing_queued(server: Served) -> bool:
    return server.dispatcher.remaining == 0


def test_a_workflow_is_converted_as_queueing_it_would(tmp_path):
    async def test(server: Served) -> None:
        converted = await server.post("/api/workflow/convert", {"workflow": shown_ui()})
        assert converted["warnings"] == []
        assert nothing_queued(server)
        job = (await server.post("/prompt", {"prompt": shown_ui()}))["prompt_id"]
        queued = (await server.get(f"/api/jobs/{job}"))["workflow"]
        assert queued["prompt"] == converted["prompt"]
        assert queued["extra_data"]["extra_pnginfo"]["workflow"] == shown_ui()  # what the editor opens again
        api = await server.post("/api/workflow/convert", {"workflow": SHOWN})
        assert api["prompt"] == SHOWN

    serving(tmp_path, test, NOBODY)


def test_what_cannot_be_converted_is_refused(tmp_path):
    async def test(server: Served) -> None:
        for body in ({}, {"workflow": 5}, {"workflow": None}, {"workflow": {"a": 1}}, {"workflow": {}}):
            refused = await server.post("/api/workflow/convert", body, 400)
            assert refused["error"]["type"] == "invalid_prompt"
            assert refused["error"]["message"].endswith(".")

    serving(tmp_path, test, NOBODY)


def test_a_sound_workflow_is_ok_and_is_not_queued(tmp_path):
    async def test(server: Served) -> None:
        for prompt in (SHOWN, shown_ui()):
            verdict = await server.post("/api/workflow/check", {"prompt": prompt})
            assert verdict == {
                "ok": True, "error": None, "node_errors": {}, "missing_types": [], "missing_files": [], "warnings": [],
            }  # fmt: skip
        assert nothing_queued(server)

    serving(tmp_path, test, NOBODY)


def test_errors_are_those_of_post_prompt(tmp_path):
    async def test(server: Served) -> None:
        bodies: list[Any] = [
            {}, {"prompt": one("TakesAll")}, {"prompt": one("Nope")}, {"prompt": 4}, {"prompt": {"1": 5}},
            {"prompt": SHOWN, "partial_execution_targets": 5}, {"prompt": SHOWN, "number": "x"},
            {"prompt": SHOWN, "set": {"9.text": 1}}, {"prompt": SHOWN, "stand_ins": "yes"},
            {"prompt": one("Text")}, {"prompt": ui()},
        ]  # fmt: skip
        for body in bodies:
            verdict = await server.post("/api/workflow/check", body)
            refused = await server.post("/prompt", body, 400)
            assert not verdict["ok"]
            assert {"error": verdict["error"], "node_errors": verdict["node_errors"]} == refused
        assert nothing_queued(server)
        await server.post("/api/workflow/check", [], 400)
        await server.ask("POST", "/api/workflow/check", 400, data="{")

    serving(tmp_path, test, NOBODY)


def test_types_that_nobody_has(tmp_path):
    async def test(server: Served) -> None:
        workflow = ui(
            ui_node(1, "Text", ["hi"], out=[7]),
            ui_node(2, "Show", [""], link=7),
            ui_node(3, "Shiny", [], properties={"cnr_id": "comfyui-shiny"}),
            ui_node(4, "Shiny", []),
            ui_node(5, "Lone", [], properties={"aux_id": "somebody/lone"}),
            ui_node(6, "KSampler", [], properties={"cnr_id": "comfy-core"}),
            ui_node(8, "Asleep", [], mode=2),
            links=[[7, 1, 0, 2, 0, "STRING"]],
        )
        verdict = await server.post("/api/workflow/check", {"prompt": workflow})
        missing = {entry["type"]: (entry["nodes"], entry["pack"]) for entry in verdict["missing_types"]}
        assert missing == {
            "Shiny": (["3", "4"], "comfyui-shiny"), "Lone": (["5"], "somebody/lone"), "KSampler": (["6"], None),
        }  # fmt: skip
        assert all(entry["remedy"].endswith(".") for entry in verdict["missing_types"])
        assert "comfyui-shiny" in verdict["missing_types"][0]["remedy"]
        assert not verdict["ok"]

    serving(tmp_path, test, NOBODY)


def test_files_that_are_not_there(tmp_path):
    async def test(server: Served) -> None:
        folder = tmp_path / "models" / "checkpoints"
        folder.mkdir(parents=True)
        for name in ("sd_xl_base_1.0.safetensors", "dream.safetensors", "sd15.ckpt", "a.pt", "b.pt", "c.pt"):
            (folder / name).touch()
        url = "https://example.org/sdxl_base.safetensors"
        about = {"models": [{"name": "sdxl_base.safetensors", "url": url, "directory": "checkpoints"}]}
        workflow = ui(
            ui_node(1, "Model", ["xl/sdxl_base.safetensors"], properties=about),
            ui_node(2, "Model", ["dream.safetensors"]),
            ui_node(3, "Model", ["other.safetensors"]),
            models=[{"name": "other.safetensors", "url": "file:///etc/passwd"}],
        )
        verdict = await server.post("/api/workflow/check", {"prompt": workflow})
        first, second = verdict["missing_files"]
        remedy = first.pop("remedy")
        assert first.pop("nearest")[0] == "sd_xl_base_1.0.safetensors"
        assert first == {
            "node": "1", "input": "name", "value": "xl/sdxl_base.safetensors", "folder": "checkpoints", "url": url,
        }  # fmt: skip
        assert str(folder) in remedy and "Download" in remedy
        assert (second["node"], second["url"], len(second["nearest"])) == ("3", None, 5)
        assert verdict["ok"]  # node 2 can run
        assert set(verdict["node_errors"]) == {"1", "3"}

    serving(tmp_path, test, NOBODY)


def subgraph_with_missing_model() -> dict[str, Any]:
    inner = ui_node(4, "Model", ["gone.safetensors"], properties={"cnr_id": "a-pack"})
    definition = {
        "id": "def", "version": 1, "name": "inside", "nodes": [inner, ui_node(5, "Gone", [])], "links": [],
        "inputs": [], "outputs": [],
    }  # fmt: skip
    return ui(ui_node(9, "def", []), definitions={"subgraphs": [definition]})


def test_what_is_missing_inside_a_subgraph(tmp_path):
    async def test(server: Served) -> None:
        verdict = await server.post("/api/workflow/check", {"workflow": subgraph_with_missing_model()})
        assert [entry["node"] for entry in verdict["missing_files"]] == ["9:4"]
        assert [entry["nodes"] for entry in verdict["missing_types"]] == [["9:5"]]

    serving(tmp_path, test, NOBODY)


@node("CheckpointLoaderSimple", category="test", output=True)
def checkpoint_loader(ckpt_name: Annotated[str, Files("checkpoints")]) -> Ui:
    return Ui({"text": [ckpt_name]})


def test_stand_ins_are_told_and_land_in_the_pictures_workflow(tmp_path, monkeypatch):
    declared = declared_node(checkpoint_loader)
    assert declared is not None
    small = serving_module.small_nodes()
    small.add(declared)
    monkeypatch.setattr(serving_module, "small_nodes", lambda: small)
    folder = tmp_path / "models" / "checkpoints"
    (folder / "sub").mkdir(parents=True)
    for name in ("weft_base.safetensors", "sub/mine.safetensors"):
        (folder / name).touch()
    workflow = ui(
        ui_node(1, "CheckpointLoaderSimple", ["gone.safetensors"]),
        ui_node(2, "CheckpointLoaderSimple", ["mine.safetensors"]),
        ui_node(3, "CheckpointLoaderSimple", ["weft_base.safetensors"]),
    )

    async def test(server: Served) -> None:
        verdict = await server.post("/api/workflow/check", {"prompt": workflow})
        assert [entry["node"] for entry in verdict["missing_files"]] == ["1", "2"]
        assert verdict["missing_files"][1]["nearest"][0] == "sub/mine.safetensors"
        answer = await server.post("/prompt", {"prompt": workflow, "stand_ins": True})
        first, second = answer["warnings"]
        assert "gone.safetensors" in first and "weft_base.safetensors stands in" in first
        assert "mine.safetensors is found as sub/mine.safetensors" in second
        job = (await server.get(f"/api/jobs/{answer['prompt_id']}"))["workflow"]
        used = ["weft_base.safetensors", "sub/mine.safetensors", "weft_base.safetensors"]
        assert [job["prompt"][node]["inputs"]["ckpt_name"] for node in "123"] == used
        info = job["extra_data"]["extra_pnginfo"]
        assert [node["widgets_values"] for node in info["workflow"]["nodes"]] == [[name] for name in used]
        assert [one["wanted"] for one in info["stand_ins"]] == ["gone.safetensors", "mine.safetensors"]
        refused = await server.post("/prompt", {"prompt": {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {
            "ckpt_name": "gone.safetensors"}}}}, 400)  # fmt: skip
        assert set(refused["node_errors"]) == {"1"}
        checked = await server.post("/api/workflow/check", {"prompt": workflow, "stand_ins": True})
        assert checked["ok"] and checked["missing_files"] == [] and checked["warnings"] == answer["warnings"]

    serving(tmp_path, test, NOBODY)


@node("LoadImage", category="test", output=True)
def image_loader(image: Annotated[str, Files("input")]) -> Ui:
    return Ui({"text": [image]})


def test_an_example_picture_stands_in_and_overwrites_nothing(tmp_path, monkeypatch):
    declared = declared_node(image_loader)
    assert declared is not None
    small = serving_module.small_nodes()
    small.add(declared)
    monkeypatch.setattr(serving_module, "small_nodes", lambda: small)
    (tmp_path / "input").mkdir()
    own = tmp_path / "input" / "weft_example_sketch.png"
    own.write_bytes(b"the user's own")
    prompt = {"1": {"class_type": "LoadImage", "inputs": {"image": "holiday.png"}}}

    async def test(server: Served) -> None:
        refused = await server.post("/prompt", {"prompt": prompt}, 400)
        assert set(refused["node_errors"]) == {"1"}
        answer = await server.post("/prompt", {"prompt": prompt, "stand_ins": True})
        (warning,) = answer["warnings"]
        assert "holiday.png is not on this machine" in warning and "weft_example_sketch (1).png" in warning
        again = await server.post("/prompt", {"prompt": prompt, "stand_ins": True})
        assert again["warnings"] == answer["warnings"]
        job = (await server.get(f"/api/jobs/{answer['prompt_id']}"))["workflow"]
        assert job["prompt"]["1"]["inputs"]["image"] == "weft_example_sketch (1).png"

    serving(tmp_path, test, NOBODY)
    assert own.read_bytes() == b"the user's own"
    names = sorted(path.name for path in (tmp_path / "input").iterdir())
    assert names == ["weft_example_sketch (1).png", "weft_example_sketch.png"]


def test_nothing_stands_in_at_node_types_that_weft_does_not_know(tmp_path):
    async def test(server: Served) -> None:
        prompt = {
            "1": {"class_type": "Model", "inputs": {"name": "mine.safetensors"}},
            "2": {"class_type": "Show", "inputs": {"text": "hi"}},
        }
        answer = await server.post("/prompt", {"prompt": prompt, "stand_ins": True})
        assert "warnings" not in answer and set(answer["node_errors"]) == {"1"}

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize("path", sorted((GIVEN / "ui").glob("*.json"))[::4], ids=lambda path: path.stem[:30])
def test_given_workflows_are_judged(tmp_path, path):
    async def test(server: Served) -> None:
        workflow = json.loads(path.read_text())
        converted = await server.post("/api/workflow/convert", {"workflow": workflow})
        verdict = await server.post("/api/workflow/check", {"prompt": workflow})
        types = {entry["class_type"] for entry in converted["prompt"].values()}
        assert types == {entry["type"] for entry in verdict["missing_types"]} - {"?"}

    serving(tmp_path, test, NOBODY)


def test_odd_workflows_never_end_in_an_internal_error(tmp_path):
    async def test(server: Served) -> None:
        chance = random.Random(4)
        for _ in range(150):
            body = {"prompt": spoilt(subgraph_with_missing_model(), chance)}
            verdict = await server.post("/api/workflow/check", body)
            assert isinstance(verdict["ok"], bool)

    serving(tmp_path, test, NOBODY)


ODD: tuple[Any, ...] = (None, 5, -1.5, "x", [], {}, [None], {"id": {}}, True, "def", 1e300)


def spoilt(value: Any, chance: random.Random) -> Any:
    """The value with odd ones in a few places."""
    if chance.random() < 0.03:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {name: spoilt(item, chance) for name, item in value.items()}
    if isinstance(value, list):
        return [spoilt(item, chance) for item in value]
    return value


def test_the_nearest_names_come_first():
    known = ["sd_xl_refiner_1.0.safetensors", "sub/sdxl_vae.safetensors", "sd_xl_base_1.0_0.9vae.safetensors", "z.pt"]
    nearest = Nearest()
    assert nearest.names("a", "sd_xl_base_1.0.safetensors", known)[0] == "sd_xl_base_1.0_0.9vae.safetensors"
    assert nearest.names("a", "SDXL_VAE.pt", known)[0] == "sub/sdxl_vae.safetensors"
    assert nearest.names("b", "x", []) == []
    assert len(nearest.names("c", "x" * 5000, ["y" * 5000] * 50)) == 5
