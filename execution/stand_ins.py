"""Stand-ins: what to load in place of model files that a workflow names and this machine does not have.

Nothing is replaced in silence: `plan_stand_ins` says what would be, `apply_stand_ins` does it, and whoever runs the
workflow shows it or refuses it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from execution.graph import Graph, GraphNode, Link
from execution.schema import ListFiles

BASE = "weft_base.safetensors"
REFINER = "weft_refiner.safetensors"

FILE_INPUTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("CheckpointLoaderSimple", "ckpt_name"): "checkpoints",
        ("CheckpointLoader", "ckpt_name"): "checkpoints",
        ("VAELoader", "vae_name"): "vae",
        ("UNETLoader", "unet_name"): "diffusion_models",
        ("CLIPLoader", "clip_name"): "text_encoders",
        ("DualCLIPLoader", "clip_name1"): "text_encoders",
        ("DualCLIPLoader", "clip_name2"): "text_encoders",
    }
)
"""Inputs that name a model file: (node type, input) -> folder."""

CLIP_OUTPUT = 1  # of a checkpoint loader
REFINER_ENCODER = "CLIPTextEncodeSDXLRefiner"
PASSED_ON = frozenset({"clip"})  # inputs by which a node hands on a CLIP (CLIPSetLastLayer, LoraLoader)

Reason = Literal["elsewhere", "stand_in"]


@dataclass(frozen=True, slots=True)
class Substitution:
    """One file that is loaded in place of another."""

    node: str
    node_type: str
    input: str
    wanted: str
    used: str
    reason: Reason  # "elsewhere": the same file in another sub-folder; "stand_in": another, bundled model

    @property
    def sentence(self) -> str:
        """What is replaced, for people."""
        where = f"Node {self.node} ({self.node_type})"
        if self.reason == "elsewhere":
            return f"{where}: {self.wanted} is found as {self.used}."
        return f"{where}: {self.wanted} is not on this machine; the bundled {self.used} stands in for it."


def plan_stand_ins(graph: Graph, list_files: ListFiles) -> list[Substitution]:
    """What would be loaded in place of the files that are missing, in the order of the graph.

    A file of the same name in another sub-folder comes first. Else a checkpoint is replaced by the bundled refiner if
    it is called one or its CLIP feeds a refiner's prompt, and by the bundled base otherwise; a VAE by the base's. What
    nothing can stand in for is left out: validation tells it.
    """
    feeds = _consumers(graph)
    listed: dict[str, list[str]] = {}
    found: list[Substitution] = []
    for node, name, folder in _file_inputs(graph):
        wanted: Any = node.inputs[name]
        if not isinstance(wanted, str):
            continue
        if folder not in listed:
            listed[folder] = list_files(folder)
        names = listed[folder]
        if wanted in names:
            continue
        same = _same_file(wanted, names)
        used = same or _stand_in(node, wanted, folder, feeds, graph)
        if used in names:
            reason: Reason = "elsewhere" if same else "stand_in"
            found.append(Substitution(node.id, node.type, name, wanted, used, reason))
    return found


def apply_stand_ins(graph: Graph, substitutions: Iterable[Substitution]) -> None:
    """Change the graph's inputs as planned."""
    for one in substitutions:
        graph[one.node].inputs[one.input] = one.used


def _file_inputs(graph: Graph) -> Iterator[tuple[GraphNode, str, str]]:
    for node in graph.values():
        for (kind, name), folder in FILE_INPUTS.items():
            if node.type == kind and name in node.inputs:
                yield node, name, folder


def _same_file(wanted: str, names: Iterable[str]) -> str:
    """The listed file with the same base name; if there are several, the first. Case counts only as a last resort."""
    base = _base_name(wanted)
    alike = [name for name in names if _base_name(name).casefold() == base.casefold()]
    exact = [name for name in alike if _base_name(name) == base]
    return next(iter(exact or alike), "")


def _base_name(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _stand_in(node: GraphNode, wanted: str, folder: str, feeds: Consumers, graph: Graph) -> str:
    if folder == "vae":
        return BASE
    if folder != "checkpoints":
        return ""
    refines = "refiner" in _base_name(wanted).casefold() or _feeds_refiner(node, feeds, graph)
    return REFINER if refines else BASE


Consumers = Mapping[Link, list[tuple[str, str]]]
"""An output -> the nodes and inputs that it feeds."""


def _consumers(graph: Graph) -> Consumers:
    feeds: defaultdict[Link, list[tuple[str, str]]] = defaultdict(list)
    for node in graph.values():
        for name, link in node.links():
            feeds[link].append((node.id, name))
    return feeds


def _feeds_refiner(loader: GraphNode, feeds: Consumers, graph: Graph) -> bool:
    """Whether a loader's CLIP reaches a refiner's prompt, through nodes that change it or not."""
    pending = list(feeds.get(Link(loader.id, CLIP_OUTPUT), ()))
    seen: set[str] = set()
    while pending:
        node_id, name = pending.pop()
        if node_id in seen:
            continue
        seen.add(node_id)
        node = graph[node_id]
        if node.type == REFINER_ENCODER:
            return True
        if name in PASSED_ON and not node.type.startswith("CLIPTextEncode"):
            pending += [
                target for slot in (0, 1) for target in feeds.get(Link(node_id, slot), ()) if target[1] == "clip"
            ]
    return False
