"""What the machine's npm configuration says of registries; npm itself need not be there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from web.editor_build.problem import BuildProblem

USUAL_REGISTRY = "https://" + ".".join(("registry", "npmjs", "org"))
"""Where npm itself goes when no configuration names another."""

GLOBAL_FILES = ("/usr/local/etc/npmrc", "/usr/etc/npmrc", "/etc/npmrc")
VARIABLE = re.compile(r"\$\{([^}]+)\}")


def registry(project: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The address of the registry, without a slash at its end: environment, project, user, machine, npm's own.

    Raises:
        BuildProblem: what is configured is no address.
    """
    address = (setting("registry", project, environment) or USUAL_REGISTRY).rstrip("/")
    if urlsplit(address).scheme not in ("http", "https"):
        raise BuildProblem(
            f"The npm registry is configured as {address!r}, which is no address.",
            "Correct the environment's npm_config_registry, or the line registry= of an .npmrc file.",
        )
    return address


def setting(name: str, project: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """One value of npm's configuration; None where nobody has set it."""
    for key, value in environment.items():
        if key.lower().replace("-", "_") == f"npm_config_{name}" and value:
            return value
    for file in _files(project, environment):
        value = _read(file, environment).get(name)
        if value:
            return value
    return None


def _files(project: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    yield project / ".npmrc"
    own = environment.get("npm_config_userconfig") or environment.get("NPM_CONFIG_USERCONFIG")
    yield Path(own) if own else Path(environment.get("HOME") or environment.get("USERPROFILE") or "~") / ".npmrc"
    yield from map(Path, GLOBAL_FILES)


def _read(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:
        return {}
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith(("#", ";")):
            plain = value.strip().strip("\"'")
            values[name.strip()] = VARIABLE.sub(lambda found: environment.get(found[1], found[0]), plain)
    return values
