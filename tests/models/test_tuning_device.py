"""Training on a device of its own: no tensor meets one of main memory, and samples leave no trace on the weights."""

from __future__ import annotations

import pytest
import torch

from models.memory import DeviceMemory, Dtypes
from models.tuning.preparing import prepare
from models.tuning.processes import Alone
from models.tuning.trainer import Trainer
from tests.models.pretend_device import pretend_memory, pretending
from tests.models.tuning_jobs import folder_of, job_of, learned, losses, settings_of, small_checkpoint, trainer_of

FLOAT32 = Dtypes(torch.float32, torch.float32, torch.float32)


class OnDevice(Alone):
    """Says of gradients, which torch makes where no pretence sees it, that they lie on the device."""

    def __init__(self, mode):
        self.mode = mode

    def average(self, parameters):
        for parameter in parameters:
            if parameter.grad is not None:
                self.mode.mark(parameter.grad)


@pytest.mark.parametrize("learn", ["lora", "embedding", "full"])
def test_another_device_learns_the_same(tmp_path, monkeypatch, learn):
    folder_of(tmp_path / "pictures")
    small_checkpoint(tmp_path)
    settings = settings_of(
        tmp_path / "pictures", learn, lora={"text_encoders": True}, train={"precision": "fp32", "ema": 0.9, "clip": 0},
        samples={"every": 1, "prompts": ["a fox"], "steps": 1, "width": 64, "height": 64},
    )  # fmt: skip
    plain = trainer_of(job_of(tmp_path, settings, folder="plain"))
    told = losses(plain.run())
    monkeypatch.setattr(DeviceMemory, "choose", lambda *_args, **_named: pretend_memory(FLOAT32))
    with pretending() as mode, torch.inference_mode(False), torch.enable_grad():
        there = Trainer(prepare(job_of(tmp_path, settings, folder="there"), "cuda", OnDevice(mode)))
        assert losses(there.run()) == pytest.approx(told, rel=1e-5)
        assert all(mode.on_device(value) for value in there._values.values())
    for name, value in learned(plain).items():
        assert torch.allclose(there._values[name], value, atol=1e-5), name
