"""What a workflow asks for that this machine does not have: node types and files, and what to do about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from execution.graph import Graph, GraphNode
from execution.schema import InputSpec, NodeSpec
from execution.workflow.document import as_list, as_map, as_text, read_document
from execution.workflow.flatten import flatten
from execution.workflow.group_nodes import group_name, replace_group_nodes
from execution.workflow.stock_types import stock_types, with_stock_types
from folders.workspace import OWN_LISTS, Workspace
from web.workflows.nearest import Nearest

OWN_PACKS = frozenset({"comfy-core", "comfyanonymous/ComfyUI", "Comfy-Org/ComfyUI"})
"""What files call the node types that come with ComfyUI itself."""

MOST_LISTED = 1_000  # of types and of files
MOST_CHARACTERS = 2_000  # of an address


@dataclass(slots=True)
class Sources:
    """Where a UI workflow says that its nodes and models are from."""

    properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])  # by node id
    models: list[Any] = field(default_factory=list[Any])  # of the whole workflow

    @classmethod
    def read(cls, workflow: Mapping[str, Any] | None, catalogue: Mapping[str, NodeSpec]) -> Sources:
        """Of a workflow that has been converted before; None: of an API prompt, which tells nothing."""
        if workflow is None:
            return cls()
        document = read_document(workflow, [])
        replace_group_nodes(document, with_stock_types(catalogue), [])
        nodes = ((scope, node) for scope in flatten(document, []) for node in scope.graph.nodes.values())
        return cls({scope.full_id(node): node.properties for scope, node in nodes}, as_list(workflow.get("models")))

    def pack(self, nodes: list[str]) -> str | None:
        """The node pack that a type is said to be of: its id in the registry, or `owner/repository`."""
        for node in nodes:
            about = self.properties.get(node, {})
            for name in filter(None, (as_text(about.get("cnr_id")), as_text(about.get("aux_id")))):
                return None if name in OWN_PACKS else name
        return None

    def url(self, node: str, folder: str, value: str) -> str | None:
        """The address that a model is said to be at; of http and https ones only."""
        name = _base_name(value)
        for entry in (*as_list(self.properties.get(node, {}).get("models")), *self.models):
            about = as_map(entry)
            url = as_text(about.get("url"))
            fits = _base_name(as_text(about.get("name"))) == name and about.get("directory") in (None, "", folder)
            if fits and url.startswith(("https://", "http://")) and len(url) <= MOST_CHARACTERS:
                return url
        return None


def missing_types(graph: Graph, catalogue: Mapping[str, NodeSpec], sources: Sources) -> list[dict[str, Any]]:
    """The node types that nobody here has, each with its nodes."""
    nodes: dict[str, list[str]] = {}
    for node in graph.values():
        if node.type not in catalogue:
            nodes.setdefault(node.type, []).append(node.id)
    found: list[dict[str, Any]] = []
    for type, ids in list(nodes.items())[:MOST_LISTED]:
        pack = sources.pack(ids)
        found.append({"type": type, "nodes": ids, "pack": pack, "remedy": _type_remedy(type, pack)})
    return found


def _type_remedy(type: str, pack: str | None) -> str:
    if group_name(type) is not None:
        return "It is a group node whose definition is not in the file: save the workflow again where it was made."
    if pack is not None:
        return f"Install the node pack {pack} into custom_nodes and restart the server, or replace the node."
    if type in stock_types():
        return "It is one of ComfyUI's own, which Weft does not have yet: replace the node."
    return "Install the node pack that has it into custom_nodes and restart the server, or replace the node."


def missing_files(
    graph: Graph, catalogue: Mapping[str, NodeSpec], sources: Sources, workspace: Workspace
) -> list[dict[str, Any]]:
    """The files that inputs name and that are not there: models, and what lies in the input folder."""
    nearest = Nearest()
    listed: dict[str, list[str]] = {}
    found: list[dict[str, Any]] = []
    for node, spec, value in _named_files(graph, catalogue):
        key = spec.files or ""
        if key not in listed:
            listed[key] = workspace.list_files(key)
        names = listed[key]
        if value in names or value in (spec.choices or ()) or workspace.has_file(key, value.replace("\\", "/")):
            continue
        folder = OWN_LISTS.get(key, key)
        url = sources.url(node.id, folder, value)
        found.append(
            {
                "node": node.id,
                "input": spec.name,
                "value": value,
                "folder": folder,
                "nearest": nearest.names(key, value, names),
                "url": url,
                "remedy": _file_remedy(value, key, url, bool(names), workspace),
            }
        )
        if len(found) == MOST_LISTED:
            break
    return found


def _named_files(graph: Graph, catalogue: Mapping[str, NodeSpec]) -> Iterator[tuple[GraphNode, InputSpec, str]]:
    """Inputs whose values name files; those of stock types that are not here as well."""
    types = with_stock_types(catalogue)
    for node in graph.values():
        spec = types.get(node.type)
        for one in spec.inputs if spec else ():
            value = node.inputs.get(one.name)
            if one.files is not None and isinstance(value, str):
                yield node, one, value


def _file_remedy(value: str, key: str, url: str | None, any: bool, workspace: Workspace) -> str:
    if key in OWN_LISTS:
        choose = "choose one that is there, or " if any else ""
        return f"Drop the file {_base_name(value)} on the node, {choose}put it into {workspace.home(key)}."
    fetch = "Download it from its address and put it" if url else "Put it"
    choose = ", or choose one that is there." if any else "; there is none of this kind yet."
    return f"{fetch} into {workspace.home(key)}{choose}"


def _base_name(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]
