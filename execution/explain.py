"""Why a node ran: the difference between two runs, in a sentence."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from execution.constants import constant_text
from execution.graph import GraphNode, Link
from execution.keys import KeyNotes, KeyRecord

LONGEST_SHOWN = 60  # characters of a value in the sentence

_NO_NOTES = KeyNotes()


def explain(
    node_id: str, now: KeyRecord, before: KeyRecord | None, executed: AbstractSet[str], cached: AbstractSet[str]
) -> str:
    """Why a node ran in a run, or did not, against the run before it."""
    node = now.nodes.get(node_id)
    if node is None:
        if node_id in executed:
            return f"Node {node_id} ran because the node whose expansion it belongs to did."
        return f"Node {node_id} did not run: nothing that was asked for depends on it."
    name = f"Node {node_id} ({node.type})"
    if node_id in cached and node_id not in executed:
        return f"{name} did not run: its result was known."
    if node_id not in executed:
        return f"{name} did not run: nothing asked for its result."
    if before is None:
        return f"{name} ran because this is the first run."
    return f"{name} ran because {_reason(node_id, now, before)}."


def _reason(node_id: str, now: KeyRecord, before: KeyRecord) -> str:
    """Follow the changed sources up to where the change began."""
    if now.keys[node_id] in before.keys.values():
        return "its result was no longer kept (it failed, was let go to save memory, or the cache was emptied)"
    through = node_id
    while True:
        own = _own_change(through, now, before)
        if own is not None:
            return own if through == node_id else f"{own}, on which it depends"
        node, old = now.nodes[through], before.nodes[through]
        source = next(
            (
                link.node
                for name, link in node.links()
                if isinstance(was := old.inputs.get(name), Link) and now.keys[link.node] != before.keys.get(was.node)
            ),
            None,
        )
        if source is None:
            return "the engine's own version changed"
        through = source


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
