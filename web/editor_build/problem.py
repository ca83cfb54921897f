"""Why the editor could not be built."""

from __future__ import annotations


class BuildProblem(Exception):
    """Ends a build; `str(self)` says what went wrong, `remedy` what a person can do about it. Both are sentences."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class RegistryUnreachable(BuildProblem):
    """Packages cannot be fetched: a matter of this machine's network, not of the editor."""
