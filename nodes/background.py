"""Encoding and writing files beside the device's thread, so that the next node need not wait for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from execution.node import Context

T = TypeVar("T")


class Background:
    """One thread that does what it is given in the order in which it is asked; a service of the engine."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="saving")

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. When the waiting task is cancelled, work that has begun is waited for all the same.

        Raises:
            Exception: what `work` raises.
        """
        doing = self._pool.submit(work)
        done = asyncio.wrap_future(doing)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            doing.cancel()
            await asyncio.wait([done])
            if not done.cancelled():
                done.exception()  # heard of, though nobody can be told any more
            raise

    def begin(self, work: Callable[[], object]) -> None:
        """Do something when its turn comes; nobody waits for it, so it must deal with its own failures."""
        self._pool.submit(work)

    def close(self) -> None:
        """End the thread once all is done."""
        self._pool.shutdown()


async def in_background(ctx: Context, work: Callable[[], T]) -> T:
    """Do some work on the engine's background thread, or here and now where there is none."""
    background = ctx.optional(Background)
    return work() if background is None else await background.run(work)
