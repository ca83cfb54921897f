"""The node that learns: a LoRA that loaders find, stopped and resumed as a job is, and shown while it works."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from execution.events import Preview, Progress
from execution.node import Cancelled, NodeInputError
from models.tuning.state import read_state
from nodes.training.fine_tune import fine_tune
from tests.models.tuning_jobs import folder_of, small_checkpoint

INPUTS = {"ckpt_name": "small_sdxl.safetensors", "folder": "fox", "name": "fox", "steps": 4, "batch_size": 2, "rank": 2}
SMALL = "data: {resolution: 64}\nsamples: {steps: 2}"


@pytest.fixture
def ready(bench):
    folder_of(bench.workspace.folder("input") / "fox")
    small_checkpoint(bench.workspace.root / "models" / "checkpoints")
    return bench


def tune(bench, **changes):
    with torch.inference_mode():  # as the engine calls it
        return bench.call(fine_tune, **{**INPUTS, "more": SMALL, **changes})


def test_it_learns_and_shows_how_far_it_is(ready):
    made = tune(ready, sample_every=2, sample_prompt="a fox")
    assert made.NAME == "fox.safetensors" and ready.workspace.model("loras", made.NAME).is_file()
    assert made.LOSS.shape == (1, 480, 900, 3) and 0 <= made.LOSS.min() < made.LOSS.max() <= 1
    assert [event.value for event in ready.told(Progress)][-4:] == [1, 2, 3, 4]
    previews = ready.told(Preview)
    assert len(previews) == 3 and all(isinstance(event.image, Image.Image) for event in previews)


def test_cancelled_it_goes_on_where_it_was(ready):
    class Sink(list):
        def append(self, event):
            if isinstance(event, Progress) and (event.value, event.total) == (2, 7):
                ready.cancel.cancel()

    ready.events = Sink()
    with pytest.raises(Cancelled):
        tune(ready, steps=7)
    folder = ready.workspace.root / "training" / "fox"
    begun = read_state(folder).step
    assert begun == 3 and not (folder / "finished.json").exists()
    ready.events, ready.cancel = [], type(ready.cancel)()
    assert tune(ready, steps=7).NAME == "fox.safetensors"
    assert read_state(folder).step == 7
    whole = tune(ready, name="whole", steps=7)
    files = [ready.workspace.model("loras", name) for name in ("fox.safetensors", whole.NAME)]
    tensors = [load_file(file) for file in files]
    assert all(torch.equal(tensors[0][name], tensors[1][name]) for name in tensors[1])


def test_what_has_ended_is_not_done_again_and_never_overwritten(ready):
    first = tune(ready)
    content = ready.workspace.model("loras", first.NAME).read_bytes()
    assert tune(ready).NAME == first.NAME
    other = tune(ready, seed=3)
    assert other.NAME == "fox_2.safetensors"
    assert tune(ready, seed=3).NAME == other.NAME
    assert ready.workspace.model("loras", first.NAME).read_bytes() == content


@pytest.mark.parametrize(
    ("changes", "blamed", "told"),
    [
        ({"folder": "gone"}, "folder", "gone"),
        ({"folder": "../.."}, "folder", ""),
        ({"name": "../x"}, "name", "cannot be a file's name"),
        ({"more": "train: {stepps: 1}"}, "more", "did you mean steps"),
        ({"more": "- a"}, "more", "by name"),
        ({"more": "["}, "more", "no YAML"),
        ({"ckpt_name": "gone.safetensors"}, "ckpt_name", "gone"),
    ],
)
def test_what_cannot_be_is_blamed_on_its_input(ready, changes, blamed, told):
    with pytest.raises(NodeInputError) as raised:
        tune(ready, **changes)
    assert raised.value.input_name == blamed and told in str(raised.value)


def test_pictures_without_captions_are_told(ready):
    for path in (ready.workspace.folder("input") / "fox").glob("*.txt"):
        path.unlink()
    with pytest.raises(NodeInputError, match=r"0\.png has no caption"):
        tune(ready)
