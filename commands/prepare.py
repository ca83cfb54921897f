"""From the command line's workflow to the graph that will run, and what its pictures will say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.settings import SEED_INPUTS, Change, apply_settings, parse_setting
from commands.source import Source, load_source
from execution.graph import Graph
from execution.problems import Problem
from execution.registry import Registry
from execution.schema import NodeSpec
from execution.stand_ins import Substitution, apply_stand_ins, plan_stand_ins
from execution.validate import Validation, validate
from execution.validators import own_validators
from execution.workflow.patch import change_widgets
from folders.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Prepared:
    """A workflow, changed and judged."""

    source: Source
    validation: Validation
    changes: list[Change]
    stand_ins: list[Substitution]

    @property
    def graph(self) -> Graph:
        """What runs: defaults filled in, values converted to their inputs' types."""
        return self.validation.graph

    @property
    def titles(self) -> dict[str, str]:
        """Node id -> the name that people know it by."""
        return {node.id: node.title or node.type for node in self.graph.values()}

    def extra(self, catalogue: Mapping[str, NodeSpec]) -> dict[str, Any]:
        """What is sent along with the prompt and lands in the pictures: the UI workflow as it runs, the stand-ins."""
        info: dict[str, Any] = {}
        if self.source.workflow is not None:
            changes = [
                (change.node, change.input, self.graph[change.node].inputs[change.input]) for change in self.changes
            ]
            changes += [(one.node, one.input, one.used) for one in self.stand_ins]
            info["workflow"], _ = change_widgets(self.source.workflow, changes, catalogue)
        if self.stand_ins:
            info["stand_ins"] = [{"node": s.node, "wanted": s.wanted, "used": s.used} for s in self.stand_ins]
        return {"extra_pnginfo": info}


def prepare(
    workflow: Path | None,
    settings: list[str],
    seed: int | None,
    strict_models: bool,
    workspace: Workspace,
    registry: Registry,
) -> Prepared:
    """Read a workflow, change it as the command line says, let bundled models stand in, and validate it.

    Raises:
        UsageProblem: a setting that fits nothing, a file that cannot be read.
        WorkflowRefused: the file holds no workflow.
    """
    catalogue = registry.catalogue()
    source = load_source(workflow, catalogue, workspace.list_files, seed)
    changes = apply_settings(source.graph, [parse_setting(text) for text in settings], seed, catalogue)
    if seed is not None and not any(change.input in SEED_INPUTS for change in changes):
        what = "No node has an input named seed or noise_seed, so --seed sets none."
        source.problems.append(Problem("seed_unused", what, severity="warning"))
    substitutions = plan_stand_ins(source.graph, workspace.list_files, catalogue, has_file=workspace.has_file)
    if strict_models:
        substitutions = [one for one in substitutions if one.reason == "elsewhere"]  # the same file after all
    apply_stand_ins(source.graph, substitutions)
    custom = own_validators(registry)
    validation = validate(
        source.graph,
        catalogue,
        workspace.list_files,
        custom=custom,
        has_file=workspace.has_file,
        path_of=lambda folder: str(workspace.home(folder)),
    )
    return Prepared(source, validation, changes, substitutions)
