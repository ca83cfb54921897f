"""Errors that end a command: each is a sentence for people and an exit code."""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1  # the workflow was sound and a node failed
EXIT_REFUSED = 2  # the command line or the workflow cannot be used as given
EXIT_CANCELLED = 130  # Ctrl+C, as shells count it


class CommandError(Exception):
    """Ends a command with `str(self)` on standard error and `exit_code`."""

    exit_code = EXIT_FAILED


class UsageProblem(CommandError):
    """The command line asks for something that cannot be done as written."""

    exit_code = EXIT_REFUSED


class WorkflowRefused(CommandError):
    """The workflow has problems; they are listed in `problems`, one sentence each."""

    exit_code = EXIT_REFUSED

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
