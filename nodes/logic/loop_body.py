"""What a loop repeats: the nodes between its start and its end, found in the graph as it is now."""

from collections.abc import Iterable
from dataclasses import dataclass

from execution.dynamic_prompt import DynamicPrompt
from execution.graph import Link

END = "WeftLoopEnd"
STARTS = ("WeftLoopStart", "WeftLoopOverList")
LOOP = "loop"  # the input of an end that names the start


class NoLoopError(ValueError):
    """A start without an end, or an end without a start; the message is a sentence."""


@dataclass(frozen=True)
class Body:
    """The nodes of one round, as they stand in the graph."""

    start: str
    end: str
    nodes: tuple[str, ...]  # everything that depends on the start, but for what comes after the end
    after: tuple[str, ...]  # nodes behind the end that also take something from inside the loop


def start_of(graph: DynamicPrompt, end: str) -> str:
    """The start that an end belongs to.

    Raises:
        NoLoopError: none is connected.
    """
    link = graph.inputs(end).get(LOOP)
    if not isinstance(link, Link) or graph.type_of(link.node) not in STARTS:
        raise NoLoopError("This loop end has no start. Connect the output `loop` of a loop start to it.")
    return link.node


def end_of(graph: DynamicPrompt, start: str) -> str:
    """The end that belongs to a start.

    Raises:
        NoLoopError: there is none, or there are several.
    """
    level = graph.get_parent_node_id(start)
    ends = [
        one
        for one in graph.consumers(start)
        if graph.type_of(one) == END and graph.get_parent_node_id(one) == level and _names(graph, one, start)
    ]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise NoLoopError(f"This loop start has {len(ends)} ends. Connect its output `loop` to one loop end alone.")
    raise NoLoopError("This loop start has no end. Connect its output `loop` to a loop end.")


def find_body(graph: DynamicPrompt, start: str, end: str) -> Body:
    """The nodes that a loop repeats.

    A loop inside belongs to the body as a whole, also where its start depends on nothing of the loop around it. What
    hangs off the body without leading to its end, such as a preview, is repeated as well.
    """
    roots = [start]
    while True:
        below = _downstream(graph, roots, end)
        inside = _leading_to(graph, end, below)
        inner = [start_of(graph, one) for one in inside if graph.type_of(one) == END]
        further = [one for one in inner if one not in below and one not in roots]
        if not further:
            break
        roots += further
    members = dict.fromkeys([*roots[1:], *below])
    beside = members.keys() - inside - set(roots)
    after = _downstream(graph, [end], end).keys() & beside if beside else set[str]()
    return Body(start, end, tuple(one for one in members if one not in after), tuple(sorted(after)))


def _names(graph: DynamicPrompt, end: str, start: str) -> bool:
    link = graph.inputs(end).get(LOOP)
    return isinstance(link, Link) and link.node == start


def _downstream(graph: DynamicPrompt, roots: Iterable[str], end: str) -> dict[str, None]:
    """What takes anything from `roots`, without going on behind `end`; of the same expansion as `end` alone."""
    level = graph.get_parent_node_id(end)
    found: dict[str, None] = {}
    pending = list(roots)
    while pending:
        for one in graph.consumers(pending.pop()):
            if one not in found and one != end and graph.get_parent_node_id(one) == level:
                found[one] = None
                pending.append(one)
    return found


def _leading_to(graph: DynamicPrompt, end: str, among: dict[str, None]) -> set[str]:
    found: set[str] = set()
    pending = [end]
    while pending:
        for value in graph.inputs(pending.pop()).values():
            if isinstance(value, Link) and value.node in among and value.node not in found:
                found.add(value.node)
                pending.append(value.node)
    return found
