"""What a loop end stands for once it is known how many rounds there are."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from execution.async_calls import BlockedInputError
from execution.dynamic_prompt import DynamicPrompt
from execution.fields import Help, Hidden
from execution.node import Blocked, Context, Lazy, NodeInputError, Subgraph, node
from nodes.logic.loop_body import Body, NoLoopError, end_of, find_body, start_of
from nodes.logic.loop_rounds import AGAIN, COLLECT, VALUES, Carried, Items, Round, Template, template_of
from nodes.logic.loops import MOST_ROUNDS, CountedRound, Graph, ItemRound, Results

MOST_NODES = 1_000_000  # of all rounds of a loop together

INSIDE = "logic/loops/inside"

Passing = Annotated[Lazy[list[Any]] | None, Help("What a round gave.")]


@dataclass(frozen=True)
class Gathered:
    """What rounds gave to be collected: the last one, and those before."""

    last: Any
    before: "Gathered | None"

    def in_order(self) -> list[Any]:
        """The first round's first."""
        found: list[Any] = []
        at: Gathered | None = self
        while at is not None:
            found.append(at.last)
            at = at.before
        return found[::-1]


@dataclass(frozen=True)
class State:
    """A loop with a condition after one of its rounds."""

    template: Template
    number: int
    unchanged: Carried  # what goes round without reaching the end
    gathered: Gathered | None  # of the rounds before


@node("WeftLoopPlan", category=INSIDE, display_name="Loop: its rounds", dev_only=True, kept=False)
def loop_plan(
    *,
    times: Annotated[list[int] | None, Help("How many rounds.")] = None,
    items: Annotated[list[Any] | None, Help("What there is a round for.")] = None,
    ctx: Context,
    graph: Graph,
    node_id: Annotated[str, Hidden("UNIQUE_ID")] = "",
) -> Results | Subgraph:
    """Made by a loop end: plans the rounds, all at once, or the first where a condition is asked after each."""
    end = graph.get_parent_node_id(node_id)
    assert end is not None  # only a loop end plans this node
    body = _body(graph, end)
    start = body.start
    for one in body.after:
        ctx.warn(
            f"Node {one} ({graph.type_of(one)}) comes after a loop, but takes something from inside it, where there is "
            "one for each round. Lead that through the loop end, or collect it there."
        )
    if items is None:
        template = template_of(graph, body, CountedRound._fields, _rounds(times), None)
    else:
        over = Items(items, graph.inputs(start).get("items"))
        template = template_of(graph, body, ItemRound._fields, _checked(len(items), "items"), over)
    if template.rounds * len(body.nodes) > MOST_NODES:
        raise NodeInputError(
            "times",
            f"{template.rounds} rounds of {len(body.nodes)} nodes are more than {MOST_NODES}. Ask for fewer rounds.",
        )
    plan = Subgraph()
    carried = template.first_carried(graph.inputs(start))
    if AGAIN in template.end_inputs and template.rounds:
        return _asking(plan, template, 0, carried, None)
    gathered: list[Any] = []
    for number in range(template.rounds):
        one = Round(template, plan, number, carried)
        carried = one.carried()
        if COLLECT in template.end_inputs:
            gathered.append(one.at_end(COLLECT))
    return _results(plan, carried, gathered)


@node("WeftLoopAgain", category=INSIDE, display_name="Loop: another round", dev_only=True, kept=False)
async def loop_again(
    *,
    state: Annotated[list[Any], Help("The loop.")],
    again: Annotated[Lazy[list[Any]], Help("Whether there is another round.")],
    value_1: Passing = None,
    value_2: Passing = None,
    value_3: Passing = None,
    value_4: Passing = None,
    collect: Passing = None,
    ctx: Context,
    graph: Graph,
) -> Results | Subgraph:
    """Made by a loop end: plans the next round if the condition holds."""
    before: State = state[0]
    given = [one for one in (value_1, value_2, value_3, value_4, collect) if one is not None]
    *_, goes_on = await asyncio.gather(*map(_has_been, [*given, again]))  # held before `again`: so nothing runs twice
    own = graph.inputs(ctx.node_id)
    carried = {name: own[name] for name in VALUES if name in own} | before.unchanged
    gathered = Gathered(own[COLLECT], before.gathered) if COLLECT in own else before.gathered
    if goes_on and any(goes_on) and before.number + 1 < before.template.rounds:
        return _asking(Subgraph(), before.template, before.number + 1, carried, gathered)
    return _results(Subgraph(), carried, gathered.in_order() if gathered else [])


@node("WeftLoopGather", category=INSIDE, display_name="Loop: its list", dev_only=True, takes_blocked=True)
def loop_gather(
    *, first: Annotated[list[Any] | None, Help("What the first round gave.")] = None, **more: Any
) -> list[Any]:
    """Made by a loop end: one list of what all rounds gave. Rounds that were stopped have no items in it."""
    return [item for items in (first or [], *more.values()) for item in items]


def _asking(plan: Subgraph, template: Template, number: int, carried: Carried, gathered: Gathered | None) -> Subgraph:
    """One more round and the question whether there is another."""
    one = Round(template, plan, number, carried)
    linked = {name: one.at_end(name) for name in VALUES if name in template.end_inputs}
    if COLLECT in template.end_inputs:
        linked[COLLECT] = one.at_end(COLLECT)
    unchanged = {name: value for name, value in carried.items() if name not in linked}
    state = State(template, number, unchanged, gathered)
    asked = plan.add("WeftLoopAgain", state=state, again=one.at_end(AGAIN), **linked)
    asked.name = f"r{number}.again"
    return plan.returning(*(asked.out(slot) for slot in range(len(Results._fields))))


def _results(plan: Subgraph, carried: Carried, gathered: list[Any]) -> Subgraph:
    named = {"first" if number == 0 else f"round_{number}": link for number, link in enumerate(gathered)}
    collected: Any = plan.add("WeftLoopGather", **named).out() if named else []
    missing = {name: Blocked(f"Nothing is connected to {name} of the loop.") for name in VALUES}
    return plan.returning(*(missing | carried).values(), collected)


def _body(graph: DynamicPrompt, end: str) -> Body:
    try:
        start = start_of(graph, end)
        end_of(graph, start)
        return find_body(graph, start, end)
    except NoLoopError as error:
        raise NodeInputError("loop", str(error)) from error


def _rounds(times: list[int] | None) -> int:
    if times is None or len(times) != 1:
        raise NodeInputError("times", f"A loop takes one number of rounds; here are {len(times or ())}.")
    return _checked(int(times[0]), "times")


def _checked(rounds: int, name: str) -> int:
    if not 0 <= rounds <= MOST_ROUNDS:
        raise NodeInputError(name, f"A loop has 0 to {MOST_ROUNDS} rounds; here are {rounds}.")
    return rounds


async def _has_been(value: Lazy[list[Any]]) -> list[Any] | None:
    """A value, or None where something has stopped it."""
    try:
        return await value
    except BlockedInputError:
        return None
