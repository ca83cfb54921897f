"""How much memory nodes take."""

import mmap
import sys

import pytest
import torch

from commands.node_memory import ProcessMeter, meter_for

MEBIBYTE = 2**20

if sys.platform != "linux":
    pytest.skip("Only Linux lets the highest memory of a process be counted anew.", allow_module_level=True)


def fresh(size):
    """So many MiB, used, that come from the system: an allocator would give again what earlier tests have freed."""
    taken = mmap.mmap(-1, size * MEBIBYTE)
    for _ in range(size):
        taken.write(bytes(MEBIBYTE))
    return taken


@pytest.fixture
def meter():
    made = ProcessMeter.where_possible()
    if made is None:
        pytest.skip("This kernel does not let the highest memory be counted anew.")
    return made


def test_what_a_node_takes_is_measured_also_when_it_lets_go_of_it(meter):
    meter.begin()
    taken = fresh(64)
    assert 60 * MEBIBYTE < meter.peak(1.0) < 80 * MEBIBYTE
    taken.close()
    meter.begin()
    fresh(32).close()
    assert 30 * MEBIBYTE < meter.peak(1.0) < 45 * MEBIBYTE


def test_a_node_that_takes_nothing_has_nothing_told(meter):
    for _ in range(3):  # what the first calls need themselves
        meter.begin()
        meter.peak(1.0)
    assert meter.peak(1.0) is None or meter.peak(1.0) < MEBIBYTE


def test_where_the_kernel_refuses_nobody_measures(monkeypatch, tmp_path):
    monkeypatch.setattr("commands.node_memory.PROCESS", tmp_path)
    assert meter_for(torch.device("cpu")) is None
    (tmp_path / "clear_refs").touch()
    (tmp_path / "status").write_text("VmRSS:\t1 kB\n")
    assert meter_for(torch.device("cpu")) is None, "two ways to ask disagree"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu_its_memory_is_measured():
    meter = meter_for(torch.device("cuda", torch.cuda.current_device()))
    meter.begin()
    torch.ones(64 * MEBIBYTE // 4, device="cuda")
    assert meter.peak(1.0) >= 64 * MEBIBYTE
    assert meter.peak(0.0) is None
