"""Short ways to write graphs and to run them."""

import json
from collections.abc import Callable
from typing import Any

from execution.engine import Engine, RunResult
from execution.events import NodeFinished, NodeStarted
from execution.graph import Graph, parse_prompt
from execution.legacy import class_node
from execution.node import declared_node
from execution.registry import Registry


def registry(*nodes: Any) -> Registry:
    """Of functions declared with @node and of classes, which go by their own name."""
    return Registry([class_node(one.__name__, one) if isinstance(one, type) else declared_node(one) for one in nodes])


def graph(**nodes: Any) -> Graph:
    """`graph(a=("Type", {"x": 1, "y": ["b", 0]}))`."""
    return parse_prompt({key.removeprefix("n"): {"class_type": t, "inputs": i} for key, (t, i) in nodes.items()})


class Bench:
    """An engine that remembers the events of its last run."""

    def __init__(self, *nodes: Any, **options: Any) -> None:
        self.engine = Engine(registry(*nodes), **options)
        self.events: list[Any] = []

    def run(self, nodes: Graph, targets: Any = None, **options: Any) -> RunResult:
        self.events = []
        return self.engine.run_sync(nodes, targets, sink=self.events.append, **options)

    def value(self, nodes: Graph, target: str, slot: int = 0, **options: Any) -> list[Any]:
        """The items of an output; the run must succeed."""
        result = self.run(nodes, [target], **options)
        if result.error is not None:
            raise result.error
        return result.outputs[target][slot]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def started(self) -> list[str]:
        return [event.node.id for event in self.of(NodeStarted)]

    def finished(self) -> list[str]:
        return [event.node.id for event in self.of(NodeFinished)]


def recording(calls: list[Any]) -> Callable[..., None]:
    """Notes what it is called with."""
    return lambda *values: calls.append(values[0] if len(values) == 1 else values)


def as_json(value: Any) -> Any:
    """A value after a trip over the wire."""
    return json.loads(json.dumps(value))
