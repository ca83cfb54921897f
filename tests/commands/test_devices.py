"""Which devices get a worker."""

import pytest

from commands import devices
from commands.devices import choose_devices, cuda_devices
from commands.errors import UsageProblem


@pytest.fixture
def gpus(tmp_path, monkeypatch):
    folder = tmp_path / "gpus"
    for number in range(3):
        (folder / f"0000:0{number}:00.0").mkdir(parents=True)
    monkeypatch.setattr(devices, "NVIDIA_DEVICES", folder)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_every_cuda_device_gets_a_worker(gpus):
    assert choose_devices(None, cpu=False) == ["cuda:0", "cuda:1", "cuda:2"]


@pytest.mark.parametrize(("visible", "count"), [("1", 1), ("0,2", 2), ("", 0), ("-1", 0), ("0,1,2,3,4", 3)])
def test_cuda_visible_devices_is_honoured(gpus, monkeypatch, visible, count):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert cuda_devices() == count


def test_without_several_of_them_one_worker_chooses_for_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "NVIDIA_DEVICES", tmp_path / "none")
    assert choose_devices(None, cpu=False) == ["auto"]


def test_the_user_decides(gpus):
    assert choose_devices(None, cpu=True) == ["cpu"]
    assert choose_devices("cuda:1, cpu", cpu=False) == ["cuda:1", "cpu"]


@pytest.mark.parametrize("wanted", ["gpu", "cuda:x", "", ",", "cpu;cpu"])
def test_no_device_is_refused(wanted):
    with pytest.raises(UsageProblem, match="--devices"):
        choose_devices(wanted, cpu=False)
