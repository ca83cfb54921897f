"""Progress that packs tell, and cancelling inside their nodes."""

import threading

import pytest

from execution.context import CancelToken


def test_async_nodes_overlap_and_tell_progress(pack):
    bench = pack("""
import asyncio
from comfy.utils import ProgressBar
from comfy_api.v0_0_2 import ComfyAPI, ComfyAPISync
api, api_sync = ComfyAPI(), ComfyAPISync()
waiting = set()
both = None
class Waits(Base):
    async def go(self, x):
        global both
        both = both or asyncio.Event()
        waiting.add(x)
        if len(waiting) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 30)  # passes only if the two overlap
        bar = ProgressBar(2)
        for _ in range(2):
            bar.update(1)
            await asyncio.sleep(0)
        await api.execution.set_progress(0.5, 2.5)
        return (x,)
class Sync(Base):
    def go(self, x):
        bar = ProgressBar(10, node_id="ignored")
        bar.update_absolute(2.5)
        bar.update(1)
        bar.update_absolute(20, 4, None)
        api_sync.execution.set_progress(value=1, max_value=3)
        return (x,)
""")
    prompt = {"1": ("Waits", {"x": 1}), "2": ("Waits", {"x": 2}), "3": ("Add", {"a": ["1", 0], "b": ["2", 0]})}
    assert bench.value(prompt, "3") == [3]
    assert sorted(bench.progress()) == sorted([(1, 2), (2, 2), (0.5, 2.5)] * 2)
    assert bench.value({"1": ("Sync", {"x": 1})}, "1") == [1]
    assert bench.progress() == [(2.5, 10), (3.5, 10), (4, 4), (1, 3)]


CANCELLING = """
import comfy.model_management as mm
from comfy.utils import ProgressBar
import threading
entered = threading.Event()
class Spins(Base):
    def go(self, x):
        bar = ProgressBar(10**9)
        entered.set()
        while True:
            bar.update(1)
class Asks(Base):
    def go(self, x):
        entered.set()
        while True:
            mm.throw_exception_if_processing_interrupted()
class Catches(Base):
    def go(self, x):
        entered.set()
        try:
            while not mm.processing_interrupted():
                pass
        except Exception:
            raise AssertionError("nothing is raised while asking")
        raise mm.InterruptProcessingException()
class AsyncSpins(Base):
    async def go(self, x):
        import asyncio
        bar = ProgressBar(10**9)
        entered.set()
        while True:
            bar.update(1)
            await asyncio.sleep(0)
"""


@pytest.mark.parametrize("kind", ["Spins", "Asks", "Catches", "AsyncSpins"])
def test_a_cancelled_run_stops_inside_the_nodes_of_packs(pack, kind):
    bench = pack(CANCELLING)
    token = CancelToken()
    entered = pack.variable("entered")

    def cancel():
        entered.wait()
        token.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    result = bench.run({"1": (kind, {"x": 1})}, ["1"], cancel=token)
    thread.join()
    assert result.status == "cancelled"
