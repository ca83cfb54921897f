"""Build the browser editor without Node.js: `python -m web.build`. The server does so by itself when it starts.

Exit codes: 0 it is built, 1 it could not be, 3 packages cannot be fetched.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from web.editor_build.builder import build_editor
from web.editor_build.places import SUMMARY
from web.editor_build.problem import BuildProblem, RegistryUnreachable
from web.editor_build.sources import EDITOR

KILOBYTE = 1000
EXIT_FAILED = 1
EXIT_UNREACHABLE = 3


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.events:
        return _with_events(arguments.source, arguments.cache)
    try:
        folder = build_editor(arguments.source, lambda step: print(step, file=sys.stderr), arguments.cache)
    except BuildProblem as problem:
        print(f"Error: {problem}\n{problem.remedy}", file=sys.stderr)
        return EXIT_UNREACHABLE if isinstance(problem, RegistryUnreachable) else EXIT_FAILED
    if arguments.print:
        print(folder)
    summary = json.loads((folder / SUMMARY).read_text("utf-8"))
    sizes = {name: summary[name] / KILOBYTE for name in ("first_load", "scripts", "styles")}
    print(
        f"After gzip: {sizes['first_load']:.1f} kB of scripts at first, {sizes['scripts']:.1f} kB in all, "
        f"{sizes['styles']:.1f} kB of styles.",
        file=sys.stderr,
    )
    if arguments.most and sizes["first_load"] > arguments.most:
        print(f"Error: that is more than {arguments.most:g} kB at first.", file=sys.stderr)
        return EXIT_FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m web.build", description="Build the browser editor.")
    parser.add_argument("--print", action="store_true", help="print the build's folder on standard output")
    parser.add_argument("--source", type=Path, default=EDITOR, metavar="DIR", help="the editor's sources")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="in place of the user's cache (or WEFT_CACHE)")
    parser.add_argument("--most", type=float, metavar="KB", help="fail when the first scripts weigh more after gzip")
    parser.add_argument("--events", action="store_true", help="one JSON object a line, for programs")
    return parser


def _with_events(source: Path, cache: Path | None) -> int:
    """Tell each step as it begins, then the folder or the problem."""
    try:
        _tell(folder=str(build_editor(source, lambda step: _tell(step=step), cache)))
    except BuildProblem as problem:
        _tell(problem=str(problem), remedy=problem.remedy)
        return EXIT_FAILED
    return 0


def _tell(**event: str) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    sys.exit(main())
