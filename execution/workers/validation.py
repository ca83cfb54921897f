"""Judging a prompt on the server: the catalogue says most, a worker is asked for node types' own validators."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any

from execution.graph import Graph, GraphNode
from execution.schema import ListFiles, NodeSpec
from execution.validate import Validation, validate
from execution.validate_values import HasFile, PathOf

LARGE = 300  # nodes; larger graphs are judged on a thread, so that nobody waits meanwhile

Question = list[Any]
"""[node id, type, inputs, received types]."""
AskWorker = Callable[[list[Question]], Awaitable[list[Any] | None]]
"""Has a worker judge; None: nobody could, and the prompt is taken as it is."""


async def judge(
    graph: Graph,
    catalogue: Mapping[str, NodeSpec],
    list_files: ListFiles,
    targets: Collection[str] | None,
    *,
    has_file: HasFile | None,
    path_of: PathOf | None,
    ask: AskWorker,
) -> Validation:
    """The verdict on a prompt: a first pass collects what node types want to judge themselves, a second has answers."""
    questions: list[Question] = []

    def collect(node: GraphNode, _spec: NodeSpec, values: Mapping[str, Any], received: Mapping[str, str]) -> None:
        questions.append([node.id, node.type, dict(values), {name: str(type) for name, type in received.items()}])

    check = partial(validate, graph, catalogue, list_files, targets, has_file=has_file, path_of=path_of)
    verdict = await _on_thread(partial(check, custom=collect), len(graph))
    if not questions:
        return verdict
    answers = await ask(questions)
    if answers is None or all(answer is None for answer in answers):
        return verdict
    said = {question[0]: answer for question, answer in zip(questions, answers, strict=True)}

    def answered(node: GraphNode, _spec: NodeSpec, _values: Any, _received: Any) -> str | None:
        return said.get(node.id)

    return await _on_thread(partial(check, custom=answered), len(graph))


async def _on_thread(check: Callable[[], Validation], nodes: int) -> Validation:
    return check() if nodes <= LARGE else await asyncio.to_thread(check)
