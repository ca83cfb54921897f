"""`/object_info` as bytes, made anew only when the node types or the files that they offer have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from execution.schema import NodeSpec
from folders.listing import FolderListing
from web.answers import to_json


@dataclass(slots=True)
class NodeCatalogue:
    """The node types as JSON."""

    listing: FolderListing
    _specs: Mapping[str, NodeSpec] | None = None
    _folders: tuple[str, ...] = ()
    _texts: dict[str, tuple[Any, str]] = field(default_factory=dict[str, "tuple[Any, str]"])  # of each type
    _whole: tuple[Any, bytes] | None = None

    def whole(self, specs: Mapping[str, NodeSpec]) -> bytes:
        """All node types."""
        self._take(specs)
        stamp = tuple(self.listing.stamp(folder) for folder in self._folders)
        if self._whole is None or self._whole[0] != stamp:
            parts = ",".join(f"{to_json(name)}:{self._text(spec)}" for name, spec in specs.items())
            self._whole = stamp, f"{{{parts}}}".encode("ascii")
        return self._whole[1]

    def one(self, specs: Mapping[str, NodeSpec], name: str) -> bytes:
        """One node type; {} when there is none of that name."""
        self._take(specs)
        spec = specs.get(name)
        return b"{}" if spec is None else f"{{{to_json(name)}:{self._text(spec)}}}".encode("ascii")

    def _take(self, specs: Mapping[str, NodeSpec]) -> None:
        if specs is not self._specs:
            self._specs, self._whole = specs, None
            self._texts.clear()
            self._folders = tuple(dict.fromkeys(folder for spec in specs.values() for folder in _folders(spec)))

    def _text(self, spec: NodeSpec) -> str:
        stamp = tuple(self.listing.stamp(folder) for folder in _folders(spec))
        known = self._texts.get(spec.name)
        if known is None or known[0] != stamp:
            known = self._texts[spec.name] = stamp, to_json(spec.to_object_info(self.listing.list_files))
        return known[1]


def _folders(spec: NodeSpec) -> list[str]:
    return [one.files for one in spec.inputs if one.files is not None]


NODE_CATALOGUE: web.AppKey[NodeCatalogue] = web.AppKey("node_catalogue", NodeCatalogue)
