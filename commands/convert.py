"""`main.py convert FILE --to api|ui --output OUT`: a workflow in the other format, or out of a picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

from commands.errors import EXIT_OK, UsageProblem, WorkflowRefused
from commands.files import write_whole
from commands.source import read_files
from commands.streams import say
from commands.workbench import node_types, open_workspace
from execution.problems import Problem, WorkflowError
from execution.workflow import WorkflowFile, prompt_to_ui, ui_to_prompt
from folders.workspace import Workspace


def convert(file: Path, to: Literal["api", "ui"], output: Path, workspace: Path) -> int:
    """Write the workflow of `file` in format `to` into `output` ("-": standard output).

    What was lost or doubtful on the way is told on standard error. A picture that carries both formats gives the
    one that is asked for as it was saved.

    Raises:
        UsageProblem: a file cannot be read or written.
        WorkflowRefused: the file holds no workflow.
    """
    found = read_files(file)
    ready = next((one for one in found if one.kind == to), None)
    document, problems = (ready.document, []) if ready else _converted(found[0], to, open_workspace(workspace, []))
    for problem in problems:
        print(f"Warning: {problem.sentence}", file=sys.stderr)
    if str(output) == "-":
        say(_json(document, getattr(sys.stdout, "encoding", "utf-8")))
        return EXIT_OK
    try:
        write_whole(output, f"{_json(document, 'utf-8')}\n".encode())
    except OSError as error:
        raise UsageProblem(f"{output} cannot be written ({error.strerror}).") from error
    say(str(output))
    return EXIT_OK


def _converted(
    file: WorkflowFile, to: Literal["api", "ui"], workspace: Workspace
) -> tuple[dict[str, Any], list[Problem]]:
    catalogue = node_types().catalogue()
    try:
        if to == "api":
            to_api = ui_to_prompt(file.document, catalogue, workspace.list_files)
            return to_api.prompt, to_api.problems
        to_ui = prompt_to_ui(file.document, catalogue, workspace.list_files)
        return to_ui.workflow, to_ui.problems
    except (WorkflowError, ValueError) as error:
        raise WorkflowRefused([str(error)]) from error


def _json(document: dict[str, Any], encoding: str) -> str:
    """JSON with the letters as they are; with escapes where an encoding lacks one, or where halves of one stand."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(document, indent=2)
    return text
