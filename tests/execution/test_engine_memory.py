"""How big results are, and which go when memory runs out."""

import sys
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from execution.cache import Entry, MemoryCache
from execution.sizes import SMALL, measure


class Storage:
    def __init__(self, size):
        self.size = size

    def data_ptr(self):
        return id(self)

    def nbytes(self):
        return self.size


class Tensor:
    """Looks like a view of a torch storage."""

    device = "cpu"

    def __init__(self, storage, nbytes=1):
        self._storage = storage
        self.nbytes = nbytes

    def untyped_storage(self):
        return self._storage


class Array:
    """Looks like a numpy array or a view of one."""

    def __init__(self, nbytes, base=None):
        self.nbytes = nbytes
        self.base = base


class Elements:
    def element_size(self):
        return 4

    def nelement(self):
        return 10


class Handle:
    def memory_parts(self):
        return [("weights of x", 1000)]


@dataclass
class Record:
    first: Any
    second: Any


def size(value):
    return sum(count for _, count in measure(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 0),
        ("short", 0),
        ("x" * 100, 100),
        (Array(40), 40),
        (Elements(), 40),
        (Handle(), 1000),
        ([Handle(), Handle()], 1000),
        ([[Array(1), (Array(2), {"k": Array(4)})], Record(Array(8), None)], 15),
    ],
)
def test_sizes_of_nested_values(value, expected):
    assert size(value) == expected


def test_views_of_one_storage_count_once_and_whole():
    storage, array = Storage(500), Array(300)
    assert size([Tensor(storage), Tensor(storage, 4), {"x": Tensor(storage)}]) == 500
    assert size([array, Array(3, array), Array(1, Array(2, array))]) == 300


def test_values_that_hold_themselves_are_measured_once():
    ring: list = [Array(7)]
    ring.append(ring)
    assert size(ring) == 7


def test_depth_is_no_limit():
    deep: Any = [Array(7)]
    for _ in range(50_000):
        deep = [deep]
    assert size(deep) == 7
    while isinstance(deep, list):
        deep = deep.pop()


def entry(nbytes, seconds=0.0):
    return Entry([[Array(nbytes)]], seconds=seconds)


def test_bytes_are_bounded_and_shared_memory_counts_once():
    cache = MemoryCache(10_000)
    storage = Storage(6000)
    cache.put("a", "a", Entry([[Tensor(storage)]]))
    cache.put("b", "b", Entry([[Tensor(storage)]]))
    assert cache.bytes == 6000 + 2 * SMALL
    assert len(cache) == 2
    cache.put("c", "c", entry(5000))
    assert cache.bytes <= 10_000
    assert "c" in cache


def test_what_does_not_fit_at_all_is_not_kept_and_drives_nothing_out():
    cache = MemoryCache(1000)
    cache.put("a", "a", entry(500))
    cache.put("b", "b", entry(5000))
    assert "a" in cache
    assert "b" not in cache
    assert cache.bytes == 500 + SMALL


def test_what_was_used_last_stays_among_equals():
    cache = MemoryCache(4000)
    for key in "abc":
        cache.put(key, key, entry(1000, 1.0))
    cache.put("d", "d", entry(1000, 1.0))  # one of a, b, c goes, and ageing begins
    left = [key for key in "abc" if key in cache]
    cache.get(left[0], left[0])
    cache.put("e", "e", entry(1000, 1.0))
    assert left[0] in cache
    assert left[1] not in cache


def test_what_is_dear_stays_longer_than_what_is_cheap():
    cache = MemoryCache(4000)
    cache.put("dear", "dear", entry(1000, 60.0))
    for number in range(20):
        cache.put(str(number), str(number), entry(1000, 0.5))
    assert "dear" in cache
    for number in range(1000):  # but nothing stays for ever
        cache.put(f"x{number}", f"x{number}", entry(1000, 0.5))
    assert "dear" not in cache


def test_replacing_an_entry_counts_it_once():
    cache = MemoryCache(10_000)
    for _ in range(3):
        cache.put("a", "a", entry(1000))
    assert (cache.bytes, len(cache)) == (1000 + SMALL, 1)
    cache.clear()
    assert (cache.bytes, len(cache)) == (0, 0)


def test_classic_keeps_children_of_nodes_that_stay():
    cache = MemoryCache.classic()
    cache.put("parent", "parent", entry(1))
    cache.put("child", "parent", entry(1))
    cache.put("other", "other", entry(1))
    cache.begin_run(["parent"])
    assert ("parent" in cache, "child" in cache, "other" in cache) == (True, True, False)


def test_several_threads_may_use_it():
    cache = MemoryCache(50_000)

    def work(name):
        for number in range(500):
            cache.put(f"{name}{number}", name, entry(1000, 0.1))
            cache.get(f"{name}{number - 1}", name)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.bytes <= 50_000
    assert cache.bytes == len(cache) * (1000 + SMALL)


def test_torch_and_numpy_values_are_measured():
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is None or numpy is None:
        pytest.skip("nothing else has imported torch: this test is for the whole suite, where others have")
    base = torch.zeros(10, 10)
    assert size([base, base[0], base.T]) == 400
    array = numpy.zeros((10, 10), "float32")
    assert size([array, array[0], array.T[1:]]) == 400
