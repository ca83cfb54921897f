"""Running esbuild: the editor's sources and its packages become a few files for browsers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from web.editor_build.platforms import Platform
from web.editor_build.problem import BuildProblem

ENTRY = "src/main.tsx"
SETTINGS = (
    "--bundle",
    "--format=esm",
    "--splitting",
    "--minify",
    "--target=es2022",
    "--jsx=automatic",
    "--charset=utf8",
    "--legal-comments=linked",
    "--loader:.json=json",
    "--loader:.svg=dataurl",
    "--loader:.png=dataurl",
    "--loader:.webp=dataurl",
    "--loader:.woff2=file",
    '--define:process.env.NODE_ENV="production"',
    "--entry-names=[name]",
    "--chunk-names=chunks/[name]-[hash]",
    "--asset-names=assets/[name]-[hash]",
)
"""Addresses within a build are relative, so that a proxy may serve it below any folder."""

QUIET = ("--log-level=warning", "--log-limit=20", "--color=false")
SECONDS = 300.0
MOST_TEXT = 4_000  # characters of what esbuild says

Outputs = Mapping[str, Mapping[str, Any]]
"""What esbuild says of each file that it made, by the file's path below the build's folder."""


def esbuild_program(modules: Path, platform: Platform) -> Path:
    """esbuild's own program within `node_modules`."""
    folder = modules / "@esbuild" / str(platform)
    return folder / "esbuild.exe" if platform.system == "win32" else folder / "bin" / "esbuild"


def bundle(program: Path, sources: Path, out: Path) -> Outputs:
    """Bundle what lies in `sources` into `out`.

    Raises:
        BuildProblem: esbuild does not start, or does not take the sources.
    """
    meta = sources / "meta.json"
    command = [str(program), ENTRY, *SETTINGS, *QUIET, f"--outdir={out}", f"--metafile={meta}"]
    try:
        done = subprocess.run(
            command, cwd=sources, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except OSError as error:
        raise BuildProblem(
            f"esbuild cannot be started ({error.strerror or error}): {program}.",
            "If programs may not run from that disk, name another folder with the environment variable WEFT_CACHE.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BuildProblem(f"esbuild did not end within {SECONDS:.0f} seconds.", "Try again.") from error
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode:
        raise BuildProblem(
            f"The editor's sources cannot be bundled:\n{said[:MOST_TEXT] or f'esbuild ended with {done.returncode}'}",
            "Undo what was changed in web/editor, or report this if nothing was.",
        )
    if said:
        print(said, file=sys.stderr)
    return _outputs(json.loads(meta.read_bytes()), sources, out)


def _outputs(meta: Mapping[str, Any], sources: Path, out: Path) -> Outputs:
    """The metafile's outputs; it names them relative to the folder in which esbuild ran."""
    root = out.resolve()

    def below(name: str) -> str:
        return (sources / name).resolve().relative_to(root).as_posix()

    outputs = cast("dict[str, dict[str, Any]]", meta["outputs"])
    return {
        below(name): {**one, "imports": [{**link, "path": _local(link, below)} for link in one.get("imports", [])]}
        for name, one in outputs.items()
    }


def _local(link: Mapping[str, Any], below: Any) -> str:
    return str(link["path"]) if link.get("external") else below(str(link["path"]))
