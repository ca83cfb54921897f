"""What `import` means in the code of node packs.

Packs import modules by names that ComfyUI gives them: `folder_paths`, `nodes`, `comfy.utils` ... Weft's versions of
them are the files in `packs/names`. Two of the names, `nodes` and `execution`, are Weft's own packages too, so neither
`sys.path` nor `sys.modules` can hold both. Therefore nothing is redirected for the program as a whole. Instead:

- Each module of a pack is executed with a `__builtins__` of its own (a copy of the real one) whose `__import__` knows
  these names. Python looks `__import__` up there for every import statement of code with those globals: at import, in a
  function called later, in any thread. Everything else goes to the real `__import__`.
- `importlib`, which would go round that, is handed to packs as a wrapper whose `import_module`,
  `util.spec_from_file_location` and `machinery.SourceFileLoader` do the same.
- A pack that extends `sys.path` by its own folder may have modules called as Weft's packages are (`models`, `web`). It
  gets its own, under a name that is no one else's.
- The files in `packs/names` are imported for each `Host` anew, below a package that has the host (`weft_pack_names`),
  so that what packs change in them stays between those packs and that host.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from packs.host import Host

NAMES = Path(__file__).resolve().parent / "names"
ROOT = "weft_pack_names"
OWN = "weft_pack_own"
WEFTS_TOO = frozenset({"nodes", "execution"})
"""Names that are packages of Weft as well: what the pack's version lacks (`nodes.types`) is taken from there."""
WEFTS_ALONE = frozenset({"models", "web", "client", "commands", "packs", "folders", "templates", "main", "tests"})
"""Further names at the top of Weft's own code, which packs mean their own modules by if they have some."""
PEERS_ALONE = frozenset(
    {"app", "api_server", "comfy_extras", "comfy_config", "comfy_api_nodes", "middleware", "protocol"}
)
"""Names at the top of ComfyUI's code that Weft has nothing for."""


class PackLoader(SourceFileLoader):
    """Executes the file of a pack's module so that its imports are the pack's."""

    pack_builtins: Mapping[str, Any]

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = dict(self.pack_builtins)
        super().exec_module(module)


class Delegate(ModuleType):
    """A module that is like another one but for a few names."""

    def __init__(self, like: ModuleType, changed: Mapping[str, Any]) -> None:
        super().__init__(like.__name__, like.__doc__)
        self.__dict__.update(changed)
        self._like = like

    def __getattr__(self, name: str) -> Any:
        return getattr(self._like, name)

    def __dir__(self) -> list[str]:
        return dir(self._like)


class PackImports:
    """The import statement of one host's packs."""

    def __init__(self, host: Host) -> None:
        self.root = _free_name(ROOT)
        self.names = frozenset(path.stem for path in NAMES.iterdir() if not path.name.startswith("_"))
        package = ModuleType(self.root, "The modules that node packs import.")
        package.__path__ = [str(NAMES)]
        package.__dict__["host"] = host
        sys.modules[self.root] = package
        self._own = _free_name(OWN)
        self._own_package = sys.modules[self._own] = ModuleType(self._own, "Modules of packs called as Weft's are.")
        self._own_package.__path__ = []
        self._places: tuple[str, ...] = ()
        self.builtins: dict[str, Any] = {**vars(builtins), "__import__": self.import_statement}
        self.loader: type[PackLoader] = type("PackLoader", (PackLoader,), {"pack_builtins": self.builtins})
        self._wrapped = self._wrap_importlib()

    def close(self) -> None:
        """Forget this host's modules."""
        for name in list(sys.modules):
            if name.partition(".")[0] in (self.root, self._own):
                del sys.modules[name]

    def add_place(self, path: Path) -> None:
        """Let the files below a pack's folder, or a pack's only file, be code of packs."""
        end = os.sep if path.is_dir() else ""
        self._places += tuple({f"{path}{end}", f"{path.resolve()}{end}"})

    def is_packs(self, file: str) -> bool:
        """Whether a file is code of packs."""
        return file.startswith(self._places)

    def import_statement(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """`__import__` in the code of packs.

        Raises:
            ImportError: there is no such module, or a name of it that Weft does not have; the text is a sentence.
        """
        if level:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        top = name.partition(".")[0]
        if top in self.names:
            module = self.module(name)
            if not fromlist:
                return self.module(top)
            for wanted in fromlist:
                self._require(module, name, wanted)
            return module
        if top in WEFTS_ALONE and self._has_own(top):
            name, top = f"{self._own}.{name}", f"{self._own}.{top}"
            found = builtins.__import__(name, globals, locals, fromlist or (), 0)
            return found if fromlist else sys.modules[top]
        try:
            found = builtins.__import__(name, globals, locals, fromlist or (), 0)
        except ModuleNotFoundError as error:
            if error.name == top and top in PEERS_ALONE:
                raise _absent(name) from None
            raise
        return self._for_packs(found) if top == "importlib" else found

    def import_module(self, name: str, package: str | None = None) -> ModuleType:
        """`importlib.import_module` in the code of packs."""
        top = name.partition(".")[0]
        if top in self.names:
            return self.module(name)
        if top in WEFTS_ALONE and self._has_own(top):
            return importlib.import_module(f"{self._own}.{name}")
        return self._for_packs(importlib.import_module(name, package))

    def _for_packs(self, module: ModuleType) -> ModuleType:
        return self._wrapped.get(module.__name__, module)

    def module(self, name: str) -> ModuleType:
        """Weft's version of a module that packs import.

        Raises:
            ModuleNotFoundError: there is none.
        """
        full = f"{self.root}.{name}"
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{full}.".startswith(f"{error.name}."):
                raise  # something that Weft's version itself needs
        try:
            if name.partition(".")[0] in WEFTS_TOO:
                return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
        raise _absent(name) from None

    def _has_own(self, top: str) -> bool:
        """Whether a pack has put a folder of its own into `sys.path` that has a module of this name."""
        inside = [entry for entry in sys.path if f"{entry}{os.sep}".startswith(self._places)] if self._places else []
        self._own_package.__path__ = inside
        return bool(inside) and importlib.machinery.PathFinder.find_spec(top, inside) is not None

    def _require(self, module: ModuleType, name: str, wanted: str) -> None:
        if wanted == "*" or hasattr(module, wanted):
            return
        try:
            self.module(f"{name}.{wanted}")
        except ModuleNotFoundError:
            said = f"Weft's {name} has no {wanted}: it exists in ComfyUI only, and what needs it cannot run in Weft."
            raise ImportError(said, name=name) from None

    def _wrap_importlib(self) -> dict[str, ModuleType]:
        util = Delegate(importlib.util, {"spec_from_file_location": self._spec_from_file_location})
        machinery = Delegate(importlib.machinery, {"SourceFileLoader": self.loader})
        top = Delegate(importlib, {"import_module": self.import_module, "util": util, "machinery": machinery})
        return {one.__name__: one for one in (top, util, machinery)}

    def _spec_from_file_location(self, name: str, location: Any = None, **options: Any) -> ModuleSpec | None:
        spec = importlib.util.spec_from_file_location(name, location, **options)
        return None if spec is None else self.for_packs(spec)

    def for_packs(self, spec: ModuleSpec) -> ModuleSpec:
        """A spec of a Python file, changed to execute it as a pack's."""
        if type(spec.loader) is SourceFileLoader:
            spec.loader = self.loader(spec.name, spec.loader.path)
        return spec


def _absent(name: str) -> ModuleNotFoundError:
    said = f"Weft has no module {name}: it exists in ComfyUI only, and what needs it cannot run in Weft."
    return ModuleNotFoundError(said, name=name)


def _free_name(wanted: str) -> str:
    name, number = wanted, 1
    while name in sys.modules:
        number += 1
        name = f"{wanted}_{number}"
    return name
