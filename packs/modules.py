"""Importing the modules of packs, and forgetting those that failed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Generator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from packs.imports import PackImports

PARENT = "custom_nodes"


class PackFinder:
    """Finds the modules of packs: by name below `custom_nodes`, and by place for packs that extend `sys.path`.

    Stands in `sys.meta_path` just before the finder of files, and finds what that would find.
    """

    def __init__(self, imports: PackImports) -> None:
        self._imports = imports

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None and self._imports.is_packs(spec.origin):
            return self._imports.for_packs(spec)
        return spec


class PackModules:
    """The modules of one host's packs."""

    def __init__(self, imports: PackImports, folders: Sequence[Path]) -> None:
        self._imports = imports
        self._finder = PackFinder(imports)
        at = next((i for i, one in enumerate(sys.meta_path) if one is PathFinder), len(sys.meta_path))
        sys.meta_path.insert(at, self._finder)
        self._parent: ModuleType | None = None
        if PARENT not in sys.modules:  # so that packs find each other as custom_nodes.<name>
            self._parent = sys.modules[PARENT] = ModuleType(PARENT, "The node packs.")
            self._parent.__path__ = [str(folder) for folder in folders]

    def close(self) -> None:
        """Forget every module of these packs."""
        sys.meta_path.remove(self._finder)
        for name, module in list(sys.modules.items()):
            if self._is_ours(module):
                del sys.modules[name]
        if self._parent is not None and sys.modules.get(PARENT) is self._parent:
            del sys.modules[PARENT]

    def add_place(self, path: Path) -> None:
        """Make the folder of a pack known."""
        self._imports.add_place(path)

    def run_script(self, path: Path, name: str) -> None:
        """Execute a file of a pack once; raises whatever it raises."""
        full = _unused(_module_name(name))
        try:
            with _undisturbed():
                self._module_of(path, full, None)
        finally:
            sys.modules.pop(full, None)

    def import_pack(self, path: Path, name: str) -> ModuleType:
        """Import a pack's folder as a package, or its file as a module; raises whatever that raises.

        What a failed import leaves behind is taken away: its modules, and what it did to `sys.path`.
        """
        entry = path / "__init__.py" if path.is_dir() else path
        full = _module_name(name)
        present = sys.modules.get(full)
        if present is not None and self._is_ours(present) and getattr(present, "__file__", None) == str(entry):
            return present  # another pack has imported it already
        full = _unused(full)
        before, search = set(sys.modules), list(sys.path)
        try:
            with _undisturbed():
                module = self._module_of(entry, full, [str(path)] if path.is_dir() else None)
        except BaseException:
            forget(full)
            _forget_below(path, before)
            sys.path[:] = search
            raise
        return module

    def _is_ours(self, module: ModuleType) -> bool:
        spec = getattr(module, "__spec__", None)
        return spec is not None and type(spec.loader) is self._imports.loader

    def _module_of(self, file: Path, name: str, search: list[str] | None) -> ModuleType:
        loader = self._imports.loader(name, str(file))
        spec = importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=search)
        if spec is None:
            raise ImportError(f"{file} is no Python file.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loader.exec_module(module)
        return sys.modules.get(name, module)  # a module may put something else in its place


def forget(name: str) -> None:
    """Remove a module and those below it."""
    for one in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[one]


def _forget_below(path: Path, before: set[str]) -> None:
    """Remove modules that came since and whose files lie in a folder."""
    place = f"{path}{os.sep}"
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(place):
            del sys.modules[name]


def _module_name(name: str) -> str:
    return f"{PARENT}.{name.replace('.', '_x_')}"  # a dot would make it a module inside another pack


def _unused(name: str) -> str:
    found, number = name, 1
    while found in sys.modules:
        number += 1
        found = f"{name}_{number}"
    return found


@contextlib.contextmanager
def _undisturbed() -> Generator[None]:
    """A pack's import changes neither the working folder nor what is warned of; its style is not the user's concern."""
    folder = Path.cwd()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        os.chdir(folder)
