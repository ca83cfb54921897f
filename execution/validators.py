"""Asking node types for their own opinion of their inputs (`VALIDATE_INPUTS`)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

from execution.graph import GraphNode
from execution.registry import Registry
from execution.schema import NodeSpec
from execution.validate import CustomCheck


def own_validators(registry: Registry) -> CustomCheck:
    """The `custom` argument of `validate` for the nodes of a registry, in a program without a running event loop."""

    def ask(node: GraphNode, spec: NodeSpec, values: Mapping[str, Any], received: Mapping[str, str]) -> str | None:
        validator = registry[node.type].validate
        if validator is None:
            return None
        given = dict(values)
        if spec.validates is not None and "input_types" in spec.validates:
            given["input_types"] = dict(received)
        try:
            answer: Any = validator(**given)
            if inspect.isawaitable(answer):
                answer = asyncio.run(_awaited(answer))
        except Exception as error:  # noqa: BLE001 - somebody else's code: its failure is a problem of that node alone
            return f"its validator failed ({type(error).__name__}: {error})"
        return None if answer is True else answer if isinstance(answer, str) else ""

    return ask


async def _awaited(answer: Any) -> Any:
    return await answer
