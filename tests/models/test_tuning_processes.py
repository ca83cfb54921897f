"""Two processes that share every batch learn what one learns alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.tuning.errors import TuningError
from models.tuning.preparing import prepare
from models.tuning.state import read_state
from tests.models.small_models import relative
from tests.models.tuning_jobs import folder_of, job_of, settings_of, small_checkpoint, trainer_of

pytest.importorskip("accelerate", reason="several processes need accelerate, which is not installed")
ROOT = Path(__file__).resolve().parents[2]
TRAIN = {"steps": 3, "batch_size": 4, "accumulate": 2, "rate": 1e-2, "ema": 0.9}

MEMBER = """
import sys
sys.path.insert(0, {root!r})
import torch
torch.set_num_threads(1)
from pathlib import Path
from models.tuning.preparing import prepare
from models.tuning.processes import Together
from models.tuning.trainer import Trainer
from tests.models.small_models import relative
from tests.models.tuning_jobs import job_of, settings_of
root = Path({folder!r})
together = Together(cpu=True)
assert together.size == 2, together.size
job = job_of(root, settings_of(root / "pictures", train={train!r}), folder="together")
trainer = Trainer(prepare(job, together.device, together))
events = list(trainer.run())
assert any(type(event).__name__ == "Finished" for event in events) == (together.rank == 0)
together.close()
"""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def moments(state):
    return {name: kept["exp_avg"] for name, kept in state.optimizer["state"].items() if "exp_avg" in kept}


def joined(values):
    return torch.cat([values[name].flatten() for name in sorted(values)])


@pytest.fixture
def one_thread():
    """As many threads as each member has: sums of other lengths are rounded otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_two_processes_learn_what_one_does(tmp_path):
    small_checkpoint(tmp_path)
    folder_of(tmp_path / "pictures", [(64, 64)] * 3 + [(96, 64)] * 2)
    alone = trainer_of(job_of(tmp_path, settings_of(tmp_path / "pictures", train=TRAIN), folder="alone"))
    told = [event.loss for event in alone.run() if type(event).__name__ == "StepDone"]
    script = MEMBER.format(root=str(ROOT), folder=str(tmp_path), train=TRAIN)
    common = {
        **os.environ, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
    }  # fmt: skip
    members = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        )
        for rank in range(2)
    ]
    try:
        assert [member.wait(timeout=300) for member in members] == [0, 0]
    finally:
        for member in members:
            member.kill()
            member.wait()
    one, two = read_state(tmp_path / "alone"), read_state(tmp_path / "together")
    assert one.step == two.step == 3 and one.fixed == two.fixed
    begun = prepare(job_of(tmp_path, settings_of(tmp_path / "pictures", train=TRAIN), folder="begun"), "cpu")
    start = joined({name: value.detach() for name, value in begun.lesson.parameters.items()})
    # Adam's first moments are sums of the steps' gradients; the weights, which it divides by their size, less exact
    gradients = [joined(moments(state)) for state in (one, two)]
    assert relative(gradients[1], gradients[0]) < 1e-4
    assert relative(joined(two.values) - start, joined(one.values) - start) < 2e-3
    assert relative(joined(one.values), start) > 0.05  # what is compared was learned
    losses = (tmp_path / "together" / "loss.csv").read_text().splitlines()[1:]
    assert [float(line.split(",")[1]) for line in losses] == pytest.approx(told, rel=1e-5)
    assert len(list((tmp_path / "results" / "loras").iterdir())) == 2  # one each time


def test_a_batch_that_cannot_be_shared_is_told(tmp_path):
    class Three:
        rank, size = 0, 3

    settings = settings_of(folder_of(tmp_path / "pictures"), train={"batch_size": 4})
    with pytest.raises(TuningError, match="4, which 3 processes cannot share"):
        prepare(job_of(tmp_path, settings), "cpu", Three())
