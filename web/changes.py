"""`set` beside a prompt: inputs that a script changes in somebody's workflow, whatever format it is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from execution.graph import is_link
from execution.problems import WorkflowError
from execution.schema import NodeSpec
from execution.workflow.patch import WidgetChange, change_widgets
from web.refusal import Refusal

SEEDS = ("seed", "noise_seed")
MOST_CHANGES = 1_000  # entries
MOST_CHANGED = 100_000  # inputs that they mean
MOST_COMPARED = 1_000  # names, each shorter than MOST_CHARACTERS, that a misspelt one is compared with
MOST_CHARACTERS = 80
EXAMPLE = 'Give an object such as {"3.seed": 5, "Positive.text": "a red circle"}.'


def with_changes(
    prompt: Mapping[str, Any], extra: dict[str, Any], given: Any, catalogue: Mapping[str, NodeSpec]
) -> dict[str, Any]:
    """The prompt with inputs changed; the workflow in `extra`, which pictures carry, is changed alike.

    `given` has values by `NODE.INPUT`, where NODE is an id, a title or a type (of several nodes: all of them); `seed`
    alone means the seeds of all nodes.

    Raises:
        Refusal: 400, naming what is not there.
    """
    if not isinstance(given, dict):
        raise Refusal(400, "invalid_set", "'set' is not a JSON object.", EXAMPLE)
    wanted = cast("dict[str, Any]", given)
    if len(wanted) > MOST_CHANGES:
        what = f"'set' has {len(wanted):,} entries; at most {MOST_CHANGES:,} are taken."
        raise Refusal(400, "invalid_set", what, "Write the others into the prompt itself.")
    changes: list[WidgetChange] = []
    names = _Names.of(prompt)
    for target, value in wanted.items():
        changes += [(node, name, value) for node, name in _places(prompt, names, target, catalogue)]
        if len(changes) > MOST_CHANGED:
            what = f"'set' changes more than {MOST_CHANGED:,} inputs."
            raise Refusal(400, "invalid_set", what, "Write the others into the prompt itself.")
    changed = {**prompt, **{node: {**prompt[node], "inputs": {**_inputs(prompt[node])}} for node, _, _ in changes}}
    for node, name, value in changes:
        changed[node]["inputs"][name] = {"__value__": value} if is_link(value) else value
    info: Any = extra.get("extra_pnginfo")
    if isinstance(info, dict) and isinstance(workflow := cast("dict[str, Any]", info).get("workflow"), dict):
        try:
            shown, _ = change_widgets(cast("dict[str, Any]", workflow), changes, catalogue)
        except WorkflowError:  # no workflow that Weft can read: it stays as it was sent
            return changed
        extra["extra_pnginfo"] = {**cast("dict[str, Any]", info), "workflow": shown}
    return changed


@dataclass(frozen=True, slots=True)
class _Names:
    """What nodes go by, read once: titles and types in small letters, to the nodes' ids."""

    titles: dict[str, list[str]]
    types: dict[str, list[str]]

    @classmethod
    def of(cls, prompt: Mapping[str, Any]) -> _Names:
        names = cls({}, {})
        for node, written in prompt.items():
            names.titles.setdefault(_title(written).casefold(), []).append(node)
            names.types.setdefault(written["class_type"].casefold(), []).append(node)
        return names

    def nodes(self, wanted: str) -> list[str]:
        """The nodes of this title, else of this type."""
        folded = wanted.casefold()
        return self.titles.get(folded) or self.types.get(folded) or []


def _places(
    prompt: Mapping[str, Any], names: _Names, target: str, catalogue: Mapping[str, NodeSpec]
) -> list[tuple[str, str]]:
    """The inputs that a name means."""
    if target == "seed":
        return [(node, name) for node in prompt for name in SEEDS if _has(prompt[node], name, catalogue)]
    wanted, dot, name = target.rpartition(".")
    if not dot or not wanted or not name:
        raise Refusal(400, "invalid_set", f"{target[:80]!r} in 'set' does not say NODE.INPUT.", EXAMPLE)
    found = [wanted] if wanted in prompt else names.nodes(wanted)
    if not found:
        what = f"'set' names a node {wanted[:80]!r}, which the workflow does not have."
        known = [*prompt, *filter(None, map(_title, prompt.values()))]
        raise Refusal(400, "invalid_set", what, _near(wanted, known))
    for node in found:
        if not _has(prompt[node], name, catalogue):
            kind = prompt[node]["class_type"]
            spec = catalogue.get(kind)
            known = [*_inputs(prompt[node]), *(one.name for one in spec.inputs)] if spec else [*_inputs(prompt[node])]
            what = f"Node {node} ({kind}) has no input {name[:80]!r}, which 'set' names."
            raise Refusal(400, "invalid_set", what, _near(name, known))
    return [(node, name) for node in found]


def _title(node: Mapping[str, Any]) -> str:
    meta = node.get("_meta")
    title = cast("Mapping[str, Any]", meta).get("title") if isinstance(meta, Mapping) else None
    return title if isinstance(title, str) else ""


def _inputs(node: Mapping[str, Any]) -> dict[str, Any]:
    inputs = node.get("inputs")
    return cast("dict[str, Any]", inputs) if isinstance(inputs, dict) else {}


def _has(node: Mapping[str, Any], name: str, catalogue: Mapping[str, NodeSpec]) -> bool:
    spec = catalogue.get(node["class_type"])
    return name in _inputs(node) or (spec is not None and spec.input(name) is not None)


def _near(wanted: str, known: list[str]) -> str:
    short = [name for name in known if len(name) <= MOST_CHARACTERS][:MOST_COMPARED]
    near = get_close_matches(wanted[:MOST_CHARACTERS], short, n=3, cutoff=0.5) or short[:8]
    return f"There are: {', '.join(dict.fromkeys(near))}."
