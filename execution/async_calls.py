"""Calling async nodes: all items at once, lazy inputs when they ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from execution.calls import Caller, node_error
from execution.errors import Cancelled, NodeError
from execution.graph import Link
from execution.lazy import Given, Lazy
from execution.mapping import Result, Values, arguments, count_calls
from execution.results import Blocked
from execution.work import Work

Ask = Callable[[Work, Link], Awaitable[list[Any]]]
"""Has what a lazy input is linked to computed; its items."""


class BlockedInputError(Exception):
    """A lazy input that a node asked for carries a blocker: the node's call ends there."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(blocked.message)
        self.blocked = blocked


class LinkedInput(Lazy[Any]):
    """A lazy input of one call that is linked to another node."""

    def __init__(self, fetch: Callable[[], Awaitable[list[Any]]], row: int, whole: bool) -> None:
        self._fetch = fetch
        self._row = row
        self._whole = whole

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._value().__await__()

    async def _value(self) -> Any:
        items = {"value": await self._fetch()}
        if not count_calls(items, self._whole):
            raise BlockedInputError(Blocked())  # an empty list: there is nothing to give
        found = arguments(items, self._row, self._whole)
        if isinstance(found, Blocked):
            raise BlockedInputError(found)
        return found["value"]


class AsyncCalls:
    """The calls of one async node."""

    def __init__(self, caller: Caller, work: Work, ask: Ask) -> None:
        self._caller = caller
        self._work = work
        self._ask = ask
        self._whole = work.plan.spec.input_is_list
        self._fetched: dict[str, list[Any]] = {}  # lazy input -> its items, once asked for
        self._lazy = self._lazy_links()

    def _lazy_links(self) -> dict[str, Link]:
        if not self._work.plan.node.awaits_inputs:
            return {}
        lazy = self._work.plan.lazy
        return {name: link for name, link in self._work.node.links() if name in lazy}

    async def run(self, values: Values) -> list[Result]:
        """All results, in the order of the items.

        A lazy input may turn out to have more items than the inputs known before; then the node is called for the
        rest of them too.

        Raises:
            NodeError: a call failed; the others are given up.
            Cancelled: a call noticed that the run was cancelled.
        """
        renamed = self._work.plan.node.parameters
        lazy = {renamed.get(name, name) for name in self._lazy}
        known = {name: items for name, items in values.items() if name not in lazy}
        count = count_calls(known, self._whole)
        results: list[Result] = []
        while len(results) < count:
            results += await self._calls(known, range(len(results), count))
            if not self._whole:
                count = max([count, *map(len, self._fetched.values())])
        return results

    async def _calls(self, values: Values, rows: range) -> list[Result]:
        if len(rows) == 1:
            return [await self._call(values, rows[0])]
        tasks = [asyncio.create_task(self._call(values, row)) for row in rows]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _call(self, values: Values, row: int) -> Result:
        node = self._work.plan.node
        given = arguments(values, row, self._whole)
        if isinstance(given, Blocked):
            return given
        for name in self._work.plan.lazy if node.awaits_inputs else ():
            parameter = node.parameters.get(name, name)
            if name in self._lazy:
                given[parameter] = LinkedInput(lambda name=name: self._fetch(name), row, self._whole)
            elif parameter in given:
                given[parameter] = Given(given[parameter])
        try:
            return node.read(await self._caller.await_one(self._work, row, given))
        except BlockedInputError as blocked:
            return blocked.blocked
        except (Cancelled, NodeError):
            raise
        except Exception as error:
            raise node_error(self._work.ref, error, values) from error

    async def _fetch(self, name: str) -> list[Any]:
        items = self._fetched[name] = await self._ask(self._work, self._lazy[name])
        return items
