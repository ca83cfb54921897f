"""Loops: the nodes between a start and an end run again and again."""

from contextlib import suppress
from typing import Annotated, Any, NamedTuple

from execution.async_calls import BlockedInputError
from execution.dynamic_prompt import DynamicPrompt
from execution.fields import Default, ForceInput, Help, Hidden, Name, Range, Socket
from execution.graph import Link
from execution.node import Blocked, Context, Lazy, NodeInputError, Subgraph, node
from nodes.logic.loop_body import END, NoLoopError, end_of, start_of

MOST_ROUNDS = 10_000

Graph = Annotated[DynamicPrompt, Hidden("DYNPROMPT")]
Loop = Annotated[Any, Socket("LOOP"), Help("Connect it to the end of the loop.")]
Index = Annotated[int, Help("Which round it is, from 0.")]
Last = Annotated[bool, Help("Whether it is the last round that there may be.")]
Given = Annotated[Lazy[Any] | None, Help("What the first round is given; later ones get what reached the end.")]
Carried = Annotated[Any, Help("In the first round what the start is given, then what reached the end.")]
Result = Annotated[Any, Help("What reached the end in the last round.")]


class CountedRound(NamedTuple):
    """What the rounds of a counted loop are given."""

    loop: Annotated[Loop, Name("loop")]
    place: Annotated[Index, Name("index")]
    last: Annotated[Last, Name("last")]
    value_1: Annotated[Carried, Name("value_1")]
    value_2: Annotated[Carried, Name("value_2")]
    value_3: Annotated[Carried, Name("value_3")]
    value_4: Annotated[Carried, Name("value_4")]


class ItemRound(NamedTuple):
    """What the rounds of a loop over a list are given."""

    loop: Annotated[Loop, Name("loop")]
    item: Annotated[Any, Name("item"), Help("The item of the list that this round is for.")]
    place: Annotated[Index, Name("index")]
    last: Annotated[Last, Name("last")]
    value_1: Annotated[Carried, Name("value_1")]
    value_2: Annotated[Carried, Name("value_2")]
    value_3: Annotated[Carried, Name("value_3")]
    value_4: Annotated[Carried, Name("value_4")]


class Results(NamedTuple):
    """What a loop gives."""

    value_1: Annotated[Result, Name("value_1")]
    value_2: Annotated[Result, Name("value_2")]
    value_3: Annotated[Result, Name("value_3")]
    value_4: Annotated[Result, Name("value_4")]
    collected: Annotated[list[Any], Name("collected"), Help("What reached `collect`, of all rounds, as a list.")]


@node("WeftLoopStart", category="logic/loops", display_name="Loop start", kept=False)
async def loop_start(
    *,
    times: Annotated[
        Lazy[int],
        Range(0, MOST_ROUNDS),
        Default(4),
        Help("How many rounds, or at most: the end may stop earlier."),
    ],
    value_1: Given = None,
    value_2: Given = None,
    value_3: Given = None,
    value_4: Given = None,
    node_id: Annotated[str, Hidden("UNIQUE_ID")] = "",
    graph: Graph,
) -> CountedRound | Subgraph:
    """Begin a loop of a number of rounds. Everything between here and the loop end runs in each of them.

    Values go round: what a round is given comes from `value_1` to `value_4` of the end in the round before.
    """
    return _outside(graph, node_id, len(CountedRound._fields))


@node("WeftLoopOverList", category="logic/loops", display_name="Loop over list", kept=False)
async def loop_over_list(
    *,
    items: Annotated[Lazy[Any], Help("The list: there is a round for each of its items.")],
    value_1: Given = None,
    value_2: Given = None,
    value_3: Given = None,
    value_4: Given = None,
    node_id: Annotated[str, Hidden("UNIQUE_ID")] = "",
    graph: Graph,
) -> ItemRound | Subgraph:
    """Begin a loop with a round for each item of a list. Everything between here and the loop end runs in each.

    Without values that go round there is a shorter way: a list on a wire makes what follows run for each item.
    """
    return _outside(graph, node_id, len(ItemRound._fields))


@node(END, category="logic/loops", display_name="Loop end", kept=False)
async def loop_end(
    *,
    loop: Annotated[Lazy[Any], Socket("LOOP"), Help("The start of the loop.")],
    value_1: Annotated[Lazy[Any] | None, Help("What the next round is given as value_1.")] = None,
    value_2: Annotated[Lazy[Any] | None, Help("What the next round is given as value_2.")] = None,
    value_3: Annotated[Lazy[Any] | None, Help("What the next round is given as value_3.")] = None,
    value_4: Annotated[Lazy[Any] | None, Help("What the next round is given as value_4.")] = None,
    collect: Annotated[Lazy[Any] | None, Help("What is gathered into a list over all rounds.")] = None,
    again: Annotated[
        Lazy[bool] | None, ForceInput(), Help("Whether there is another round; asked after each. Else: until the last.")
    ] = None,
    ctx: Context,
    graph: Graph,
) -> Results | Subgraph:
    """End a loop, and give what its last round gave.

    What hangs off the nodes inside, such as a preview, runs in each round too; a result that is needed after the loop
    has to go through here.
    """
    try:
        start = start_of(graph, ctx.node_id)
    except NoLoopError as error:
        raise NodeInputError("loop", str(error)) from error
    plan = Subgraph()
    asked = {name: value for name, value in graph.inputs(start).items() if name in ("times", "items")}
    rounds = plan.add("WeftLoopPlan", **asked)
    return plan.returning(*(rounds.out(slot) for slot in range(len(Results._fields))))


@node("WeftLoopPassed", category="logic/loops/inside", display_name="Loop: after it", dev_only=True, kept=False)
async def loop_passed(*, end: Annotated[Lazy[Any], Help("The end of the loop.")]) -> Any:
    """Made by a loop itself: runs the loop, and stops what hangs off it outside of its rounds."""
    with suppress(BlockedInputError):
        await end
    return Blocked()


def _outside(graph: DynamicPrompt, start: str, outputs: int) -> Subgraph:
    """What a start gives to the nodes of the loop as they stand on the canvas: nothing, once the loop has run.

    It is the copies of those nodes that run. Only something inside that saves or shows its result asks here.
    """
    try:
        end = end_of(graph, start)
    except NoLoopError as error:
        raise NodeInputError("loop", str(error)) from error
    plan = Subgraph()
    passed = plan.add("WeftLoopPassed", end=Link(end, 0))
    return plan.returning(*[passed.out()] * outputs)
