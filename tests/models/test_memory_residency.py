"""Which networks are on the device, told by where their weights lie. The device is a part of main memory here."""

import gc

import pytest
import torch
from torch import nn

from execution.sizes import measure
from models.memory import DeviceError, DeviceMemory, Dtypes, MemoryReport

SIZE = 4 * 100 * 100  # bytes of a network below


class SmallDevice(DeviceMemory):
    """A device with room for two networks."""

    def report(self):
        resident = sum(guest.size for guest in self._guests.values())
        return MemoryReport(2 * SIZE, 2 * SIZE - resident, resident)

    def _copy(self, home):
        return home.clone()


@pytest.fixture
def device():
    return SmallDevice(torch.device("meta"), Dtypes(torch.float32, torch.float32, torch.float32), reserve=0)


def network():
    module = nn.Linear(100, 100, bias=False)
    module.home = module.weight.data_ptr()
    return module


def place(module):
    return "home" if module.weight.data_ptr() == module.home else "device"


def test_what_is_on_the_device_is_not_charged_to_values_that_refer_to_it(device):
    module = network()
    with device.resident(module):
        pass
    assert measure([device]) == []


def test_a_network_stays_until_room_is_needed(device):
    first, second, third = network(), network(), network()
    for module in (first, second):
        with device.resident(module) as there:
            assert there is module
            assert place(module) == "device"
    with device.resident(first):
        pass
    assert device.report().resident == 2 * SIZE
    with device.resident(third):
        assert [place(module) for module in (first, second, third)] == ["device", "home", "device"]


def test_weights_come_home_as_they_were(device):
    module = network()
    weight = module.weight
    with device.resident(module):
        assert module.weight is weight
    assert place(module) == "device"
    assert device.free() == SIZE
    assert place(module) == "home"
    assert module.weight is weight
    assert device.report().resident == 0


def test_what_is_in_use_is_not_evicted(device):
    first, second, third = network(), network(), network()
    with device.resident(first), device.resident(second):
        assert device.free() == 0
        with device.resident(third):  # it is tried all the same: the estimate of free memory may be low
            assert [place(module) for module in (first, second, third)] == ["device"] * 3
    assert device.free() == 3 * SIZE


def test_a_network_stays_in_use_until_its_outermost_block_ends(device):
    module = network()
    with device.resident(module):
        with device.resident(module):
            pass
        assert device.free() == 0
    assert device.free() == SIZE


def test_a_network_in_use_is_released_after_an_error(device):
    module = network()
    with pytest.raises(RuntimeError, match="failed"), device.resident(module):
        raise RuntimeError("the sampler failed")
    assert device.free() == SIZE


def test_networks_that_nobody_holds_are_forgotten(device):
    with device.resident(network()):
        pass
    gc.collect()
    assert device.report().resident == 0


def test_on_a_cpu_nothing_moves():
    memory = DeviceMemory.choose("cpu")
    module = network()
    with memory.resident(module):
        assert place(module) == "home"
    assert memory.report() == MemoryReport(0, 0, 0)
    assert memory.free() == 0
    assert memory.dtypes == Dtypes(torch.float32, torch.float32, torch.float32)


def test_out_of_memory_is_tried_again_smaller(device):
    idle = network()
    with device.resident(idle):
        pass

    def whole():
        raise torch.OutOfMemoryError("too large")

    assert device.retry_smaller(whole, lambda: place(idle)) == "home"
    assert device.retry_smaller(lambda: "whole", whole) == "whole"
    with pytest.raises(torch.OutOfMemoryError):
        device.retry_smaller(whole, whole)


def test_a_format_can_be_chosen_but_not_for_the_vae():
    memory = DeviceMemory.choose("cpu", dtype=torch.bfloat16)
    assert memory.dtypes == Dtypes(torch.bfloat16, torch.bfloat16, torch.float32)


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cuda:-1", "cuda:²", "", "cpu:1", "cuda:99"])
def test_devices_that_are_not_there(name):
    with pytest.raises(DeviceError, match="Choose"):
        DeviceMemory.choose(name)


def test_auto_finds_a_device():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert DeviceMemory.choose("auto").device.type == expected
