"""The nodes that a pack's module declares, in each of the three styles."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, cast

from execution.legacy import class_node
from execution.node import Node, declared_node
from execution.schema import NodeSpec
from packs.code import pack_digest
from packs.discover import Found
from packs.extension import EntryPointError, extension_classes
from packs.file_choices import with_files
from packs.handles import for_packs
from packs.host import Host
from packs.reasons import said_by

Make = Callable[[], Node]
"""Makes a node of a class that is asked for its inputs now."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """Which pack a node is of."""

    python_module: str
    code: str  # digest of its files

    def of(self, node: Node, spec: NodeSpec) -> Node:
        """A node of this pack."""
        return replace(node, spec=replace(spec, python_module=self.python_module), code=f"{node.code}:{self.code}")


@dataclass(slots=True)
class Declared:
    """What a pack has."""

    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    makes: dict[str, Make] = field(default_factory=dict[str, Make])  # of classes: their inputs may change
    classes: dict[str, type] = field(default_factory=dict[str, type])
    notes: list[str] = field(default_factory=list[str])  # sentences about what is not used


def declared(
    module: ModuleType, one: Found, host: Host, taken: Callable[[str], str | None], added: Mapping[str, type]
) -> Declared:
    """The nodes of an imported pack; `taken` says whose a node type's name is already.

    `added` are classes that it put into `nodes.NODE_CLASS_MAPPINGS` itself.

    A class that cannot be used is told in the notes and leaves the others alone.
    """
    found = Declared()
    pack = _Origin(f"custom_nodes.{one.name}", pack_digest(one.path))
    displays = _mapping(getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None))
    written = dict(_classes(module, found.notes))
    for key, cls in {**added, **written}.items():
        display = displays.get(key)
        shown = display if isinstance(display, str) else _display_of(cls)
        if _add(found, key, _maker(host, key, cls, shown or key, pack), taken):
            found.classes[key] = cls
    for node in _functions(module):
        _add(found, node.spec.name, lambda node=node: pack.of(node, node.spec), taken)
    return found


def _add(found: Declared, key: str, make: Make, taken: Callable[[str], str | None]) -> bool:
    """Make a node; whether it can be used."""
    owner = taken(key)
    if owner is not None:
        found.notes.append(f"Its node {key} is not used: {owner} has a node of that name.")
        return False
    try:
        node = make()
    except Exception as error:  # noqa: BLE001 - a pack's own code: what fails is this class alone, and is told
        found.notes.append(f"Its node {key} cannot be used: {said_by(error)}.")
        return False
    found.nodes[key] = node
    found.makes[key] = make
    return True


def _maker(host: Host, key: str, cls: type, display: str, pack: _Origin) -> Make:
    def make() -> Node:
        host.forget_listed()
        node = class_node(key, cls, display)
        spec = with_files(node.spec, host.listed)
        return replace(pack.of(node, spec), call=_with_handles(node.call, spec.input_is_list))

    return make


def _with_handles(call: Callable[..., Any], whole: bool) -> Callable[..., Any]:
    """A call whose models have the methods that packs expect."""

    def call_with_handles(instance: Any, **values: Any) -> Any:
        if whole:
            given = {name: [for_packs(item) for item in cast("list[Any]", items)] for name, items in values.items()}
        else:
            given = {name: for_packs(value) for name, value in values.items()}
        return call(instance, **given)

    return call_with_handles


def _classes(module: ModuleType, notes: list[str]) -> Iterator[tuple[str, type]]:
    """Keys and classes of NODE_CLASS_MAPPINGS, then of `comfy_entrypoint`."""
    for key, cls in _mapping(getattr(module, "NODE_CLASS_MAPPINGS", None)).items():
        if isinstance(key, str) and isinstance(cls, type):
            yield key, cls
        else:
            notes.append(f"Its NODE_CLASS_MAPPINGS has an entry {key!r} that is no class, which is left out.")
    entry: Any = getattr(module, "comfy_entrypoint", None)
    if callable(entry):
        yield from _newer(entry, notes)


def _newer(entry: Callable[[], Any], notes: list[str]) -> Iterator[tuple[str, type]]:
    try:
        classes = extension_classes(entry)
    except EntryPointError as error:
        notes.append(str(error))
        return
    for cls in classes:
        try:
            adapted = cls.as_class_style()
        except Exception as error:  # noqa: BLE001 - a pack's own code: what fails is this class alone, and is told
            notes.append(f"Its node {cls.__name__} cannot be used: {said_by(error)}.")
        else:
            yield adapted.NODE_ID, adapted


def _display_of(cls: type) -> str | None:
    shown: Any = getattr(cls, "DISPLAY_NAME", None)
    return shown if isinstance(shown, str) else None


def _functions(module: ModuleType) -> Iterator[Node]:
    """Functions declared with `@node` in the pack's modules; those that it imported from elsewhere are not its own."""
    inside = f"{module.__name__}."
    own = [one for name, one in list(sys.modules.items()) if name.startswith(inside) or one is module]
    seen: set[int] = set()
    for one in own:
        for value in list(vars(one).values()):
            node = declared_node(value)
            if node is not None and id(node) not in seen and f"{value.__module__}.".startswith(inside):
                seen.add(id(node))
                yield node


def _mapping(value: Any) -> Mapping[Any, Any]:
    return cast("Mapping[Any, Any]", value) if isinstance(value, Mapping) else {}
