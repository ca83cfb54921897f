"""What a thread enters for nodes holds for the code of async nodes as well, and for nothing else."""

import asyncio
from contextlib import contextmanager

import pytest

from execution.node import node
from execution.stepping import Stepped
from tests.execution.engine_helpers import Bench, graph


class Depth:
    def __init__(self):
        self.now = 0
        self.entered = 0

    @contextmanager
    def __call__(self):
        self.now += 1
        self.entered += 1
        try:
            yield
        finally:
            self.now -= 1


def test_the_context_holds_between_waits_and_not_during_them():
    depth = Depth()
    seen = []

    async def inner():
        seen.append(depth.now)
        await asyncio.sleep(0)
        seen.append(depth.now)
        return "done"

    async def other():
        await asyncio.sleep(0)
        seen.append(("other", depth.now))

    async def main():
        beside = asyncio.create_task(other())
        result = await Stepped(inner(), depth)
        await beside
        return result

    assert asyncio.run(main()) == "done"
    assert [one for one in seen if isinstance(one, int)] == [1, 1]
    assert ("other", 0) in seen
    assert depth.entered == 2


def test_failures_of_what_is_awaited_reach_the_coroutine():
    async def fails():
        await asyncio.sleep(0)
        raise KeyError("inner")

    async def handles():
        try:
            await asyncio.create_task(fails())
        except KeyError as error:
            raise ValueError("handled") from error

    async def main():
        await Stepped(handles(), Depth())

    with pytest.raises(ValueError, match="handled"):
        asyncio.run(main())


def test_a_cancelled_task_lets_the_coroutine_tidy_up_inside_the_context():
    depth = Depth()
    seen = []

    async def waits(ready):
        try:
            ready.set()
            await asyncio.Event().wait()
        finally:
            seen.append(depth.now)

    async def stepped(ready):
        return await Stepped(waits(ready), depth)

    async def main():
        ready = asyncio.Event()
        task = asyncio.create_task(stepped(ready))
        await ready.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == [1]
    assert depth.now == 0


def test_async_and_other_nodes_run_in_the_engines_thread_context():
    depth = Depth()

    @node("Waits", category="t", output=True)
    async def waits(*, n: int = 0) -> int:
        before = depth.now
        await asyncio.sleep(0)
        return min(before, depth.now)

    @node("Plain", category="t", output=True)
    def plain(*, n: int = 0) -> int:
        return depth.now

    bench = Bench(waits, plain, thread_context=depth)
    assert bench.value(graph(n1=("Plain", {})), "1") == [1]
    (inside,) = bench.value(graph(n1=("Waits", {})), "1")
    assert inside >= 1
    assert depth.now == 0
