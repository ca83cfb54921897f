"""The disk tier: whole results or none, bounded, never in the way."""

import json
import os
import random
import threading

import pytest

from execution.store import DiskStore

KEY = "0123456789abcdef" * 2


def key(number):
    return f"{number:032x}"


class JsonCodec:
    """Values as JSON; says of anything else that it cannot be kept."""

    def size(self, outputs):
        try:
            return len(json.dumps(outputs))
        except TypeError:
            return None

    def encode(self, outputs):
        return json.dumps(outputs).encode()

    def decode(self, data):
        return json.loads(data)


@pytest.fixture
def store(tmp_path):
    store = DiskStore(tmp_path / "results", JsonCodec())
    yield store
    store.close()


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_result_survives_its_process(tmp_path, store):
    assert store.write_later(KEY, [["a", 1]], 2.0)
    store.close()
    again = DiskStore(tmp_path / "results", JsonCodec())
    assert KEY in again
    found = again.read(KEY)
    assert found.outputs == [["a", 1]]
    assert found.seconds == 2.0


def test_a_result_is_there_while_it_is_being_written(tmp_path):
    class Slow(JsonCodec):
        go = threading.Event()

        def encode(self, outputs):
            self.go.wait()
            return super().encode(outputs)

    store = DiskStore(tmp_path, Slow())
    store.write_later(KEY, [["a"]], 1.0)
    assert KEY in store
    assert store.read(KEY).outputs == [["a"]]
    assert files(tmp_path) == []
    Slow.go.set()
    store.close()
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("outputs, seconds", [([[object()]], 9.0), ([[1]], 0.01), ([["x" * 2_000_000]], 0.055)])
def test_what_cannot_be_kept_or_is_quicker_made_is_not(tmp_path, store, outputs, seconds):
    assert not store.write_later(KEY, outputs, seconds)
    assert KEY not in store
    store.flush()
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["", "x", "../" * 10 + "0" * 2, KEY.upper() + "G", "/etc/passwd", KEY + "\n"])
def test_only_keys_are_file_names(tmp_path, store, name):
    assert not store.write_later(name, [[1]], 9.0)
    assert name not in store
    assert store.read(name) is None


def test_torn_and_damaged_entries_are_misses_and_go(tmp_path, store):
    store.write_later(KEY, [["value" * 20]], 1.0)
    store.flush()
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    generator = random.Random(1)
    damaged = [whole[: generator.randrange(len(whole))] for _ in range(50)]
    for _ in range(50):
        place = generator.randrange(len(whole))
        damaged.append(whole[:place] + bytes([whole[place] ^ 1 << generator.randrange(8)]) + whole[place + 1 :])
    for content in [*damaged, b"", whole + b"x"]:
        path.write_bytes(content)
        assert store.read(KEY) is None
        assert not path.exists()
    path.write_bytes(whole)
    assert store.read(KEY).outputs == [["value" * 20]]


def test_what_the_codec_no_longer_understands_is_a_miss(tmp_path, store):
    store.write_later(KEY, [[1]], 1.0)
    store.close()

    class Newer(JsonCodec):
        def decode(self, data):
            raise ValueError("no such type any more")

    newer = DiskStore(tmp_path / "results", Newer())
    assert newer.read(KEY) is None


def test_what_was_used_longest_ago_goes_first(tmp_path):
    store = DiskStore(tmp_path, JsonCodec(), max_bytes=10_000)
    for number in range(8):
        store.write_later(key(number), [["x" * 1000]], 1.0)
        store.flush()
        os.utime(store._path(key(number)), ns=(number * 10**9, number * 10**9))
    store.read(key(0))  # now it is the youngest
    for number in range(8, 11):
        store.write_later(key(number), [["x" * 1000]], 1.0)
        store.flush()
    store.close()
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 10_000
    assert key(0) in store
    assert key(1) not in store
    assert key(10) in store


def test_processes_that_share_a_folder_keep_its_bound_together(tmp_path):
    stores = [DiskStore(tmp_path, JsonCodec(), max_bytes=100_000) for _ in range(4)]
    for number in range(400):
        store = stores[number % 4]
        store.write_later(key(number), [["x" * 900]], 1.0)
        store.flush()
        assert sum(path.stat().st_size for path in files(tmp_path)) < 150_000
    for store in stores:
        store.close()


def test_too_much_waiting_is_dropped_and_blocks_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr("execution.store.BACKLOG", 3000)
    go = threading.Event()

    class Slow(JsonCodec):
        def encode(self, outputs):
            go.wait()
            return super().encode(outputs)

    store = DiskStore(tmp_path, Slow())
    kept = [store.write_later(key(number), [["x" * 1000]], 1.0) for number in range(10)]
    assert kept == [True] * 2 + [False] * 8
    go.set()
    store.close()
    assert [key(number) in store for number in range(10)] == kept


def test_a_full_disk_is_told_once_and_harms_nothing(tmp_path, monkeypatch):
    told = []
    store = DiskStore(tmp_path, JsonCodec(), tell=told.append)

    def full(self, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    for number in range(3):
        store.write_later(key(number), [[1]], 1.0)
    store.flush()
    assert len(told) == 1
    assert "No space left on device" in told[0]
    assert files(tmp_path) == []
    assert key(1) not in store
    monkeypatch.undo()
    store.write_later(key(1), [[1]], 1.0)
    store.close()
    assert key(1) in store


def test_a_codec_that_fails_harms_no_other_result(tmp_path):
    """What a node has changed since, say, while it was being read on the other thread."""

    class Failing(JsonCodec):
        def encode(self, outputs):
            if outputs == [["bad"]]:
                raise RuntimeError("dictionary changed size during iteration")
            return super().encode(outputs)

    told = []
    store = DiskStore(tmp_path, Failing(), tell=told.append)
    store.write_later(key(1), [["bad"]], 1.0)
    store.write_later(key(2), [["good"]], 1.0)
    store.close()
    assert [number for number in (1, 2) if key(number) in store] == [2]
    assert len(told) == 1 and "dictionary changed size" in told[0]


def test_clear_forgets_everything(tmp_path, store):
    store.write_later(KEY, [[1]], 1.0)
    store.clear()
    assert KEY not in store
    assert files(tmp_path) == []


def test_half_written_files_of_dead_processes_count_and_go(tmp_path):
    (tmp_path / "ab").mkdir(parents=True)
    left = tmp_path / "ab" / "0123.tmp"
    left.write_bytes(b"x" * 9000)
    os.utime(left, ns=(1, 1))
    store = DiskStore(tmp_path, JsonCodec(), max_bytes=10_000)
    store.write_later(KEY, [["x" * 2000]], 1.0)
    store.close()
    assert not left.exists()
    assert KEY in store
