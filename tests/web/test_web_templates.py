"""The templates' routes, and how a template is made to fit what is on the machine."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from folders.workspace import Workspace
from tests.web.helpers.serving import NOBODY, Served, serving
from web.workflows.own_checkpoints import OwnCheckpoint, OwnCheckpoints, own_checkpoints
from web.workflows.templates import FOLDER, fitted, template_index, template_names

NETWORK = "model.diffusion_model.input_blocks.0.0.weight"
BASE_KEY, REFINER_KEY = (f"conditioner.embedders.{place}.model.ln_final.weight" for place in (1, 0))
NAMES = template_names()
CATEGORIES = ("Start", "Image", "Inpaint", "Refiner", "Prompt", "Control", "LoRA", "Sampling", "Models", "Logic")


def checkpoint(root: Path, name: str, *keys: str, channels: int = 4, native: int | None = None) -> None:
    """A file with the header of a checkpoint and nothing else."""
    header: dict[str, Any] = {key: {"dtype": "F16", "shape": [8], "data_offsets": [0, 0]} for key in keys}
    header[NETWORK] = {"dtype": "F16", "shape": [320, channels, 3, 3], "data_offsets": [0, 0]}
    if native is not None:
        header["__metadata__"] = {"weft.native_size": str(native)}
    data = json.dumps(header).encode()
    path = root / "models" / "checkpoints" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(data)) + data)


def template(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


def values(workflow: dict[str, Any], kind: str) -> list[Any]:
    return [node["widgets_values"] for node in workflow["nodes"] if node["type"] == kind]


def test_a_checkpoint_that_names_no_size_of_its_own_counts_as_usual(tmp_path):
    checkpoint(tmp_path, "sd_xl.safetensors", BASE_KEY, native=0)
    (size,) = values(fitted(template("text_to_image"), Workspace(tmp_path)), "EmptyLatentImage")
    assert size[:2] == [1024, 1024]


def test_the_index_lists_every_template_once_with_its_picture(tmp_path):
    async def test(server: Served) -> None:
        index = await server.get("/api/templates/index")
        assert sorted(entry["name"] for entry in index) == await server.get("/api/templates")
        assert index[0]["name"] == "base_refiner"
        for entry in index:
            assert entry["category"] in CATEGORIES
            assert entry["title"] and entry["description"].endswith(".") and entry["seconds"] > 0
            assert all(need.endswith(".") for need in entry["needs"])
            async with server.session.get(server.url + entry["picture"]) as answer:
                assert answer.status == 200 and answer.content_type == "image/webp"
                picture = await answer.read()
            assert len(picture) < 60_000
            assert min(Image.open(io.BytesIO(picture)).size) >= 128
            assert (await server.get(f"/api/templates/{entry['name']}.json")) == template(entry["name"])

    serving(tmp_path, test, NOBODY)


def test_the_one_to_begin_with(tmp_path):
    async def test(server: Served) -> None:
        assert await server.get("/api/templates/default.json") == template("base_refiner")
        fit = await server.get("/api/templates/default.json?fit=true")
        assert fit["nodes"] == template("base_refiner")["nodes"]
        assert "weft" not in fit["extra"]

    serving(tmp_path, test, NOBODY)


def test_what_is_no_template(tmp_path):
    async def test(server: Served) -> None:
        for name in (
            "index.json",
            "none.json",
            "none.webp",
            "index.webp",
            "input.json",
            "..%2FREADME.json",
            "%00.json",
        ):
            await server.get(f"/api/templates/{name}", 404)
            await server.get(f"/api/templates/{name}?fit=true", 404)

    serving(tmp_path, test, NOBODY)


def test_the_users_own_checkpoint_is_taken_and_sizes_go_with_it(tmp_path):
    checkpoint(tmp_path, "my/photo.safetensors", BASE_KEY)
    workflow = fitted(template("text_to_image"), Workspace(tmp_path))
    assert values(workflow, "CheckpointLoaderSimple") == [["my/photo.safetensors"]]
    assert values(workflow, "EmptyLatentImage") == [[1024, 1024, 1]]
    areas = values(fitted(template("area_composition"), Workspace(tmp_path)), "ConditioningSetArea")
    assert [area[:4] for area in areas] == [[1024, 1024, 0, 0], [1024, 1024, 1024, 0]]


def test_a_pair_is_taken_whole_or_not_at_all(tmp_path):
    checkpoint(tmp_path, "sd_xl_base_1.0.safetensors", BASE_KEY)
    alone = fitted(template("base_refiner"), Workspace(tmp_path))
    assert alone["nodes"] == template("base_refiner")["nodes"]
    checkpoint(tmp_path, "xl/SD_XL_Refiner.safetensors", REFINER_KEY)
    both = fitted(template("base_refiner"), Workspace(tmp_path))
    assert values(both, "CheckpointLoaderSimple") == [
        ["sd_xl_base_1.0.safetensors"],
        ["xl/SD_XL_Refiner.safetensors"],
    ]
    assert values(both, "EmptyLatentImage") == [[1024, 1024, 1]]


def test_checkpoints_are_told_by_what_is_in_them(tmp_path):
    workspace = Workspace(tmp_path)
    for name in ("a.safetensors", "sdxl_b.safetensors", "c.ckpt", "cut.safetensors"):
        (tmp_path / "models/checkpoints").mkdir(parents=True, exist_ok=True)
        (tmp_path / "models/checkpoints" / name).write_bytes(b"\xff" * 20)
    checkpoint(tmp_path, "sd15.safetensors", "cond_stage_model.transformer.x")
    checkpoint(tmp_path, "sdxl_inpainting.safetensors", BASE_KEY, channels=9)
    checkpoint(tmp_path, "sdxl_refiner_in_name_only.safetensors", BASE_KEY)
    assert own_checkpoints(workspace) == OwnCheckpoints()
    checkpoint(tmp_path, "z.safetensors", BASE_KEY, native=768)
    assert own_checkpoints(workspace).base == OwnCheckpoint("z.safetensors", 768)
    checkpoint(tmp_path, "sd_xl_base_1.0.safetensors", BASE_KEY)
    assert own_checkpoints(workspace).base == OwnCheckpoint("sd_xl_base_1.0.safetensors", 1024)


def test_pictures_come_along_and_overwrite_nothing(tmp_path):
    workspace = Workspace(tmp_path)
    name = "weft_example_sketch.png"
    for _ in range(2):
        assert values(fitted(template("image_to_image"), workspace), "LoadImage") == [[name, "image"]]
    assert [path.name for path in (tmp_path / "input").iterdir()] == [name]
    assert (tmp_path / "input" / name).read_bytes() == (FOLDER / "input" / name).read_bytes()
    (tmp_path / "input" / name).write_bytes(b"mine")
    assert values(fitted(template("image_to_image"), workspace), "LoadImage") == [
        ["weft_example_sketch (1).png", "image"]
    ]
    assert (tmp_path / "input" / name).read_bytes() == b"mine"


def test_texts_come_along_as_well(tmp_path):
    workflow = fitted(template("prompts_from_file"), Workspace(tmp_path))
    (given,) = values(workflow, "WeftPromptsFromFile")
    assert given[0] == "weft_example_prompts.txt"
    assert (tmp_path / "input" / given[0]).read_bytes() == (FOLDER / "input" / given[0]).read_bytes()


def test_a_disk_that_takes_nothing_is_no_error(tmp_path):
    (tmp_path / "input").write_bytes(b"a file where the folder should be")
    workflow = fitted(template("image_to_image"), Workspace(tmp_path))
    assert values(workflow, "LoadImage") == [["weft_example_sketch.png", "image"]]


def test_the_grid_stays_when_a_template_is_fitted(tmp_path):
    workflow = fitted(template("xy_grid"), Workspace(tmp_path))
    assert set(workflow["extra"]["weft"]) == {"grid"}


@pytest.mark.parametrize("name", NAMES)
def test_fitting_changes_nothing_but_values(tmp_path, name):
    checkpoint(tmp_path, "own.safetensors", BASE_KEY)
    before, after = template(name), fitted(template(name), Workspace(tmp_path))
    for node, other in zip(before["nodes"], after["nodes"], strict=True):
        assert {**node, "widgets_values": 0} == {**other, "widgets_values": 0}
        assert len(node.get("widgets_values", [])) == len(other.get("widgets_values", []))
    assert {**before, "nodes": 0, "extra": 0} == {**after, "nodes": 0, "extra": 0}


def test_every_template_is_in_the_index():
    assert sorted(entry["name"] for entry in template_index()) == NAMES
