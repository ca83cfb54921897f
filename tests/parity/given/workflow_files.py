"""The given workflows as prompts: UI files by the server's own conversion, API files as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from execution.graph import Graph, parse_prompt
from execution.problems import Problem
from execution.schema import NodeSpec
from execution.validate import validate
from execution.workflow import read_workflow, ui_to_prompt
from tests.parity.stock_catalogue import REFERENCE, WORKFLOWS


@dataclass(frozen=True)
class Given:
    """One of the files."""

    path: Path
    catalogue: Mapping[str, NodeSpec]

    @property
    def name(self) -> str:
        """Folder and file name, which tells the files apart."""
        return f"{self.path.parent.name}/{self.path.name}"

    @cached_property
    def _converted(self) -> tuple[Graph, list[Problem]]:
        found = read_workflow(self.path.read_bytes())
        if found.kind == "api":
            return parse_prompt(found.document), []
        conversion = ui_to_prompt(found.document, self.catalogue, lambda folder: [])
        return parse_prompt(conversion.prompt), conversion.problems

    @property
    def graph(self) -> Graph:
        """The prompt; a new one at each look, so it may be changed."""
        return {
            key: type(node)(node.id, node.type, dict(node.inputs), node.title)
            for key, node in self._converted[0].items()
        }

    @property
    def conversion_problems(self) -> list[str]:
        return [problem.sentence for problem in self._converted[1]]

    @cached_property
    def unknown(self) -> set[str]:
        """The node types that Weft does not have."""
        return {node.type for node in self._converted[0].values()} - self.catalogue.keys()

    @property
    def stock_only(self) -> bool:
        """Whether nothing but types of Weft's and ComfyUI's own is in it."""
        return not self.unknown - stock_names()

    def validation_problems(self) -> list[str]:
        """What is wrong with it, were all its files there."""
        judged = validate(self.graph, self.catalogue, lambda folder: [], has_file=lambda folder, name: True)
        return judged.sentences


def stock_names() -> frozenset[str]:
    """The node types of ComfyUI itself."""
    return frozenset(json.loads((REFERENCE / "nodes.json").read_text(encoding="utf-8")))


def given_workflows(catalogue: Mapping[str, NodeSpec]) -> Iterator[Given]:
    """All of them, in the order of their names."""
    for folder in ("api", "ui"):
        for path in sorted((WORKFLOWS / folder).glob("*.json")):
            yield Given(path, catalogue)
