"""`main.py convert`: there and back, out of pictures, and into files that are whole."""

import json


def test_there_and_back_is_the_same_prompt(weft, written, small_prompt, tmp_path):
    ui = tmp_path / "ui.json"
    assert weft("convert", written(small_prompt), "--to", "ui", "--output", ui).lines == [str(ui)]
    assert json.loads(ui.read_text())["nodes"]
    back = json.loads(weft("convert", ui, "--to", "api", "--output", "-").out)
    for node, entry in small_prompt.items():
        assert back[node]["class_type"] == entry["class_type"]
        added = {"watermark": "none"} if entry["class_type"] == "SaveImage" else {}  # the prompt leaves it out
        assert back[node]["inputs"] == entry["inputs"] | added


def test_a_picture_gives_the_prompt_that_made_it(weft, written, small_prompt):
    picture = weft("run", written(small_prompt)).lines[0]
    prompt = json.loads(weft("convert", picture, "--to", "api", "--output", "-").out)
    assert prompt["2"]["inputs"] == {"image": ["1", 0]}


def test_the_built_in_template_converts(weft):
    from commands.source import BUILT_IN

    prompt = json.loads(weft("convert", BUILT_IN, "--to", "api", "--output", "-").out)
    samplers = [entry["inputs"] for entry in prompt.values() if entry["class_type"] == "KSamplerAdvanced"]
    assert [(s["start_at_step"], s["end_at_step"], s["add_noise"]) for s in samplers] == [
        (0, 20, "enable"),
        (20, 10000, "disable"),
    ]


def test_what_is_no_workflow_leaves_the_old_output(weft, written, tmp_path):
    old = written({"old": True}, "out.json")
    done = weft("convert", written(b"nonsense"), "--to", "api", "--output", old)
    assert done.code == 2 and "Traceback" not in done.err
    assert json.loads(old.read_text()) == {"old": True}


def test_an_output_that_cannot_be_written_is_a_sentence(weft, written, small_prompt, tmp_path):
    done = weft("convert", written(small_prompt), "--to", "ui", "--output", tmp_path)
    assert done.code == 2
    assert str(tmp_path) in done.err and "Traceback" not in done.err


def test_half_a_letter_in_a_title_is_written_as_an_escape(weft, written, small_prompt, tmp_path):
    small_prompt["2"]["_meta"]["title"] = "T\ud800"
    for output in (tmp_path / "ui.json", "-"):
        done = weft("convert", written(small_prompt), "--to", "ui", "--output", output)
        assert done.code == 0, done.err
    assert json.loads(done.out) == json.loads((tmp_path / "ui.json").read_text())
    assert "T\ud800" in [node.get("title") for node in json.loads(done.out)["nodes"]]


def test_a_picture_that_carries_an_empty_text_is_refused(weft, tmp_path):
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("prompt", "")
    Image.new("RGB", (8, 8)).save(tmp_path / "empty.png", pnginfo=texts)
    done = weft("convert", tmp_path / "empty.png", "--to", "ui", "--output", "-")
    assert (done.code, "is empty" in done.err) == (2, True)
