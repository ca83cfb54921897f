"""Workflows damaged at random are converted or refused with a sentence, never with a traceback."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

import pytest

from execution.problems import WorkflowError
from execution.workflow import read_workflow
from tests.execution.test_workflow_group_nodes import group, surroundings, use
from tests.execution.test_workflow_subgraphs import instance, text_graph
from tests.execution.workflow_samples import convert, ui_node, workflow

JUNK: list[Any] = [None, True, -1, 0, 3.5, 1e300, float("inf"), float("nan"), "", "x", "-10", [], {}, [1], [None] * 6]
JUNK += ["\ud800", {"name": 3}, "workflow>mine", "texts", "Reroute", "PrimitiveNode", 2, 4, [[1, 1, 0, 1, 0, "*"]]]


def sample() -> dict[str, Any]:
    """A workflow with a group node, subgraphs, reroutes, primitives and a bypassed node."""
    nodes, links = surroundings()
    nodes += [use(), instance(20, values=["a"], clip=21), instance(30, properties={"proxyWidgets": [["5", "text"]]})]
    nodes += [ui_node(40, "Reroute", None, [("", "*", 41)], ["*"]), ui_node(50, "PrimitiveNode", [3], outputs=["INT"])]
    nodes += [ui_node(60, "LoraLoader", ["l", 1.0], [("model", "MODEL", 61)], ["MODEL"], mode=4)]
    nodes += [ui_node(70, "KSampler", [1, "fixed", 2], [("model", "MODEL", 71), ("steps", "INT", 72, "steps")])]
    links += [[21, 40, 0, 20, 0, "*"], [41, 1, 1, 40, 0, "*"], [61, 1, 0, 60, 0, "MODEL"], [71, 60, 0, 70, 0, "MODEL"]]
    links += [[72, 50, 0, 70, 1, "INT"]]
    return workflow(nodes, links, (text_graph(),), groupNodes={"mine": group()})


def damage(written: dict[str, Any], random: Random) -> None:
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [written]
    for holder in waiting:
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            places.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])
    for holder, key in random.sample(places, random.randint(1, 6)):
        holder[key] = copy.deepcopy(random.choice(JUNK))


@pytest.mark.parametrize("start", range(5))
def test_damaged_workflows(start):
    converted = 0
    for seed in range(start * 100, start * 100 + 100):
        written = sample()
        damage(written, Random(seed))
        try:
            document = read_workflow(written).document
            json.dumps(convert(document).prompt)
            converted += 1
        except WorkflowError as error:
            assert str(error).endswith(".")
    assert converted > 50
