"""Workflow files: reading them, and converting between the editor's format and the API prompt."""

from __future__ import annotations

from execution.problems import Problem, WorkflowError
from execution.workflow.read import WorkflowFile, read_workflow
from execution.workflow.to_prompt import Conversion, ui_to_prompt
from execution.workflow.to_ui import UiConversion, prompt_to_ui

__all__ = [
    "Conversion",
    "Problem",
    "UiConversion",
    "WorkflowError",
    "WorkflowFile",
    "prompt_to_ui",
    "read_workflow",
    "ui_to_prompt",
]
