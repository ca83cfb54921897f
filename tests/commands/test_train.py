"""`main.py train`: a file of settings becomes a LoRA among the LoRAs; what is wrong is told in sentences."""

from __future__ import annotations

import csv
import json

import pytest
import yaml
from PIL import Image
from rich.console import Console

from commands.train_report import BarTrainReport, duration
from models.tuning.events import StepDone
from tests.models.tuning_jobs import folder_of, small_checkpoint


@pytest.fixture
def config(tmp_path):
    """Write a file of settings beside pictures and a small model; sections given are joined to the usual ones."""
    small_checkpoint(tmp_path)
    folder_of(tmp_path / "pictures")

    def write(**sections):
        given = {
            "model": "small_sdxl.safetensors", "name": "fox",
            "data": {"folder": "pictures", "resolution": 64},
            "lora": {"rank": 2}, "train": {"steps": 3, "batch_size": 2, "rate": 1e-3},
        }  # fmt: skip
        for key, section in sections.items():
            given[key] = {**given.get(key, {}), **section} if isinstance(section, dict) else section
        path = tmp_path / "job.yaml"
        path.write_text(yaml.safe_dump({key: value for key, value in given.items() if value is not None}))
        return path

    return write


def test_a_training_ends_as_a_lora_that_loaders_offer(weft, config):
    samples = {"every": 3, "prompts": ["a fox"], "steps": 2}
    done = weft("train", config(samples=samples))
    result = weft.workspace / "models" / "loras" / "fox.safetensors"
    assert (done.code, done.lines) == (0, [str(result)])
    folder = weft.workspace / "training" / "fox"
    with (folder / "loss.csv").open() as file:
        assert [row[0] for row in csv.reader(file)] == ["step", "1", "2", "3"]
    note = json.loads((folder / "finished.json").read_text())
    assert (note["result"], note["steps"]) == (str(result), 3)
    assert sorted(path.name for path in (folder / "samples").iterdir()) == ["000000_1.png", "000003_1.png"]
    with Image.open(folder / "samples" / "000003_1.png") as image:
        assert image.size == (64, 64)
    assert "loss" in done.err and "Pictures: 4" in done.err


def test_started_again_it_leaves_everything_that_is_finished(weft, config):
    path = config(train={"steps": 1})
    weft("train", path)
    first = (weft.workspace / "models" / "loras" / "fox.safetensors").read_bytes()
    again = weft("train", path)
    assert again.lines == [str(weft.workspace / "models" / "loras" / "fox_2.safetensors")]
    assert (weft.workspace / "training" / "fox_2" / "finished.json").is_file()
    assert (weft.workspace / "models" / "loras" / "fox.safetensors").read_bytes() == first
    done = weft("train", path, "--resume")
    assert (done.code, done.lines) == (0, []) and "fox_2.safetensors. Raise train.steps" in done.err
    longer = weft("train", config(train={"steps": 2}), "--resume")
    assert longer.code == 0 and "Resumes after step 1" in longer.err
    assert longer.lines == [str(weft.workspace / "models" / "loras" / "fox_3.safetensors")]


def test_a_stopped_training_must_be_resumed_or_named_anew(weft, config, monkeypatch):
    def stopped(_report, event):
        if isinstance(event, StepDone) and event.step == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BarTrainReport, "tell", stopped)
        assert weft("train", config()).code == 130
    refused = weft("train", config())
    assert refused.code == 2 and "holds a training that has not ended. Add --resume" in refused.err
    done = weft("train", config(), "--resume", "--json")
    events = [json.loads(line) for line in done.lines]
    assert [event["step"] for event in events if event["type"] == "step"] == [3]
    assert events[-1]["type"] == "finished" and events[-1]["path"].endswith("fox.safetensors")
    assert {"type": "plan", "message": "Resumes after step 2."} in events


def test_check_says_what_would_be_done_and_writes_nothing(weft, config):
    checked = weft("train", config(train={"warmup": 9}), "--check")
    assert checked.code == 0
    for words in ("Learns: a LoRA of rank 2", "2 of 64x64", "Steps: 3 of 2 pictures, 1.0 times", "Disk: ",
                  "Warning: train.warmup is 9 of 3 steps"):  # fmt: skip
        assert words in checked.err
    assert not weft.workspace.exists()


def test_all_wrong_settings_are_told_at_once(weft, config):
    wrong = weft("train", config(train={"steps": "many", "rat": 1}, learn="lor", name=None))
    assert wrong.code == 2
    for words in ("train.steps must be a whole number from 1 to 10000000, not 'many'.",
                  "There is no setting 'rat' in train; did you mean rate?",
                  "learn must be one of lora, embedding, full, not 'lor'.", "name is missing"):  # fmt: skip
        assert words in wrong.err


def test_all_wrong_pictures_are_told_at_once(weft, config, tmp_path):
    (tmp_path / "pictures" / "0.png").write_bytes(b"no picture")
    (tmp_path / "pictures" / "1.txt").unlink()
    wrong = weft("train", config())
    assert wrong.code == 2 and not (weft.workspace / "training").exists()
    assert "0.png cannot be read" in wrong.err and "1.png has no caption" in wrong.err


@pytest.mark.parametrize(
    ("content", "told"),
    [("[", "is no YAML"), ("- a", "must be a section of settings"), (b"\xff\xfe\x00", "cannot be read")],
)
def test_a_file_of_another_kind_is_told(weft, tmp_path, content, told):
    path = tmp_path / "job.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    wrong = weft("train", path)
    assert wrong.code == 2 and told in wrong.err
    assert "There is no file" in weft("train", tmp_path / "none.yaml").err


def test_a_model_is_found_by_its_name_or_told(weft, config, tmp_path):
    folder = weft.workspace / "models" / "checkpoints"
    folder.mkdir(parents=True)
    (tmp_path / "small_sdxl.safetensors").replace(folder / "moved.safetensors")
    assert weft("train", config(model="moved.safetensors"), "--check").code == 0
    (tmp_path / "small_sdxl.safetensors").unlink(missing_ok=True)
    assert "model: there is no 'gone.safetensors'" in weft("train", config(model="gone.safetensors")).err


def test_toml_says_the_same(weft, config, tmp_path):
    config()
    (tmp_path / "job.toml").write_text(
        'model = "small_sdxl.safetensors"\nname = "fox"\nlearn = "embedding"\n'
        '[data]\nfolder = "pictures"\nresolution = 64\n[train]\nsteps = 1\nrate = 5e-3\n'
    )
    done = weft("train", tmp_path / "job.toml")
    assert done.lines == [str(weft.workspace / "models" / "embeddings" / "fox.safetensors")]


def test_durations_are_told_for_people():
    assert [duration(one) for one in (3.6, 200, 7500)] == ["4 s", "3 min 20 s", "2 h 05 min"]
    assert isinstance(BarTrainReport()._console, Console)
