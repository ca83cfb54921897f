"""From esbuild's files to a folder that is served: the page that names them, compressed copies, and what it weighs."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from web.editor_build.bundling import Outputs
from web.editor_build.places import INDEX, SUMMARY
from web.editor_build.problem import BuildProblem
from web.editor_build.sources import REMEDY

MAIN = "main.js"
COMPRESSED = (".js", ".css", ".json", ".svg", ".html", ".txt")
LEAST_BYTES = 512  # below that, a compressed copy is not worth its file
REFERENCE = re.compile(r"""(?<=["'])/?editor/(?=[^"']+["'])""")


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told of a build; sizes in bytes after gzip."""

    stamp: str
    first_load: int  # scripts that a browser fetches before the editor is there
    scripts: int  # all scripts
    styles: int


def publish(out: Path, outputs: Outputs, public: Mapping[str, bytes], index: bytes, stamp: str) -> Summary:
    """Complete a build in `out`; nothing in it is changed after that.

    Raises:
        BuildProblem: the page does not name the bundle.
    """
    for name, data in public.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    first = first_scripts(outputs)
    page = with_stamp(index.decode("utf-8"), stamp, [name for name in first if name != MAIN])
    (out / INDEX).write_text(page, "utf-8")
    sizes = compress(out)
    summary = Summary(
        stamp,
        sum(sizes[name] for name in first),
        sum(size for name, size in sizes.items() if name in outputs and name.endswith(".js")),
        sum(size for name, size in sizes.items() if name.endswith(".css")),
    )
    (out / SUMMARY).write_text(json.dumps(asdict(summary)), "utf-8")
    return summary


def first_scripts(outputs: Outputs) -> list[str]:
    """The scripts that the first one needs at once, itself first; what is imported on demand is left out."""
    found = [MAIN]
    for name in found:
        links: list[Mapping[str, Any]] = outputs.get(name, {}).get("imports", [])
        for link in links:
            if link["kind"] == "import-statement" and link["path"] in outputs and link["path"] not in found:
                found.append(link["path"])
    return found


def with_stamp(page: str, stamp: str, preloaded: list[str]) -> str:
    """The page with addresses that change with each build, so that browsers may keep what they name for ever.

    What the first script imports is named as well: else a browser would learn of it only when that has arrived.
    """
    named, count = REFERENCE.subn(f"editor/{stamp}/", page)
    if not count or "</head>" not in named:
        raise BuildProblem(f"The editor's {INDEX} does not refer to /editor/{MAIN}.", REMEDY)
    links = "".join(f'<link rel="modulepreload" href="editor/{stamp}/{escape(name)}">\n' for name in preloaded)
    return named.replace("</head>", f"{links}</head>", 1)


def compress(out: Path) -> dict[str, int]:
    """Put a .gz beside each file that gains from it; returns what each weighs then, by its path below `out`."""
    sizes: dict[str, int] = {}
    for path in sorted(out.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        small = gzip.compress(data, 9, mtime=0) if path.suffix in COMPRESSED else data
        if len(data) >= LEAST_BYTES and len(small) < len(data):
            path.with_name(f"{path.name}.gz").write_bytes(small)
        sizes[path.relative_to(out).as_posix()] = min(len(small), len(data))
    return sizes
