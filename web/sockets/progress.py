"""`progress_state`: how far each node of a job is, told so that the traffic stays linear in the graph's size.

The message holds every node that is not waiting, so sending it whenever one changes would be quadratic. Clients that
say `weft_progress_deltas` in their feature flags get only what changed; the others get the whole now and then, the
more seldom the larger it is, and once more when the job ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from execution.errors import NodeRef
from web.answers import to_json
from web.sockets.messages import plain_number
from web.sockets.wire import Frame, raw_message

State = Literal["running", "finished", "error"]

SECONDS_BETWEEN = 0.2
BYTES_A_SECOND = 500_000
"""How much of these messages a client gets at most, however large the graph."""


@dataclass(slots=True)
class _Node:
    state: State
    value: float
    total: float
    ref: NodeRef
    text: str | None = None  # its JSON


@dataclass(slots=True)
class JobProgress:
    """The progress of one job."""

    job: str
    _nodes: dict[str, _Node] = field(default_factory=dict[str, _Node])
    _changed: dict[str, None] = field(default_factory=dict[str, None])
    _bytes: int = 0  # of the last whole message

    @property
    def seconds_between(self) -> float:
        """How long to wait between two whole messages."""
        return max(SECONDS_BETWEEN, self._bytes / BYTES_A_SECOND)

    @property
    def has_news(self) -> bool:
        """Whether something changed since `changes` was asked."""
        return bool(self._changed)

    @property
    def is_empty(self) -> bool:
        """Whether no node has begun."""
        return not self._nodes

    def start(self, ref: NodeRef) -> None:
        self._set(_Node("running", 0.0, 1.0, ref))

    def step(self, ref: NodeRef, value: float, total: float) -> None:
        self._set(_Node("running", value, total, ref))

    def finish(self, ref: NodeRef) -> None:
        known = self._nodes.get(ref.id)
        total = known.total if known else 1.0
        self._set(_Node("finished", total, total, ref))

    def finish_known(self, node: str) -> None:
        """A node that need not run; of it only the id is told."""
        self.finish(NodeRef(node, "", node, None, node))

    def fail(self, node: str) -> None:
        known = self._nodes.get(node)
        if known is not None:
            self._set(_Node("error", known.value, known.total, known.ref))

    def whole(self) -> Frame:
        """Every node that is not waiting."""
        self._changed.clear()
        frame = raw_message(self._message(self._nodes), ("progress_state", self.job))
        self._bytes = len(frame)
        return frame

    def changes(self) -> Frame:
        """The nodes that changed since the last time; none of these messages may be left out."""
        changed, self._changed = self._changed, {}
        return raw_message(self._message(changed))

    def _set(self, node: _Node) -> None:
        self._nodes[node.ref.id] = node
        self._changed[node.ref.id] = None

    def _message(self, ids: Iterable[str]) -> str:
        parts = ",".join(f"{to_json(node)}:{self._text(self._nodes[node])}" for node in ids)
        head = f'{{"type":"progress_state","data":{{"prompt_id":{to_json(self.job)},"nodes":{{'
        return f"{head}{parts}}}}}}}"

    def _text(self, node: _Node) -> str:
        if node.text is None:
            ref = node.ref
            node.text = to_json(
                {
                    "value": plain_number(node.value),
                    "max": plain_number(node.total),
                    "state": node.state,
                    "node_id": ref.id,
                    "prompt_id": self.job,
                    "display_node_id": ref.display,
                    "parent_node_id": ref.parent,
                    "real_node_id": ref.real or ref.id,
                }
            )
        return node.text
