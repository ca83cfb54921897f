"""A training learns what it should, survives being stopped and killed, and never loses what is finished."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from models.memory import DeviceMemory
from models.training.drawing import draw
from models.training.scenes import Framing, Scene
from models.tuning.errors import TuningError
from models.tuning.events import SampleMade, StateSaved, StepDone
from models.tuning.loss_log import read_losses
from models.tuning.loss_plot import running_mean
from models.tuning.preparing import prepare
from models.tuning.state import read_state
from tests.models.tuning_jobs import (
    BUNDLED,
    folder_of,
    job_of,
    learned,
    losses,
    same,
    settings_of,
    small_checkpoint,
    trainer_of,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trainings")
    small_checkpoint(folder)
    folder_of(folder / "pictures")
    return folder


def job(root, folder, learn="lora", **sections):
    return job_of(root, settings_of(root / "pictures", learn, **sections), folder=folder)


LONG = {"steps": 6, "ema": 0.9, "schedule": "cosine", "warmup": 2, "accumulate": 2, "noise_offset": 0.1}


@pytest.mark.parametrize("learn", ["lora", "embedding", "full"])
def test_a_stopped_training_resumes_to_the_same_weights(root, learn):
    sections = {"train": LONG, "lora": {"text_encoders": True}, "save": {"every": 2}}
    whole = trainer_of(job(root, f"whole {learn}", learn, **sections))
    told = losses(whole.run())
    stopped = trainer_of(job(root, f"stopped {learn}", learn, **sections))
    events = stopped.run()
    for event in events:
        if isinstance(event, StepDone) and event.step == 3:
            events.close()  # as Ctrl+C and a cancelled job do
            break
    resumed = trainer_of(job(root, f"stopped {learn}", learn, **sections), resume=True)
    assert resumed.step == 3  # the last whole step, not only the last state that was due
    assert losses(resumed.run()) == told[3:]
    assert same(learned(resumed), learned(whole))
    assert same(resumed._average.values, whole._average.values)
    table = read_losses(resumed._prepared.job.folder / "loss.csv")
    assert [row.step for row in table] == [1, 2, 3, 4, 5, 6]
    assert [row.loss for row in table] == told


KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
import torch
torch.set_num_threads(1)
from pathlib import Path
from models.tuning.events import StepDone
from tests.models.tuning_jobs import job_of, settings_of, trainer_of
root = Path({folder!r})
job = job_of(root, settings_of(root / "pictures", train={train!r}, save={{"every": 2}}), folder="killed")
for event in trainer_of(job).run():
    if isinstance(event, StepDone) and event.step == 5:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill so")
def test_a_killed_training_resumes_to_the_same_weights(root):
    script = KILLED.format(root=str(ROOT), folder=str(root), train=LONG)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == -signal.SIGKILL
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = trainer_of(job(root, "not killed", train=LONG, save={"every": 2}))
        list(whole.run())
        resumed = trainer_of(job(root, "killed", train=LONG, save={"every": 2}), resume=True)
        assert resumed.step == 4  # the last state: step 5 was learned, and lost
        list(resumed.run())
    finally:
        torch.set_num_threads(threads)
    assert same(learned(resumed), learned(whole))
    assert [row.step for row in read_losses(root / "killed" / "loss.csv")] == [1, 2, 3, 4, 5, 6]


def test_a_stop_in_the_midst_of_a_change_keeps_the_state_before(root, monkeypatch):
    trainer = trainer_of(job(root, "midst"))
    step = trainer._optimizer.step

    def stopped(*args):
        step(*args)
        if trainer.step == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(trainer._optimizer, "step", stopped)
    with pytest.raises(KeyboardInterrupt):
        list(trainer.run())
    assert read_state(root / "midst").step == 0


def test_another_training_does_not_resume_from_a_state(root):
    list(trainer_of(job(root, "fixed", train={"steps": 1})).run())
    with pytest.raises(TuningError, match=r"differs .* in lora, train.batch_size\."):
        trainer_of(job(root, "fixed", lora={"rank": 3}, train={"steps": 1, "batch_size": 1}), resume=True)
    longer = trainer_of(job(root, "fixed", train={"steps": 2, "rate": 5e-3}), resume=True)
    assert [event.rate for event in longer.run() if isinstance(event, StepDone)] == [5e-3]
    with pytest.raises(TuningError, match="nothing to resume"):
        trainer_of(job(root, "never begun"), resume=True)
    (root / "fixed" / "state.pt").write_bytes(b"PK not a state")
    with pytest.raises(TuningError, match="is damaged"):
        trainer_of(job(root, "fixed"), resume=True)


def test_no_number_stops_with_the_last_good_state(root):
    sections = {"train": {"steps": 50, "rate": 10.0, "clip": 0}, "save": {"every": 1}}
    trainer = trainer_of(job(root, "diverging", "full", **sections))
    with pytest.raises(TuningError, match=r"at step \d+.*state, that of step \d+.*Lower train.rate \(now 10") as raised:
        list(trainer.run())
    state = read_state(root / "diverging")
    assert f"of step {state.step}," in str(raised.value) and 0 < state.step < 50
    assert all(value.isfinite().all() for value in state.values.values())


def test_finished_results_are_never_overwritten(root):
    results, first = [], b""
    for folder in ("first", "second", "third"):
        settings = settings_of(root / "pictures", name="once", train={"steps": 1})
        trainer = trainer_of(job_of(root, settings, folder=folder))
        results.append(list(trainer.run())[-1].result)
        first = first or results[0].read_bytes()
        assert results[0].read_bytes() == first
    assert [path.name for path in results] == ["once.safetensors", "once_2.safetensors", "once_3.safetensors"]
    assert not list(results[0].parent.glob(".weft*"))


def test_a_full_disk_is_told_before_and_while_states_are_written(root, monkeypatch):
    trainer = trainer_of(job(root, "full disk"))
    usage = shutil.disk_usage(root)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
        with pytest.raises(TuningError, match="GB are needed"):
            list(trainer.run())
    assert not (root / "full disk").exists()
    events = trainer.run()
    assert any(isinstance(event, StateSaved) for event in events)  # the first one

    def refused(*_args, **_named):
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", refused)
    with pytest.raises(TuningError, match=r"state of step 4 cannot be written.*disk may be full.*before is kept"):
        list(events)
    assert read_state(root / "full disk").step == 0


def test_two_trainings_do_not_share_a_folder(root):
    first = trainer_of(job(root, "shared")).run()
    next(first)
    with pytest.raises(TuningError, match="Another training is running in"):
        next(trainer_of(job(root, "shared")).run())
    first.close()
    list(trainer_of(job(root, "shared")).run())


def test_no_memory_and_a_disk_that_fills_up_are_told_and_lose_nothing(root, monkeypatch):
    trainer = trainer_of(job(root, "memory is short"))
    backward = torch.Tensor.backward

    def short(tensor, *args):
        if trainer.step == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        backward(tensor, *args)

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "backward", short)
        with pytest.raises(TuningError, match=r"out of memory at step 3\. Set train.checkpointing to true and resume"):
            list(trainer.run())
    trainer = trainer_of(job(root, "memory is short", train={"checkpointing": True}), resume=True)
    assert trainer.step == 2

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("models.tuning.loss_log.LossLog.add", full)
        with pytest.raises(TuningError, match=r"\(No space left on device\)\. The state of step 3 is kept"):
            list(trainer.run())
    list(trainer_of(job(root, "memory is short"), resume=True).run())
    for path in (root / "memory is short" / "kept" / "latents").rglob("*.safetensors"):
        path.write_bytes(b"damaged")
    with pytest.raises(TuningError, match=r"is damaged .* Delete it and resume"):
        list(trainer_of(job(root, "memory is short", train={"steps": 5}), resume=True).run())


def test_samples_and_losses_are_shown(root):
    samples = {"every": 2, "prompts": ["one", "two"], "steps": 2, "width": 64, "height": 96}
    trainer = trainer_of(job(root, "shown", samples=samples))
    events = list(trainer.run())
    made = [event for event in events if isinstance(event, SampleMade)]
    assert [(one.step, one.number) for one in made] == [(0, 1), (0, 2), (2, 1), (2, 2), (4, 1), (4, 2)]
    with Image.open(made[-1].path) as image:
        assert image.size == (64, 96)
        assert image.text == {"prompt_text": "two", "training_step": "4"}
    with Image.open(events[-1].loss_plot) as image:
        image = image.convert("RGB")
        assert image.size == (900, 480)
        assert len(image.getcolors(maxcolors=2**20)) > 10  # something is drawn
    assert running_mean([1, 1, 1, 5, 1]) == pytest.approx([1, 1, 7 / 3, 7 / 3, 3])


def test_latents_and_captions_are_computed_once(root, monkeypatch):
    list(trainer_of(job(root, "once")).run())

    def again(*_args):
        raise AssertionError("computed again")

    monkeypatch.setattr("models.tuning.material.encode_image", again)
    monkeypatch.setattr("models.tuning.material.encode_on_device", again)
    list(trainer_of(job(root, "once")).run())


def test_wrong_settings_are_told_before_anything_is_loaded(root):
    wrong = {"data": {"bucket_step": 20}, "samples": {"width": 63}, "name": "a/b"}
    with pytest.raises(TuningError) as raised:
        prepare(job(root, "wrong", **wrong), "cpu")
    assert [problem.split(" ")[0] for problem in raised.value.problems] == ["data.bucket_step", "samples.width", "name"]
    with pytest.raises(TuningError, match="no sampler 'eular'"):
        prepare(job(root, "wrong", samples={"sampler": "eular"}), "cpu")
    with pytest.raises(TuningError, match="bitsandbytes"):
        trainer_of(job(root, "wrong", train={"optimizer": "adamw8bit"}))


def test_a_lora_teaches_the_bundled_model_another_colour(tmp_path):
    """Red shapes on white become cyan ones on black, which the words do not say: the pictures do."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, shape in enumerate(("circle", "square", "triangle", "star")):
        pixels = -draw([Scene(shape, "red", "white")], [Framing()])[0]
        whole = ((pixels + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(whole).save(pictures / f"{number}.png")
        (pictures / f"{number}.txt").write_text(f"a red {shape} on a white background")
    settings = settings_of(
        pictures, data={"resolution": 0, "caption_dropout": 0.0}, lora={"rank": 8},
        train={"steps": 40, "batch_size": 4, "rate": 2e-3, "min_snr": 5},
        samples={"every": 40, "prompts": ["a red circle on a white background"], "steps": 8, "cfg": 3},
    )  # fmt: skip
    trainer = trainer_of(job_of(tmp_path, settings, BUNDLED))
    assert trainer._prepared.resolution == 128
    events = list(trainer.run())
    before, after = (event.image[0] for event in events if isinstance(event, SampleMade))
    told = losses(events)
    assert sum(told[-10:]) < 0.6 * sum(told[:10])
    middle, corner = (slice(54, 74), slice(54, 74)), (slice(2, 14), slice(2, 14))
    assert before[middle].mean((0, 1))[0] > 0.7 > 0.4 > before[middle].mean((0, 1))[1]  # red
    assert before[corner].mean() > 0.8
    red, green, blue = after[middle].mean((0, 1))
    assert red < 0.5 < 0.6 < min(green, blue)  # cyan
    assert after[corner].mean() < 0.25


def test_the_device_memory_is_left_free(root):
    trainer = trainer_of(job(root, "memory"))
    network = trainer._prepared.checkpoint.model.network
    list(trainer.run())
    assert not any(module._forward_hooks for module in network.modules())
    assert not any("forward" in vars(module) for module in network.modules())
    assert isinstance(trainer._prepared.checkpoint.model.memory, DeviceMemory)
