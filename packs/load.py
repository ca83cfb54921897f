"""Loading every node pack of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from execution.node import Node
from execution.registry import Registry
from execution.schema import NodeSpec
from execution.workers.messages import Pack
from folders.workspace import Workspace
from packs.declared import Declared, declared
from packs.discover import Found, find_packs
from packs.host import Host, Send, log
from packs.imports import PackImports
from packs.modules import PackModules
from packs.reasons import from_pack, reason
from packs.web_folder import web_folder

if TYPE_CHECKING:
    from packs.routes import Served


@dataclass(slots=True)
class LoadedPacks:
    """The packs of a workspace. `close` lets their modules go."""

    host: Host
    registry: Registry  # the built-in nodes and those of packs
    nodes: list[Node] = field(default_factory=list[Node])  # of packs
    packs: list[Pack] = field(default_factory=list[Pack])
    declared: list[Declared] = field(default_factory=list[Declared])
    imports: PackImports | None = None
    modules: PackModules | None = None

    def refresh(self) -> dict[str, NodeSpec]:
        """The catalogue, with the classes of packs asked anew for their inputs; one that fails keeps what it said."""
        catalogue = self.registry.catalogue()
        for found in self.declared:
            for key, make in found.makes.items():
                try:
                    catalogue[key] = make().spec
                except Exception:  # noqa: BLE001 - a pack's own code: its node stays as it was, and the log says why
                    log.warning("The node %s could not say what its inputs are now.", key, exc_info=True)
        return catalogue

    def changed_prompt(self, prompt: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
        """`{"prompt", "extra_data"}` as the packs' on-prompt handlers leave them."""
        return self.host.changed_prompt(prompt, extra)

    def serve_routes(self) -> Served | None:
        """Serve the HTTP routes that packs registered; None if there are none. Call it once."""
        routes = self.host.routes_if_used
        return None if routes is None else routes.start()

    def close(self) -> None:
        """Stop the packs' routes and forget their modules."""
        self.host.close()
        if self.modules is not None:
            self.modules.close()
        if self.imports is not None:
            self.imports.close()


def load_packs(
    workspace: Workspace,
    built_in: Registry,
    *,
    services: Iterable[object] = (),
    send: Send | None = None,
    disabled: bool = False,
    only: Collection[str] | None = None,
    set_aside: Mapping[str, str] | None = None,
    begins: Callable[[str], None] | None = None,
) -> LoadedPacks:
    """Import the packs in `workspace.node_packs` and collect their nodes.

    `services` are the objects that built-in nodes ask for (device memory); `send` takes the messages that packs have
    for browsers. `disabled`: no pack but those in `only`; else `only`, if given, are the names of the packs to load.
    A pack that fails is reported in `packs` and harms no other. `set_aside` names packs that must not be imported, for
    they ended the process that tried, and how; `begins` hears the name of each pack before its code runs.
    """
    host = Host(workspace, built_in, services, send)
    registry = Registry(built_in[name] for name in built_in)
    loaded = LoadedPacks(host, registry)
    chosen = (only or ()) if disabled else only
    found = find_packs(workspace.node_packs, chosen)
    if not found:
        return loaded
    imports = loaded.imports = PackImports(host)
    modules = loaded.modules = PackModules(imports, workspace.node_packs)
    for one in found:
        modules.add_place(one.path)
    aside = {one: set_aside[one.name] for one in found if set_aside and one.name in set_aside}
    for one, death in aside.items():
        said = f"Left out: while it was imported, the worker died ({death})."
        log.warning("The node pack %s has no nodes. %s", one.name, said)
        loaded.packs.append(_pack(one, error=said))
    found = [one for one in found if one not in aside]
    tell = begins or _nobody
    failures: dict[Found, BaseException | None] = {}
    for one in found:
        if one.prestartup is not None:
            tell(one.name)
        failures[one] = _prestarted(one, modules)
    for one in found:
        tell(one.name)
        _load(one, failures[one], loaded, modules)
    return loaded


def _nobody(_name: str) -> None:
    """Nobody listens."""


def _prestarted(one: Found, modules: PackModules) -> BaseException | None:
    """Run a pack's prestartup script, if it has one; why it failed."""
    if one.prestartup is None:
        return None
    try:
        modules.run_script(one.prestartup, f"{one.name}.prestartup_script")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a pack's own code, which may even end the program: it is told
        log.warning("The prestartup script of the node pack %s failed.", one.name, exc_info=from_pack(error, one.path))
        return error
    return None


def _load(one: Found, failed: BaseException | None, loaded: LoadedPacks, modules: PackModules) -> None:
    """Import one pack and add what it has, or why it has nothing."""
    started = perf_counter()
    if failed is not None:
        loaded.packs.append(_pack(one, error=f"Its {one.prestartup} failed. {reason(failed, one.path)}"))
        return
    host = loaded.host
    mark, known = host.mark(), dict(host.classes)
    try:
        module = modules.import_pack(one.path, one.name)
        added = {key: cls for key, cls in host.classes.items() if key not in known and key not in host.built_in}
        found = declared(module, one, host, lambda key: _owner(key, loaded), added)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a pack's own code, which may even end the program: it is told
        host.pack_done(mark, failed=True)
        host.classes.clear()
        host.classes.update(known)
        said = reason(error, one.path)
        log.warning("The node pack %s has no nodes. %s", one.name, said, exc_info=from_pack(error, one.path))
        loaded.packs.append(_pack(one, error=said, seconds=perf_counter() - started))
        return
    for node in found.nodes.values():
        loaded.registry.add(node)
        loaded.nodes.append(node)
    host.classes.update(found.classes)
    loaded.declared.append(found)
    web, web_note = web_folder(one, module)
    notes = [*found.notes, *([web_note] if web_note else [])]
    if not found.nodes and web is None and not notes and host.mark() == mark:
        notes.append("It declares no nodes: it has no NODE_CLASS_MAPPINGS, no comfy_entrypoint and no @node function.")
    host.pack_done(mark, failed=False)
    said = " ".join(notes) or None
    if said:
        log.warning("The node pack %s: %s", one.name, said)
    seconds = perf_counter() - started
    loaded.packs.append(_pack(one, nodes=tuple(found.nodes), web=web, error=said, seconds=seconds))


def _owner(key: str, loaded: LoadedPacks) -> str | None:
    """Who has a node of that name already."""
    if key in loaded.host.built_in:
        return "Weft itself"
    other = next((pack.name for pack in loaded.packs if key in pack.nodes), None)
    return None if other is None else f"the pack {other}"


def _pack(
    one: Found, *, nodes: Sequence[str] = (), web: Path | None = None, error: str | None = None, seconds: float = 0.0
) -> Pack:
    def text(path: Path | None) -> str | None:
        return None if path is None else str(path)

    return Pack(one.name, str(one.path), nodes, text(web), text(one.locales), text(one.templates), error, seconds)
