"""The main job: a workflow that nobody here wrote becomes a picture on the bundled pair."""

import json

import numpy as np
import pytest
from PIL import Image

EXAMPLE = "gh_comfyanonymous_ComfyUI_examples__sdxl_sdxl_simple_example.json"
SMALL = ("--set", "EmptyLatentImage.width=128", "--set", "EmptyLatentImage.height=128")


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture, dtype=float)


def test_the_built_in_template_draws_what_it_is_told(weft):
    done = weft("run", "--set", "Positive.text=a red circle on a blue background", "--seed", 7)
    assert done.code == 0, done.err
    picture = pixels(done.lines[0])
    assert picture.shape == (128, 128, 3)
    red, green, blue = picture[56:72, 56:72].reshape(-1, 3).mean(0)
    assert red > 2 * max(green, blue)
    red, green, blue = np.concatenate([picture[:12].reshape(-1, 3), picture[-12:].reshape(-1, 3)]).mean(0)
    assert blue > 2 * max(red, green)


def test_a_seed_gives_the_same_picture_again_and_another_seed_another(weft):
    first, again, other = (pixels(weft("run", "--seed", seed).lines[0]) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.abs(first - other).mean() > 1


@pytest.mark.parametrize("folder", ["ui", "ui_to_api"])
def test_an_example_by_others_runs_with_stand_ins_that_are_told(weft, reference, folder):
    done = weft("run", reference / "workflows" / "given" / folder / EXAMPLE, *SMALL, "--seed", 1, "--json")
    assert done.code == 0, done.err
    told = [json.loads(line) for line in done.lines]
    assert {(e["wanted"], e["used"]) for e in told if e["type"] == "stand_in"} == {
        ("sd_xl_base_1.0.safetensors", "weft_base.safetensors"),
        ("sd_xl_refiner_1.0.safetensors", "weft_refiner.safetensors"),
    }
    steps = [(e["node"], e["value"], e["max"]) for e in told if e["type"] == "progress"]
    assert [s for s in steps if s[0] == "10"] == [("10", n, 20) for n in range(1, 21)]
    assert [s for s in steps if s[0] == "11"] == [("11", n, 5) for n in range(1, 6)]
    assert pixels(next(e["path"] for e in told if e["type"] == "saved")).std() > 10


def test_both_formats_and_the_picture_itself_make_the_same_picture(weft, reference):
    given = reference / "workflows" / "given"
    ui = weft("run", given / "ui" / EXAMPLE, *SMALL).lines[0]
    api = weft("run", given / "ui_to_api" / EXAMPLE, *SMALL).lines[0]
    again = weft("run", ui).lines[0]
    assert np.array_equal(pixels(ui), pixels(api))
    assert np.array_equal(pixels(ui), pixels(again))


def test_the_picture_says_what_stood_in_and_its_workflow_names_what_ran(weft, reference):
    path = weft("run", reference / "workflows" / "given" / "ui" / EXAMPLE, *SMALL).lines[0]
    with Image.open(path) as picture:
        texts = {key: json.loads(value) for key, value in picture.text.items()}
    assert {one["wanted"] for one in texts["stand_ins"]} == {
        "sd_xl_base_1.0.safetensors",
        "sd_xl_refiner_1.0.safetensors",
    }
    loaders = [n for n in texts["workflow"]["nodes"] if n["type"] == "CheckpointLoaderSimple"]
    assert {n["widgets_values"][0] for n in loaders} == {"weft_base.safetensors", "weft_refiner.safetensors"}


def test_strict_models_makes_a_missing_file_an_error(weft, reference):
    done = weft("run", reference / "workflows" / "given" / "ui" / EXAMPLE, "--strict-models")
    assert done.code == 2
    assert "sd_xl_base_1.0.safetensors" in done.err and "sd_xl_refiner_1.0.safetensors" in done.err
    assert done.out == "" and "Traceback" not in done.err
