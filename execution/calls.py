"""Calling nodes: their arguments, their instances, and what to say when they fail."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

from execution.ancestor import Ancestor
from execution.context import CancelToken, Context, Services
from execution.current import enter_call, leave_call
from execution.dynamic_graph import DynamicGraph
from execution.dynamic_prompt import DynamicPrompt
from execution.errors import Cancelled, NodeError, NodeInputError, NodeRef
from execution.events import Event, Warned
from execution.graph import GraphNode, Link
from execution.mapping import Result, Values, arguments, count_calls
from execution.metering import Meter
from execution.node import Node
from execution.plan import Plan
from execution.results import Blocked
from execution.stepping import Stepped
from execution.work import Work

LONGEST_SHOWN = 1000  # characters of an input's value in an error

Instances = dict[tuple[str, str, Node], Any]
"""Class-style nodes keep one object per node over runs: (submitted node it descends from, its own id, its type)."""


def _nothing() -> None:
    """For runs whose plan nobody looks at."""


StillShown = Callable[[Mapping[str, Sequence[Any]]], bool]
"""Whether what a node shows (its `ui`) can still be shown: the files that it names are there."""


@dataclass(slots=True)
class Surroundings:
    """What a run gives to the nodes it calls."""

    graph: DynamicGraph
    services: Services
    extra: Mapping[str, Any]
    prompt: Callable[[], Mapping[str, Any]]
    emit: Callable[[Event], None]
    cancel: CancelToken
    thread_context: Callable[[], AbstractContextManager[Any]] = nullcontext  # for async nodes' own code
    begins: Callable[[NodeRef], None] | None = None  # called by the thread that calls the node, before it does
    meter: Meter | None = None  # of the memory that nodes take
    planned: Callable[[], None] = _nothing  # called once it is known which nodes the run depends on
    ancestors: Callable[[str], list[Ancestor]] | None = None  # see `Context.ancestors`
    still_shown: StillShown | None = None  # whether what a known result shows is there; None: it always is


class Caller:
    """Calls the nodes of one run."""

    def __init__(
        self,
        around: Surroundings,
        works: Mapping[str, Work],
        instances: Instances,
        wait_for: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        self._around = around
        self._works = works
        self._instances = instances
        self._wait_for = wait_for  # blocks this thread until the event loop has run a coroutine
        self._dynamic_prompt = DynamicPrompt(around.graph, around.prompt)

    def _context(self, ref: NodeRef) -> Context:
        """What a node's Context parameter gets."""
        around = self._around
        return Context(
            ref,
            services=around.services,
            extra=around.extra,
            prompt=around.prompt,
            ancestors=around.ancestors,
            emit=around.emit,
            cancel=around.cancel,
        )

    def gather(self, work: Work) -> Values:
        """The items of each argument that is known by now.

        Raises:
            NodeError: a link to an output that its source does not have.
        """
        plan = work.plan
        node, declared = plan.node, plan.inputs
        renamed = node.parameters
        values: Values = {}
        for name, value in work.node.inputs.items():
            known = name in declared
            if value.__class__ is Link:
                if not known and not node.takes_any:
                    continue
                items = [[value.node, value.slot]] if name in plan.raw else self._linked(work, name, value)
            elif known:
                items = [value]
            else:
                continue
            values[renamed.get(name, name) if renamed else name] = items
        if node.instance is not None:
            for name, kind in node.hidden:
                values.setdefault(name, [self._hidden(kind, work.ref.id)])
        return values

    def call_one(self, work: Work, row: int, given: dict[str, Any]) -> Any:
        """Call a node with the arguments of one item; of an async node, the coroutine."""
        node, ref = work.plan.node, work.ref
        if node.instance is not None:
            enter_call(self._context(ref), row)
            return node.call(self._instance(ref, node), **given)
        if node.context is not None:
            given[node.context] = self._context(ref)
        for name, kind in node.hidden:
            given.setdefault(name, self._hidden(kind, ref.id))
        return node.call(**given)

    async def await_one(self, work: Work, row: int, given: dict[str, Any]) -> Any:
        """Call an async node with the arguments of one item, in what a thread that calls nodes enters."""
        returned = self.call_one(work, row, given)
        return await (Stepped(returned, self._around.thread_context) if inspect.iscoroutine(returned) else returned)

    def _linked(self, work: Work, name: str, link: Link) -> list[Any]:
        source = self._works.get(link.node)
        if source is None or source.entry is None or (name in work.plan.lazy and source not in work.sources):
            return [None]  # a lazy input that this node has not asked for, whether or not others have it computed
        outputs = source.entry.outputs
        if not 0 <= link.slot < len(outputs):
            raise NodeError(
                work.ref,
                f"its input {name} is linked to output {link.slot} of node {source.ref}, which has {len(outputs)}.",
            )
        return outputs[link.slot]

    def _hidden(self, kind: str, node_id: str) -> Any:
        if kind == "UNIQUE_ID":
            return node_id
        if kind == "PROMPT":
            return self._around.prompt()
        if kind == "DYNPROMPT":
            return self._dynamic_prompt
        return self._around.extra.get(kind.lower())

    def _instance(self, ref: NodeRef, node: Node) -> Any:
        """The object whose method a class-style node is; the same one as long as the node stays in the graph."""
        assert node.instance is not None
        key = (ref.real, ref.id, node)
        found = self._instances.get(key)
        if found is None:
            found = self._instances[key] = node.instance()
        return found

    def call(self, work: Work) -> list[Result]:
        """Call a synchronous node, once per item of its inputs.

        Raises:
            NodeError: it failed.
            Cancelled: it noticed that the run was cancelled.
        """
        node = work.plan.node
        whole = work.plan.spec.input_is_list
        values = self.gather(work)
        results: list[Result] = []
        if node.takes_blocked:
            self._tell_blocked(work.ref, values)
        try:
            for row in range(count_calls(values, whole)):
                given = arguments(values, row, whole, takes_blocked=node.takes_blocked)
                if given.__class__ is Blocked:
                    results.append(cast("Blocked", given))
                    continue
                returned = self.call_one(work, row, cast("dict[str, Any]", given))
                results.append(node.read(returned))
        except (Cancelled, NodeError):
            raise
        except Exception as error:
            raise node_error(work.ref, error, values) from error
        finally:
            if node.instance is not None:
                leave_call()
        return results

    def _tell_blocked(self, ref: NodeRef, values: Values) -> None:
        """Pass on why items are missing that a node does without."""
        blocked = (item.message for items in values.values() for item in items if item.__class__ is Blocked)
        for message in dict.fromkeys(blocked):
            if message is not None:
                self._around.emit(Warned(ref, message))

    def lazy_needs(self, work: Work) -> list[str]:
        """Which of its lazy inputs a class-style node still wants.

        Raises:
            NodeError: its check_lazy_status failed.
        """
        node = work.plan.node
        assert node.check_lazy is not None
        whole = work.plan.spec.input_is_list
        values = self.gather(work)
        for spec in work.plan.spec.inputs:
            if spec.lazy:
                values.setdefault(spec.name, [None])
        wanted: dict[str, None] = {}
        try:
            for row in range(count_calls(values, whole)):
                given = arguments(values, row, whole)
                if isinstance(given, Blocked):
                    continue
                answer = node.check_lazy(self._instance(work.ref, node), **given)
                if inspect.iscoroutine(answer):
                    answer = self._wait_for(answer)
                wanted.update(dict.fromkeys(answer or ()))
        except (Cancelled, NodeError):
            raise
        except Exception as error:
            raise node_error(work.ref, error, values) from error
        return list(wanted)

    def fingerprint(self, node: GraphNode, plan: Plan) -> Any:
        """What a node says its result depends on besides its inputs; NaN, with a warning, when it cannot say."""
        assert plan.node.fingerprint is not None
        values = {n: None if isinstance(v, Link) else v for n, v in node.inputs.items() if n in plan.inputs}
        for name, kind in plan.node.hidden:
            values.setdefault(name, self._hidden(kind, node.id))
        ref = self._around.graph.ref(node.id)
        if plan.node.context is not None:
            values.setdefault(plan.node.context, self._context(ref))
        try:
            answer = plan.node.fingerprint(values)
            return self._wait_for(answer) if inspect.iscoroutine(answer) else answer
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - told to the user below; the node runs, which is always right
            said = f"Node {ref} could not say whether it has changed ({_message(error)}), so it runs again."
            self._around.emit(Warned(ref, said))
            return math.nan


def node_error(ref: NodeRef, error: BaseException, values: Values) -> NodeError:
    """A failure as the user sees it; raise it from `error`."""
    said = f"input {error.input_name}: {error.sentence}" if isinstance(error, NodeInputError) else _message(error)
    return NodeError(ref, said, {name: [_shown(item) for item in items] for name, items in values.items()})


def _message(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _shown(value: Any) -> Any:
    """An input's value as plain data: numbers and texts as they are, others as text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
