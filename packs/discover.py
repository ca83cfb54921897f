"""Which node packs there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from folders.safe_paths import inside

DISABLED = ".disabled"
LEFT_OUT = frozenset({"__pycache__"})
PRESTARTUP = "prestartup_script.py"
LOCALES = "locales"
TEMPLATES = ("example_workflows", "example", "examples", "workflow", "workflows")


@dataclass(frozen=True, slots=True)
class Found:
    """A folder or file that is a pack."""

    name: str  # of the folder, or of the file without .py
    path: Path

    @property
    def prestartup(self) -> Path | None:
        """The script to run before any pack is imported."""
        script = self.path / PRESTARTUP
        return script if script.is_file() else None

    @property
    def locales(self) -> Path | None:
        """The folder of translations."""
        return self._folder(LOCALES)

    @property
    def templates(self) -> Path | None:
        """The folder of example workflows."""
        return next((found for name in TEMPLATES if (found := self._folder(name))), None)

    def _folder(self, name: str) -> Path | None:
        if not self.path.is_dir():
            return None
        try:
            found = inside(self.path, name)
        except ValueError:  # a link that leads out of the pack
            return None
        return found if found.is_dir() else None


def find_packs(folders: Iterable[Path], only: Collection[str] | None = None) -> list[Found]:
    """The packs in folders, in the order of the folders and then of their names; `only` those named so.

    Every folder and `.py` file is one, but for hidden ones, `__pycache__` and those whose name ends in `.disabled`.
    A folder that is listed twice, or reached by a link as well, counts once.
    """
    found: dict[Path, Found] = {}
    for folder in folders:
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir(), key=lambda one: (one.name.casefold(), one.name)):
            name = _name_of(path)
            if name is not None and (only is None or name in only):
                found.setdefault(path.resolve(), Found(name, path))
    return list(found.values())


def _name_of(path: Path) -> str | None:
    if path.name.startswith(".") or path.name in LEFT_OUT or path.name.lower().endswith(DISABLED):
        return None
    if path.is_dir():
        return path.name
    return path.stem if path.suffix == ".py" and path.is_file() else None
