"""Memory in front of the disk, through the engine: what a new process does not compute again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from execution.cache import MemoryCache
from execution.engine import Engine
from execution.events import Cached, NodeStarted
from execution.node import Ui, node
from execution.store import DiskStore
from execution.tiered import TieredCache
from tests.execution.engine_helpers import graph, registry
from tests.execution.test_store_disk import JsonCodec


class Reading(JsonCodec):
    """Notes which values are read back."""

    def __init__(self):
        self.read = []

    def decode(self, data):
        value = super().decode(data)
        self.read.append(value[0][0])
        return value


@pytest.fixture(autouse=True)
def worth_it(monkeypatch):
    monkeypatch.setattr("execution.store.WORTH_SECONDS", 0.0)


class Session:
    """A process's engine over a shared folder, without the process."""

    def __init__(self, folder, *nodes, session=""):
        self.codec = Reading()
        self.cache = TieredCache(MemoryCache(), DiskStore(folder, self.codec))
        self.engine = Engine(registry(*nodes), cache=self.cache, session=session)
        self.events = []

    def run(self, nodes, targets=None):
        self.events = []
        result = self.engine.run_sync(nodes, targets, sink=self.events.append)
        assert result.status == "success", result.error
        self.cache.disk.flush()
        return result

    def started(self):
        return [event.node.id for event in self.events if isinstance(event, NodeStarted)]

    def cached(self):
        return [one for event in self.events if isinstance(event, Cached) for one in event.nodes]


@node("Make", category="t")
def make(*, text: str = "") -> str:
    return f"made {text}"


@node("Add", category="t")
def add(*, text: str, more: str = "") -> str:
    return f"{text}+{more}"


@node("Show", category="t", output=True)
def show(*, text: str = "") -> Ui:
    return Ui({"text": [text]})


CHAIN = graph(
    n1=("Make", {"text": "a"}),
    n2=("Add", {"text": ["1", 0], "more": "b"}),
    n3=("Add", {"text": ["2", 0], "more": "c"}),
    n4=("Show", {"text": ["3", 0]}),
)


def test_a_new_process_takes_results_from_disk_and_loads_no_more_than_it_needs(tmp_path):
    first = Session(tmp_path, make, add, show)
    first.run(CHAIN)
    first.engine.close()
    second = Session(tmp_path, make, add, show)
    result = second.run(CHAIN)
    assert second.started() == ["4"]  # outputs are not kept on disk: what they do is their point
    assert sorted(second.cached()) == ["1", "2", "3"]
    assert second.codec.read == ["made a+b+c"]
    assert result.ui["4"] == {"text": ["made a+b+c"]}
    second.run(CHAIN)
    assert second.started() == []  # by now memory has it all
    assert second.codec.read == ["made a+b+c"]
    second.engine.close()


def test_a_result_lost_since_the_run_began_is_computed_again_and_told_so(tmp_path):
    first = Session(tmp_path, make, add, show)
    first.run(CHAIN)
    first.engine.close()
    for path in tmp_path.rglob("*.result"):
        path.write_bytes(path.read_bytes()[:-1])
    second = Session(tmp_path, make, add, show)
    result = second.run(CHAIN)
    assert second.started() == ["1", "2", "3", "4"]
    assert result.cached == []
    assert result.ui["4"] == {"text": ["made a+b+c"]}
    second.engine.close()


def test_what_no_later_run_can_ask_for_is_not_kept(tmp_path):
    @node("Always", category="t", fingerprint=lambda: float("nan"))
    def always(*, text: str = "") -> str:
        return text

    nodes = graph(n1=("Always", {"text": "a"}), n2=("Add", {"text": ["1", 0]}), n3=("Make", {"text": "b"}))
    session = Session(tmp_path, always, make, add, show)
    session.run(nodes, ["2", "3"])
    session.engine.close()
    assert len(list(tmp_path.rglob("*.result"))) == 1  # that of node 3


class PackNode:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "go"
    CATEGORY = "t"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {})}}

    def go(self, text):
        return (f"pack {text}",)


def test_results_of_node_packs_are_taken_within_one_session_only(tmp_path):
    nodes = graph(n1=("PackNode", {"text": "a"}), n2=("Make", {"text": "b"}))
    for name, started in (("one", ["1", "2"]), ("one", []), ("two", ["1"])):
        session = Session(tmp_path, PackNode, make, session=name)
        session.run(nodes, ["1", "2"])
        assert session.started() == started
        session.engine.close()


def test_forgetting_reaches_the_disk(tmp_path):
    session = Session(tmp_path, make, add, show)
    session.run(CHAIN)
    session.engine.forget()
    session.run(CHAIN)
    assert session.started() == ["1", "2", "3", "4"]
    session.engine.close()


@node("Gate", category="t")
def gate(*, text: str) -> str:
    """Where the first process waits to be killed."""
    print("at the gate", flush=True)
    if os.environ["GATE"] == "closed":
        sys.stdin.read()
    return text


GATED = graph(
    n1=("Make", {"text": "a"}),
    n2=("Add", {"text": ["1", 0], "more": "b"}),
    n3=("Gate", {"text": ["2", 0]}),
    n4=("Show", {"text": ["3", 0]}),
)

PROCESS = """
import sys
from pathlib import Path
from execution import store
store.WORTH_SECONDS = 0.0
from tests.execution import test_store_tiers as given
session = given.Session(Path(sys.argv[1]), given.make, given.add, given.gate, given.show)
session.run(given.GATED)
print(session.started())
session.engine.close()
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_a_killed_run_goes_on_after_its_last_finished_node_in_a_new_process(tmp_path):
    def process(gate):
        return subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path)],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "GATE": gate},
        )

    with process("closed") as first:
        try:
            assert first.stdout.readline() == "at the gate\n"
            while len(list(tmp_path.rglob("*.result"))) < 2:  # the store's own thread writes them
                assert first.poll() is None
                os.sched_yield()
        finally:
            os.kill(first.pid, signal.SIGKILL)
    with process("open") as second:
        said = second.stdout.read().splitlines()
        assert second.wait() == 0
    assert said == ["at the gate", "['3', '4']"]
