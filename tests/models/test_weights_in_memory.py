"""What models cost a cache that counts bytes."""

import pytest
import torch

from execution.cache import Entry, MemoryCache
from execution.main_memory import GIB, default_cache_bytes, main_memory
from execution.sizes import measure
from models.checkpoint import load_checkpoint
from models.memory import DeviceMemory
from tests.models.small_models import make


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "base.safetensors"
    make("sdxl").save(path)
    return load_checkpoint(path, DeviceMemory.choose("cpu"))


def weights(*networks):
    return sum(p.nbytes for network in networks for p in (*network.parameters(), *network.buffers()))


def size(value):
    return sum(dict(measure(value)).values())


def test_handles_weigh_what_their_networks_do(checkpoint):
    assert size(checkpoint.model) == weights(checkpoint.model.network) > 100_000
    assert size(checkpoint.vae) == weights(checkpoint.vae.network) > 100_000
    assert size(checkpoint.clip) == weights(*checkpoint.clip.encoders) > 100_000


def test_handles_to_one_network_weigh_once(checkpoint):
    changed = checkpoint.model.with_tweak("changed")
    skipped = checkpoint.clip.with_layer(-2)
    assert size([checkpoint.model, changed, checkpoint.clip, skipped]) == size([checkpoint.model, checkpoint.clip])


def test_a_network_weighs_the_same_piece_wherever_its_data_lies(checkpoint):
    before = list(measure(checkpoint.vae))
    parameter = next(checkpoint.vae.network.parameters())
    home = parameter.data
    parameter.data = home.clone()  # as when it is brought to a device
    assert list(measure(checkpoint.vae)) == before
    parameter.data = home


def test_a_cache_lets_models_go_when_room_is_needed(checkpoint):
    each = size([checkpoint.model])
    cache = MemoryCache(int(each * 1.5))
    cache.put("model", "r", Entry([[checkpoint.model]], seconds=0.001))
    cache.put("changed", "r", Entry([[checkpoint.model.with_tweak("changed")]], seconds=0.001))
    assert each <= cache.bytes < each * 1.1  # shared
    cache.put("latent", "r", Entry([[torch.zeros(each // 4)]], seconds=100.0))
    assert "latent" in cache
    assert "model" not in cache
    assert "changed" not in cache


@pytest.mark.parametrize(
    "memory, wanted", [(8, 6.4), (16, 12.8), (24, 19.2), (32, 25.6), (48, 30), (64, 32), (512, 256)]
)
def test_the_default_holds_two_checkpoints_where_the_machine_does(memory, wanted):
    assert default_cache_bytes(memory * GIB) == pytest.approx(wanted * GIB, rel=1e-6)


def test_this_machine_has_memory():
    assert 2**28 < main_memory() < 2**50
    assert 0 < default_cache_bytes() < main_memory()
