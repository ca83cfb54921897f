"""`main.py run` on workflows without models: files, reports, exit codes, and sentences for bad input."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def texts(path):
    with Image.open(path) as picture:
        return dict(picture.text)


def test_the_paths_of_the_pictures_are_all_that_stands_on_standard_output(weft, written, small_prompt):
    done = weft("run", written(small_prompt))
    assert done.code == 0, done.err
    assert [Path(line).name for line in done.lines] == ["flat_00001_.png", "flat_00002_.png"]
    for line in done.lines:
        assert pixels(line)[0, 0].tolist() == [0x00, 0xFF, 0x00]


def test_a_picture_runs_again_with_what_it_carries(weft, written, small_prompt):
    first = weft("run", written(small_prompt), "--set", "Turned.image=x").code
    assert first == 2  # a socket takes no value
    picture = weft("run", written(small_prompt), "--set", "1.width=40").lines[0]
    again = weft("run", picture)
    assert again.code == 0, again.err
    assert pixels(again.lines[0]).shape == (16, 40, 3)
    assert json.loads(texts(again.lines[0])["prompt"])["1"]["inputs"]["width"] == 40


def test_what_the_command_line_changes_stands_in_the_workflow_that_the_picture_carries(weft, written, small_prompt):
    to_ui = weft("convert", written(small_prompt), "--to", "ui", "--output", written(b"", "ui.json"))
    assert to_ui.code == 0, to_ui.err
    made = weft("run", to_ui.lines[0], "--set", "EmptyImage.width=32", "--set", "3.filename_prefix=set")
    assert made.code == 0, made.err
    workflow = json.loads(texts(made.lines[0])["workflow"])
    values = {node["type"]: node.get("widgets_values") for node in workflow["nodes"]}
    assert values["EmptyImage"][0] == 32
    assert values["SaveImage"] == ["set", "none"]


def test_a_file_name_as_output_names_the_picture_and_never_overwrites(weft, written, small_prompt, tmp_path):
    target = tmp_path / "made" / "mine.png"
    names = [Path(line).name for _ in range(2) for line in weft("run", written(small_prompt), "--output", target).lines]
    assert names == ["mine.png", "mine_2.png", "mine_3.png", "mine_4.png"]
    assert sorted(p.name for p in target.parent.iterdir()) == sorted(names)


def test_a_folder_as_output_gets_the_files(weft, written, small_prompt, tmp_path):
    weft("run", written(small_prompt), "--output", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["flat_00001_.png", "flat_00002_.png"]


def test_json_is_one_event_a_line_in_the_order_of_the_run(weft, written, small_prompt):
    done = weft("run", written(small_prompt), "--json")
    events = [json.loads(line) for line in done.lines]
    kinds = [e["type"] for e in events if e["type"] not in ("cached", "warning")]
    assert kinds[0] == "started" and kinds[-3:] == ["finished", "saved", "saved"]
    assert [e["node"] for e in events if e["type"] == "node_finished"] == ["1", "2", "3"]
    assert done.err == ""


def test_check_lists_every_problem_at_once_and_runs_nothing(weft, written, small_prompt):
    small_prompt["1"]["inputs"]["width"] = 10**6
    small_prompt["4"] = {"class_type": "SaveImage", "inputs": {"filename_prefix": "other"}}
    done = weft("run", written(small_prompt), "--check")
    assert done.code == 2
    assert "width" in done.err and "Node 1" in done.err
    assert "images" in done.err and "Node 4" in done.err
    assert "2 problems" in done.err
    assert not (weft.workspace / "output").exists()


def test_check_says_when_all_is_well(weft, written, small_prompt):
    done = weft("run", written(small_prompt), "--check")
    assert (done.code, "No problems" in done.err, done.out) == (0, True, "")


def test_a_missing_widget_takes_its_default_and_says_so(weft, written, small_prompt):
    del small_prompt["3"]["inputs"]["filename_prefix"]
    done = weft("run", written(small_prompt))
    assert done.code == 0
    assert "Warning" in done.err and "filename_prefix" in done.err
    assert Path(done.lines[0]).name == "ComfyUI_00001_.png"


def test_a_part_that_cannot_run_is_told_and_the_rest_runs(weft, written, small_prompt):
    small_prompt["4"] = {"class_type": "SaveImage", "inputs": {"filename_prefix": "other"}}
    done = weft("run", written(small_prompt))
    assert done.code == 2 and len(done.lines) == 2
    assert "Node 4" in done.err


def test_a_node_that_fails_is_named_and_what_was_written_stays(weft, written, small_prompt):
    small_prompt["4"] = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "../../out"}}
    done = weft("run", written(small_prompt))
    assert done.code == 1
    assert "Node 4" in done.err and "Traceback" not in done.err


BAD_PROMPTS = {
    "unknown type": ({"1": {"class_type": "EmptyImag", "inputs": {}}}, ["EmptyImag", "EmptyImage"]),
    "wrong type": (
        {
            "1": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 8, "height": 8}},
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
        },
        ["Node 2", "images", "MASK", "IMAGE"],
    ),
    "cycle": (
        {
            "1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
            "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
            "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
        },
        ["1", "2"],
    ),
    "missing file": (
        {
            "1": {"class_type": "LoadImage", "inputs": {"image": "none.png"}},
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
        },
        ["Node 1", "none.png"],
    ),
    "no number": (
        {
            "1": {
                "class_type": "EmptyImage",
                "inputs": {"width": float("nan"), "height": 8, "batch_size": 1, "color": 0},
            },
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
        },
        ["Node 1", "width"],
    ),
    "nothing to do": ({"1": {"class_type": "SolidMask", "inputs": {}}}, ["saves or shows"]),
}


@pytest.mark.parametrize("name", BAD_PROMPTS)
def test_a_bad_prompt_gives_sentences_and_no_traceback(weft, written, name):
    prompt, said = BAD_PROMPTS[name]
    done = weft("run", written(prompt))
    assert done.code == 2
    assert "Traceback" not in done.err and done.out == ""
    for word in said:
        assert word in done.err


def png_with(*chunks):
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


BAD_FILES = {
    "not JSON": (b"hello", "JSON"),
    "empty": (b"", "empty"),
    "a list": (b"[1, 2]", "list"),
    "deep": (b"[" * 100_000, "deep"),
    "another object": (b'{"a": 1}', "no workflow"),
    "binary": (bytes(range(256)), "text"),
    "a picture without a workflow": (png_with((b"IEND", b"")), "no workflow"),
    "a picture cut off": (png_with((b"tEXt", b"prompt\0{}"))[:20], "cut off"),
    "a bomb": (png_with((b"zTXt", b"prompt\0\0" + zlib.compress(b" " * (65 << 20))), (b"IEND", b"")), "unpack"),
    "too many nodes": (
        json.dumps({str(n): {"class_type": "EmptyImage"} for n in range(100_001)}).encode(),
        "100,001 nodes",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gives_a_sentence_that_names_it(weft, written, name):
    content, said = BAD_FILES[name]
    done = weft("run", written(content, "given.file"))
    assert done.code == 2
    assert said in done.err and "given.file" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [["missing.json"], ["."], ["--device", "cuda:99"], ["--models-dir", "missing"]])
def test_what_the_machine_does_not_have_gives_a_sentence(weft, arguments):
    done = weft("run", *arguments)
    assert done.code == 2
    assert "Error: " in done.err and "Traceback" not in done.err


def test_debug_shows_where_an_error_came_from(weft):
    assert "Traceback" in weft("run", "missing.json", "--debug").err


def test_an_output_that_cannot_be_written_is_refused_before_the_run(weft, written, small_prompt, tmp_path):
    file = written(small_prompt)
    for output in (file / "mine.png", file / "folder", file / "deep" / "folder"):
        done = weft("run", file, "--output", output)
        assert (done.code, done.lines) == (2, [])
        assert f"{file} is a file" in done.err and "Workflow" not in done.err


def test_a_picture_that_cannot_take_its_name_is_kept_and_named(weft, written, small_prompt, tmp_path):
    done = weft("run", written(small_prompt), "--output", tmp_path / f"{'m' * 300}.png")
    assert done.code == 2 and "Traceback" not in done.err
    (kept,) = weft.workspace.glob("output/flat_00001_.png")
    assert str(kept) in done.err


def test_a_missing_file_is_told_with_the_folder_to_put_it_into(weft, written, small_prompt):
    small_prompt["1"] = {"class_type": "LoadImage", "inputs": {"image": "cat.png"}}
    done = weft("run", written(small_prompt), "--check")
    assert done.code == 2
    assert "cat.png" in done.err and f"into {weft.workspace / 'input'}" in done.err


def test_a_seed_that_nothing_takes_is_told(weft, written, small_prompt):
    done = weft("run", written(small_prompt), "--check", "--seed", "7")
    assert done.code == 0 and "--seed sets none" in done.err


def test_a_workflow_that_nests_deep_runs_and_stands_in_the_picture(weft, written, small_prompt, tmp_path):
    ui = tmp_path / "ui.json"
    weft("convert", written(small_prompt), "--to", "ui", "--output", ui)
    workflow = json.loads(ui.read_text())
    deep = workflow["extra"]["deep"] = []
    for _ in range(490):
        deep.append([])
        deep = deep[0]
    done = weft("run", written(workflow))
    assert done.code == 0, done.err
    assert json.loads(texts(done.lines[0])["workflow"])["extra"] == workflow["extra"]


@pytest.mark.parametrize("name", ["prompt", "workflow"])
def test_a_picture_of_which_one_text_is_no_workflow_runs_by_the_other(weft, written, small_prompt, tmp_path, name):
    ui = tmp_path / "ui.json"
    weft("convert", written(small_prompt), "--to", "ui", "--output", ui)
    carried = {"prompt": json.dumps(small_prompt), "workflow": ui.read_text(), name: "null"}
    picture = written(png_with(*((b"tEXt", f"{key}\0{text}".encode()) for key, text in carried.items())), "p.png")
    done = weft("run", picture, "--check")
    assert done.code == 0, done.err
