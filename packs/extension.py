"""Packs in the newer style: `comfy_entrypoint()` gives an extension, which gives its node classes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from packs.reasons import said_by


class EntryPointError(Exception):
    """`comfy_entrypoint` did not give what it should; the text is a sentence."""


def extension_classes(entry: Callable[[], Any]) -> list[Any]:
    """The node classes that an entry point's extension has; each makes a class-style one by `as_class_style`.

    Raises:
        EntryPointError: the entry point or the extension failed, or gave something else.
    """
    try:
        classes = completed(_ask(entry))
    except EntryPointError:
        raise
    except Exception as error:  # a pack's own code, told to the user as a sentence
        raise EntryPointError(f"Its comfy_entrypoint failed: {said_by(error)}.") from error
    for cls in classes:
        if not isinstance(cls, type) or not callable(getattr(cls, "as_class_style", None)):
            raise EntryPointError(f"Its comfy_entrypoint gave {cls!r}, which is no node class.")
    return classes


async def _ask(entry: Callable[[], Any]) -> list[Any]:
    extension = await _awaited(entry())
    load: Any = getattr(extension, "on_load", None)
    if callable(load):
        await _awaited(load())
    ask: Any = getattr(extension, "get_node_list", None)
    if not callable(ask):
        raise EntryPointError("Its comfy_entrypoint gave no extension: it has no get_node_list.")
    given = await _awaited(ask())
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes)):
        raise EntryPointError("The get_node_list of its extension gave no list of classes.")
    return list(cast("Iterable[Any]", given))


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def completed(work: Awaitable[Any]) -> Any:
    """What a coroutine gives, also where this thread runs an event loop already."""

    async def run() -> Any:
        return await work

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(run())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()
