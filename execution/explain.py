"""Why a node ran: the difference between two runs, in a sentence."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple

from execution.constants import constant_text
from execution.graph import GraphNode, Link
from execution.keys import KeyNotes, KeyRecord

LONGEST_SHOWN = 60  # characters of a value in the sentence

_NO_NOTES = KeyNotes()
_EXACT = frozenset({Link, str, int, bool})  # equal values of one of these are the same value


class Reasons:
    """Why the nodes of one run ran, against the run before it; what was found is kept, so that all cost one pass.

    May be asked on another thread while the run goes on.
    """

    def __init__(self, now: KeyRecord, before: KeyRecord | None) -> None:
        self._now = now
        self._before = before
        self._known: frozenset[str] | None = None  # all keys of the run before
        self._changes: dict[str, _Change] = {}

    def of(self, node_id: str) -> str | None:
        """Why a node ran, as what follows "because" in a sentence; None: it is no submitted node of the run."""
        now, before = self._now, self._before
        if node_id not in now.nodes:
            return None
        if before is None:
            return "this is the first run"
        if self._known is None:
            self._known = frozenset(before.keys.values())
        if now.keys[node_id] in self._known:
            return (
                "its result was no longer kept (it failed, its file was deleted, it was let go to save memory, or the "
                "cache was emptied)"
            )
        change = self._change(node_id, before)
        return change.what if change.node in (node_id, None) else f"{change.what}, on which it depends"

    def sentence(self, node_id: str, executed: Container[str], cached: Container[str]) -> str:
        """Why a node ran in the run, or did not."""
        node = self._now.nodes.get(node_id)
        if node is None:
            if node_id in executed:
                return ran_because(f"Node {node_id}", None)
            return f"Node {node_id} did not run: nothing that was asked for depends on it."
        name = f"Node {node_id} ({node.type})"
        if node_id in cached and node_id not in executed:
            return not_run(name)
        if node_id not in executed:
            return f"{name} did not run: nothing asked for its result."
        return ran_because(name, self.of(node_id))

    def _change(self, node_id: str, before: KeyRecord) -> _Change:
        """Follow the changed sources up to where the change began."""
        now, way, through = self._now, list[str](), node_id
        while True:
            found = self._changes.get(through)
            if found is not None:
                break
            way.append(through)
            own = _own_change(through, now, before)
            if own is not None:
                found = _Change(through, own)
                break
            source = _changed_source(through, now, before)
            if source is None:
                found = _Change(None, "the engine's own version changed")
                break
            through = source
        for step in way:
            self._changes[step] = found
        return found


class _Change(NamedTuple):
    """What changed between two runs, and the node that it changed at."""

    node: str | None  # None: not at any node
    what: str


def ran_because(name: str, reason: str | None) -> str:
    """The sentence for a node that ran; `reason` is None for a node of an expansion."""
    return f"{name} ran because {reason or 'the node whose expansion it belongs to did'}."


def not_run(name: str) -> str:
    """The sentence for a node that need not run."""
    return f"{name} did not run: its result was known."


def _changed_source(node_id: str, now: KeyRecord, before: KeyRecord) -> str | None:
    """The first source of a node whose result is another one than in the run before."""
    node, old = now.nodes[node_id], before.nodes[node_id]
    for name, link in node.links():
        was = old.inputs.get(name)
        if isinstance(was, Link) and now.keys[link.node] != before.keys.get(was.node):
            return link.node
    return None


def _own_change(node_id: str, now: KeyRecord, before: KeyRecord) -> str | None:
    """What changed at a node itself; None: only its sources did."""
    node = now.nodes[node_id]
    name = f"node {node_id} ({node.type})"
    notes = now.notes.get(node_id, _NO_NOTES)
    if notes.always is not None:
        return f"{name} runs every time: {notes.always}"
    old = before.nodes.get(node_id)
    if old is None:
        return f"{name} is new"
    if old.type != node.type:
        return f"{name} was of type {old.type} before"
    if now.codes[node.type] != before.codes[node.type]:
        return f"the code of {node.type} changed"
    changed = _changed_input(node, old, now, before)
    if changed is not None:
        return f"{changed} of {name}"
    old_notes = before.notes.get(node_id, _NO_NOTES)
    for input_name, digest in notes.files.items():
        if old_notes.files.get(input_name) != digest:
            file = node.inputs.get(input_name)
            return f"the file {file} that input {input_name} of {name} names has other content"
    for input_name, digest in notes.mentioned.items():
        if old_notes.mentioned.get(input_name) != digest:
            return f"a file that the text of input {input_name} of {name} names has other content"
    if notes.fingerprint != old_notes.fingerprint:
        return f"{name} says that what it reads has changed"
    return None


def _changed_input(node: GraphNode, old: GraphNode, now: KeyRecord, before: KeyRecord) -> str | None:
    for input_name, value in node.inputs.items():
        if input_name not in old.inputs:
            return f"a value was given to input {input_name}"
        was = old.inputs[input_name]
        if value.__class__ in _EXACT and value.__class__ is was.__class__ and value == was:
            continue  # most are, and this is quick
        if isinstance(value, Link):
            if not isinstance(was, Link):
                return f"a link to node {value.node} took the place of the value of input {input_name}"
            same_source = value.node == was.node or now.keys[value.node] == before.keys.get(was.node)
            if not same_source or value.slot != was.slot:
                return f"another output ({value.slot} of node {value.node}) is linked to input {input_name}"
        elif isinstance(was, Link):
            return f"a value took the place of the link to input {input_name}"
        elif constant_text(value) != constant_text(was):
            return f"{_shown(was)} became {_shown(value)} in input {input_name}"
    removed = next((input_name for input_name in old.inputs if input_name not in node.inputs), None)
    return None if removed is None else f"something was taken from input {removed}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
