"""How a job ended, as a worker reports it: from the engine's result to the record that is kept."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Mapping
from typing import Any

from execution.cache import Cache
from execution.engine import RunResult
from execution.errors import NodeError, NodeInputError, NodeRef
from execution.graph import Graph, Link
from execution.jobs.records import JobError, Outcome
from execution.keys import KeyRecord
from execution.registry import Registry
from execution.workers.plain import plain, text_of
from execution.workers.reports import NodeReport, Reports, pack_reports

SEED_INPUTS = ("seed", "noise_seed")
INPUT_FOLDER = "input"  # files of this folder, and of its kinds, are no models
MOST_WARNINGS = 100
MOST_FRAMES = 60  # lines of a traceback
NO_ROOM = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


class Notes:
    """What the events of a run tell that its result does not hold."""

    def __init__(self) -> None:
        self.cached: tuple[str, ...] | None = None
        self.blocked: list[tuple[NodeRef, str]] = []
        self.warnings: dict[str, None] = {}
        self.reports: Reports = {}

    def warn(self, sentence: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings[sentence] = None


def outcome_of(result: RunResult, notes: Notes, graph: Graph, registry: Registry, cache: Cache) -> Outcome:
    """The record of a run that has ended."""
    at = result.cancelled_at
    _report_failure(result, notes.reports)
    return Outcome(
        result.status,
        outputs={node_id: plain(ui) for node_id, ui in result.ui.items()},
        meta={node_id: _meta(ref) for node_id, ref in result.nodes.items()},
        cached=notes.cached or (),
        executed=tuple(result.executed),
        error=None if result.error is None else node_job_error(result.error, graph),
        cancelled_at=None if at is None else submitted(at, graph),
        seconds=result.seconds,
        blocked=tuple(_blocked(ref, message, graph) for ref, message in notes.blocked),
        warnings=tuple(notes.warnings),
        used={} if result.record is None else used(result.record, registry, cache),
        reports=pack_reports(notes.reports),
    )


def _report_failure(result: RunResult, reports: Reports) -> None:
    """Add the node that failed, and the submitted one whose expansion made it."""
    failed = result.failed
    if failed is None or result.reasons is None:
        return
    real = failed.node.real or failed.node.id
    reports[real] = NodeReport("failed", reason=result.reasons.of(real))
    reason = result.reasons.of(failed.node.id)
    reports[failed.node.id] = NodeReport("failed", failed.seconds or None, failed.peak_bytes, reason)


def submitted(ref: NodeRef, graph: Graph) -> tuple[str, str]:
    """Id and type of the submitted node that a node is or descends from."""
    real = ref.real or ref.id
    return real, graph[real].type if real in graph else ref.type


def _meta(ref: NodeRef) -> dict[str, Any]:
    parent = ref.parent
    return {"node_id": ref.id, "display_node": ref.display, "parent_node": parent, "real_node_id": ref.real or ref.id}


def _blocked(ref: NodeRef, message: str, graph: Graph) -> dict[str, str]:
    node, kind = submitted(ref, graph)
    return {"node": node, "node_type": kind, "message": message}


def node_job_error(error: NodeError, graph: Graph) -> JobError:
    """A node's failure as it is recorded."""
    node, kind = submitted(error.node, graph)
    cause = error.__cause__
    return JobError(
        "node",
        _said(error, cause),
        qualified_name(cause or error),
        node,
        kind,
        traceback_lines(cause or error),
        {name: plain(values) for name, values in error.inputs.items()},
        input_name=error.input_name,
        disk_full=isinstance(cause, OSError) and cause.errno in NO_ROOM,
    )


def _said(error: NodeError, cause: BaseException | None) -> str:
    if cause is None or isinstance(cause, NodeInputError):
        return error.sentence
    return text_of(cause) or type(cause).__name__


def qualified_name(error: BaseException) -> str:
    """An exception's class with its module; Python's own without."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def traceback_lines(error: BaseException) -> tuple[str, ...]:
    """Where it happened, a frame each, the innermost last; of a long one the innermost frames."""
    return tuple(traceback.format_tb(error.__traceback__)[-MOST_FRAMES:])


def server_error(error: BaseException, seconds: float = 0.0) -> Outcome:
    """The record of a job that could not be run at all."""
    said = text_of(error) or type(error).__name__
    return Outcome(
        "error",
        error=JobError("server", said, qualified_name(error), traceback=traceback_lines(error)),
        seconds=seconds,
    )


def used(record: KeyRecord, registry: Registry, cache: Cache) -> Mapping[str, Any]:
    """The seeds by node, and the digests of the model files by name, that went into a run."""
    seeds: dict[str, Any] = {}
    models: dict[str, str] = {}
    for node_id, node in record.nodes.items():
        for name in SEED_INPUTS:
            seed = _value(node.inputs.get(name), record, cache)
            if isinstance(seed, int) and not isinstance(seed, bool):
                seeds[node_id] = seed
        notes = record.notes.get(node_id)
        for name, digest in notes.files.items() if notes is not None else ():
            spec = registry[node.type].spec.input(name)
            if spec is not None and not (spec.files or "").startswith(INPUT_FOLDER):
                models[str(node.inputs[name])] = digest
    return {"seeds": seeds, "models": models}


def _value(given: Any, record: KeyRecord, cache: Cache) -> Any:
    """An input's value; of a linked one, what its source gave, where that is still known."""
    if not isinstance(given, Link):
        return given
    key = record.keys.get(given.node)
    entry = cache.get(key, key) if key is not None and key in cache else None
    items = entry.outputs[given.slot] if entry is not None and 0 <= given.slot < len(entry.outputs) else []
    return items[0] if len(items) == 1 else None
