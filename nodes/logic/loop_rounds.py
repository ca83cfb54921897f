"""The rounds of a loop as nodes: copies of its body, each fed by what the one before gave.

A copy takes what it is given from the copies before it directly, never through the loop's start or end. So its cache
key says what it computes from and nothing else: more rounds, or another setting late in the body, leave the results
of earlier rounds as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from execution.dynamic_prompt import DynamicPrompt
from execution.graph import Link
from execution.subgraph import Subgraph, SubgraphNode
from nodes.logic.loop_body import Body

VALUES = ("value_1", "value_2", "value_3", "value_4")
"""What a loop carries from round to round."""

COLLECT = "collect"
AGAIN = "again"

PRIMITIVES: Mapping[type, str] = {
    str: "PrimitiveString",
    bool: "PrimitiveBoolean",
    int: "PrimitiveInt",
    float: "PrimitiveFloat",
}

Carried = dict[str, Any]
"""Value of `VALUES` -> where it comes from (a `Link`, an output of a planned node) or a constant; absent: nowhere."""


class Items(NamedTuple):
    """What a loop goes over."""

    values: Sequence[Any]
    source: Any  # the link that gives them


@dataclass(frozen=True)
class Template:
    """The body of a loop and what its start says of the rounds."""

    body: Body
    outputs: tuple[str, ...]  # of the start, in order
    inputs: Mapping[str, Mapping[str, Any]]  # node of the body -> its inputs
    types: Mapping[str, str]
    end_inputs: Mapping[str, Any]
    rounds: int  # at most
    items: Items | None

    def first_carried(self, start_inputs: Mapping[str, Any]) -> Carried:
        """What the first round is given."""
        return {name: start_inputs[name] for name in VALUES if name in start_inputs}


def template_of(
    graph: DynamicPrompt, body: Body, outputs: tuple[str, ...], rounds: int, items: Items | None
) -> Template:
    """The loop around a body as it stands in the graph."""
    return Template(
        body,
        outputs,
        {one: dict(graph.inputs(one)) for one in body.nodes},
        {one: graph.type_of(one) for one in body.nodes},
        dict(graph.inputs(body.end)),
        rounds,
        items,
    )


class Round:
    """One round being planned into a subgraph."""

    def __init__(self, template: Template, plan: Subgraph, number: int, carried: Carried) -> None:
        self._template = template
        self._plan = plan
        self._number = number
        self._carried = carried
        self._given: dict[str, Any] = {}  # output of the start -> what stands for it in this round
        self._copies: dict[str, SubgraphNode] = {}
        for one in template.body.nodes:
            self._copies[one] = self._add(template.types[one], one, one)
        for one, copy in self._copies.items():
            copy.inputs = {name: self._resolve(value) for name, value in template.inputs[one].items()}

    def carried(self) -> Carried:
        """What the next round is given: what reaches the end, and unchanged what does not."""
        reached = {name: self.at_end(name) for name in VALUES if name in self._template.end_inputs}
        return {**self._carried, **reached}

    def at_end(self, name: str) -> Any:
        """Where an input of the end comes from in this round."""
        return self._resolve(self._template.end_inputs[name])

    def _add(self, kind: str, name: str, shown_by: str, **inputs: Any) -> SubgraphNode:
        planned = self._plan.add(kind, display_id=shown_by, **inputs)
        planned.name = f"r{self._number}.{name}"
        return planned

    def _resolve(self, value: Any) -> Any:
        if not isinstance(value, Link):
            return value
        if value.node in self._copies:
            return self._copies[value.node].out(value.slot)
        if value.node != self._template.body.start or not 0 <= value.slot < len(self._template.outputs):
            return value
        name = self._template.outputs[value.slot]
        if name not in self._given:
            self._given[name] = self._start_gives(name, value)
        return self._given[name]

    def _start_gives(self, name: str, link: Link) -> Any:
        """What an output of the start is in this round."""
        if name == "place":
            return self._constant("index", self._number)
        if name == "last":
            return self._constant(name, self._number == self._template.rounds - 1)
        if name == "item" and self._template.items is not None:
            return self._item(self._template.items)
        if name not in VALUES:
            return link
        return self._carried[name] if name in self._carried else self._nothing(name)

    def _item(self, items: Items) -> Any:
        """A constant where it is one: so its key does not depend on the other items."""
        item = items.values[self._number]
        if type(item) in PRIMITIVES:
            return self._constant("item", item)
        start = self._template.body.start
        return self._add("WeftListItem", "item", start, items=items.source, index=self._number).out()

    def _constant(self, name: str, value: Any) -> Any:
        return self._add(PRIMITIVES[type(value)], name, self._template.body.start, value=value).out()

    def _nothing(self, name: str) -> Any:
        message = f"Nothing is connected to {name} of the loop's start, so the first round has none."
        return self._add("WeftGate", name, self._template.body.start, value=0, open=False, message=message).out()
