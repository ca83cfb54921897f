"""What the user hands over: a workflow file or a picture that carries one, read into an API prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.errors import UsageProblem, WorkflowRefused
from execution.graph import Graph, PromptShapeError, parse_prompt
from execution.problems import Problem, WorkflowError
from execution.schema import ListFiles, NodeSpec
from execution.workflow import WorkflowFile, read_workflow, ui_to_prompt
from execution.workflow.document import as_map
from folders.embedded import MetadataError, read_embedded

BUILT_IN = Path(__file__).resolve().parent.parent / "templates" / "base_refiner.json"
MAX_FILE = 512 * 2**20  # bytes; the largest picture or workflow that is opened
PICTURE_SIGNATURES = (b"\x89PNG", b"RIFF", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow ready to be changed and run."""

    graph: Graph
    workflow: dict[str, Any] | None  # the UI workflow it came from or that came along; None: an API prompt alone
    problems: list[Problem]  # found while converting


def read_files(path: Path) -> list[WorkflowFile]:
    """The workflows that a file holds: one, or a picture's API prompt and its UI workflow, in that order.

    Raises:
        UsageProblem: the file cannot be read.
        WorkflowRefused: it holds no workflow; the sentence says what it is instead.
    """
    data = _contents(path)
    try:
        if not data.startswith(PICTURE_SIGNATURES):
            return [read_workflow(data)]
        return _embedded_files(path)
    except (WorkflowError, MetadataError) as error:
        raise WorkflowRefused([f"{path}: {error}"]) from error


def _embedded_files(path: Path) -> list[WorkflowFile]:
    """What a picture carries. Some programs write "null" for the one that they lack, so one that reads is enough."""
    found: list[WorkflowFile] = []
    refused: list[WorkflowError] = []
    embedded = read_embedded(path)
    for text in (embedded.prompt, embedded.workflow):
        try:
            if text is not None:
                found.append(read_workflow(text))
        except WorkflowError as error:
            refused.append(error)
    if not found and refused:
        raise refused[0]
    return found


def _contents(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise UsageProblem(f"{path} has {size:,} bytes; no workflow or picture of one is that large.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UsageProblem(f"There is no file {path}. Check the path.") from error
    except IsADirectoryError as error:
        raise UsageProblem(f"{path} is a folder. Name the workflow file in it.") from error
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read ({error.strerror}).") from error


def load_source(
    path: Path | None, catalogue: Mapping[str, NodeSpec], list_files: ListFiles, seed: int | None = None
) -> Source:
    """Read a workflow file (None: the built-in template) into a graph.

    A picture's API prompt is what made it, so it is preferred; its UI workflow travels along. `seed` chooses among
    the alternatives `{a|b}` of a UI workflow's texts.

    Raises:
        UsageProblem, WorkflowRefused: as `read_files`.
    """
    files = read_files(path or BUILT_IN)
    ui = next((file.document for file in files if file.kind == "ui"), None)
    api = next((file for file in files if file.kind == "api"), None)
    problems: list[Problem] = []
    try:
        if api is not None:
            prompt = api.document
            beside = as_map(as_map(api.extra_data.get("extra_pnginfo")).get("workflow"))
            ui = ui or beside or None
        else:
            conversion = ui_to_prompt(ui or {}, catalogue, list_files, seed=seed or 0)
            prompt, problems = conversion.prompt, conversion.problems
        return Source(parse_prompt(prompt), ui, problems)
    except (PromptShapeError, WorkflowError) as error:
        raise WorkflowRefused([f"{path or BUILT_IN}: {error}"]) from error
