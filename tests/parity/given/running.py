"""Each given workflow with stand-ins, made small and run to its output nodes in one engine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from commands.workbench import BUNDLED, build_engine, choose_device, node_types
from execution.engine import Engine
from execution.graph import Graph
from execution.stand_ins import apply_stand_ins, plan_stand_ins
from execution.validate import validate
from execution.validators import own_validators
from folders.workspace import Workspace
from tests.parity.given.shrinking import shrink
from tests.parity.given.stand_in_files import NAME, lay_out
from tests.parity.given.workflow_files import Given
from web.workflows.examples import example_names, with_examples


@dataclass(frozen=True)
class Outcome:
    """What became of a workflow."""

    ran: bool  # to each of its output nodes
    why: str = ""  # it did not
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    pictures: list[Path] = field(default_factory=list)  # that it saved or showed
    blank: list[Path] = field(default_factory=list)  # those of them that have one colour only


@dataclass
class Runner:
    """Runs workflows; what two of them have in common runs once."""

    engine: Engine
    workspace: Workspace

    @property
    def product(self) -> Workspace:
        """A workspace as a new user has it."""
        return Workspace(self.workspace.root / "new", bundled=BUNDLED)

    def run(self, given: Given) -> Outcome:
        """Run a workflow whose node types are all there."""
        if given.unknown:
            return Outcome(False, f"node types that are not here: {', '.join(sorted(given.unknown))}")
        graph = given.graph
        self.stand_in(graph)
        shrink(graph, given.catalogue)
        judged = validate(
            graph,
            given.catalogue,
            self.workspace.list_files,
            custom=own_validators(self.engine.registry),
            has_file=self.workspace.has_file,
        )
        if not judged.ok:
            return Outcome(False, " ".join(judged.sentences))
        started = time.perf_counter()
        result = self.engine.run_sync(judged.graph, judged.good_outputs)
        seconds = time.perf_counter() - started
        if result.status != "success":
            return Outcome(False, str(result.error), seconds=seconds)
        missed = [node for node in judged.good_outputs if node not in {*result.executed, *result.cached}]
        if missed:
            return Outcome(False, f"the outputs {', '.join(missed)} did not run", seconds=seconds)
        pictures = [self._path(shown) for node in result.ui.values() for shown in node.get("images", ())]
        blank = [path for path in pictures if not _varies(path)]
        return Outcome(True, "", judged.sentences, seconds, pictures, blank)

    def _path(self, shown: Mapping[str, str]) -> Path:
        return self.workspace.folder(shown["type"]) / shown["subfolder"] / shown["filename"]

    def lacks(self, given: Given) -> set[str]:
        """The folders of files that are missing still when the product has done what it can."""
        graph, here = given.graph, self.product
        plan = plan_stand_ins(graph, here.list_files, given.catalogue, has_file=here.has_file, pictures=example_names())
        planned = {(one.node, one.input) for one in plan}
        return {
            one.files
            for node in graph.values()
            for one in given.catalogue[node.type].inputs
            if one.files is not None and isinstance(value := node.inputs.get(one.name), str)
            if value not in (*(one.choices or ()), *here.list_files(one.files)) and (node.id, one.name) not in planned
        }

    def stand_in(self, graph: Graph) -> None:
        """Put files that are here in place of those that are not: as the product does, then the tests' own."""
        catalogue, here = self.engine.registry.catalogue(), self.workspace
        plan = plan_stand_ins(graph, here.list_files, catalogue, has_file=here.has_file, pictures=example_names())
        apply_stand_ins(graph, with_examples(plan, here))
        for node in graph.values():
            for one in catalogue[node.type].inputs:
                value = node.inputs.get(one.name)
                if one.files is None or not isinstance(value, str) or value in (one.choices or ()):
                    continue
                names = self.workspace.list_files(one.files)
                if value not in names and not self.workspace.has_file(one.files, value):
                    node.inputs[one.name] = NAME if NAME in names else next(iter(names), value)


def _varies(path: Path) -> bool:
    with Image.open(path) as opened:
        return any(low < high for low, high in opened.convert("RGB").getextrema())


@contextmanager
def runner(root: Path) -> Iterator[Runner]:
    """A runner in a workspace of its own."""
    workspace = lay_out(root)
    engine = build_engine(node_types(), workspace, choose_device("cpu", "fp32"))
    try:
        yield Runner(engine, workspace)
    finally:
        engine.close()
