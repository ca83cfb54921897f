"""Stand-ins: what to load in place of files that a workflow names and this machine does not have.

Nothing is replaced in silence: `plan_stand_ins` says what would be, `apply_stand_ins` does it, and whoever runs the
workflow shows it or refuses it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from execution.graph import Graph, GraphNode, Link
from execution.schema import InputSpec, ListFiles, NodeSpec
from execution.validate_values import HasFile
from execution.workflow.stock_types import with_stock_types

BASE = "weft_base.safetensors"
REFINER = "weft_refiner.safetensors"

WITH_CLIP = frozenset({"checkpoints", "text_encoders"})
"""Folders whose files hold text encoders, so that a refiner's may be asked for."""
BUNDLED: Mapping[str, str] = MappingProxyType(
    {
        "checkpoints": BASE,
        "vae": BASE,
        "diffusion_models": BASE,
        "text_encoders": BASE,
        "loras": "weft_lora.safetensors",
        "controlnet": "weft_controlnet.safetensors",
        "upscale_models": "weft_upscale_4x.safetensors",
        "clip_vision": "weft_vision.safetensors",
    }
)
"""Folder -> the bundled model that stands in for one of its files."""

PICTURES = "input"
PICTURE = "weft_example_sketch.png"
PICTURE_WITH_HOLE = "weft_example_hole.png"  # its transparency is a mask
MASK_LOADERS = frozenset({"LoadImageMask"})

REFINER_ENCODER = "CLIPTextEncodeSDXLRefiner"
CLIP, MASK, CLIP_VISION = "CLIP", "MASK", "CLIP_VISION"  # types of sockets

Reason = Literal["elsewhere", "stand_in"]


@dataclass(frozen=True, slots=True)
class Substitution:
    """One file that is loaded in place of another."""

    node: str
    node_type: str
    input: str
    wanted: str
    used: str
    reason: Reason  # "elsewhere": the same file in another sub-folder; "stand_in": another, bundled one
    folder: str  # the kind of file: "checkpoints", "input" ...

    @property
    def sentence(self) -> str:
        """What is replaced, for people."""
        where = f"Node {self.node} ({self.node_type})"
        if self.reason == "elsewhere":
            return f"{where}: {self.wanted} is found as {self.used}."
        return f"{where}: {self.wanted} is not on this machine; the bundled {self.used} stands in for it."


def plan_stand_ins(
    graph: Graph,
    list_files: ListFiles,
    catalogue: Mapping[str, NodeSpec] = MappingProxyType({}),
    *,
    has_file: HasFile | None = None,
    pictures: Collection[str] = (),
) -> list[Substitution]:
    """What would be loaded in place of the files that are missing, in the order of the graph.

    A file of the same name in another sub-folder comes first. Else a bundled model of the kind stands in, where there
    is one: for a checkpoint the refiner if it is called one or its CLIP feeds a refiner's prompt, and the base
    otherwise. What nothing can stand in for is left out: validation tells it.

    Args:
        graph: the prompt; not changed.
        list_files: lists the files of a folder.
        catalogue: node types by name; stock types are known without it.
        has_file: asked about a file that is not listed, before it is called missing.
        pictures: example pictures that may stand in for those of the input folder; whoever applies the plan sees to
            it that they are there.
    """
    planner = _Planner(graph, list_files, with_stock_types(catalogue), has_file, frozenset(pictures))
    return list(planner.substitutions())


def apply_stand_ins(graph: Graph, substitutions: Iterable[Substitution]) -> None:
    """Change the graph's inputs as planned."""
    for one in substitutions:
        graph[one.node].inputs[one.input] = one.used


class _Planner:
    """Looks at each file that a graph names; folders are listed once."""

    def __init__(
        self,
        graph: Graph,
        list_files: ListFiles,
        types: Mapping[str, NodeSpec],
        has_file: HasFile | None,
        pictures: frozenset[str],
    ) -> None:
        self._graph = graph
        self._list_files = list_files
        self._types = types
        self._has_file = has_file
        self._pictures = pictures
        self._listed: dict[str, list[str]] = {}
        self._feeds = _consumers(graph)

    def substitutions(self) -> Iterator[Substitution]:
        for node, spec, wanted in self._named_files():
            folder = spec.files or ""
            names = self._names(folder)
            if wanted in names or (self._has_file is not None and self._has_file(folder, wanted)):
                continue
            same = _same_file(wanted, names)
            used = same or self._stand_in(node, wanted, folder)
            if used in names or (folder == PICTURES and used in self._pictures):
                reason: Reason = "elsewhere" if same else "stand_in"
                yield Substitution(node.id, node.type, spec.name, wanted, used, reason, folder)

    def _named_files(self) -> Iterator[tuple[GraphNode, InputSpec, str]]:
        for node in self._graph.values():
            spec = self._types.get(node.type)
            for one in spec.inputs if spec is not None else ():
                value = node.inputs.get(one.name)
                if one.files is not None and isinstance(value, str) and value not in (one.choices or ()):
                    yield node, one, value

    def _names(self, folder: str) -> list[str]:
        if folder not in self._listed:
            self._listed[folder] = self._list_files(folder)
        return self._listed[folder]

    def _stand_in(self, node: GraphNode, wanted: str, folder: str) -> str:
        if folder == PICTURES:
            wants_mask = node.type in MASK_LOADERS or any(self._targets(node, MASK))
            return PICTURE_WITH_HOLE if wants_mask else PICTURE
        outputs = self._types[node.type].outputs
        if folder == "checkpoints" and any(output.type == CLIP_VISION for output in outputs):
            return ""  # no bundled checkpoint holds an image encoder
        usual = BUNDLED.get(folder, "")
        if usual != BASE or folder == "vae":
            return usual
        refines = "refiner" in _base_name(wanted).casefold()
        return REFINER if refines or (folder in WITH_CLIP and self._feeds_refiner(node)) else BASE

    def _feeds_refiner(self, loader: GraphNode) -> bool:
        """Whether a loader's CLIP reaches a refiner's prompt, through nodes that change it or not."""
        pending = list(self._targets(loader, CLIP))
        seen: set[str] = set()
        while pending:
            node = self._graph[pending.pop()]
            if node.id in seen:
                continue
            seen.add(node.id)
            if node.type == REFINER_ENCODER:
                return True
            pending += self._targets(node, CLIP)
        return False

    def _targets(self, node: GraphNode, type: str) -> Iterator[str]:
        """The nodes that a node's outputs of a type feed."""
        spec = self._types.get(node.type)
        for slot, output in enumerate(spec.outputs if spec is not None else ()):
            if output.type == type:
                yield from self._feeds.get(Link(node.id, slot), ())


def _same_file(wanted: str, names: Iterable[str]) -> str:
    """The listed file with the same base name; if there are several, the first. Case counts only as a last resort."""
    base = _base_name(wanted)
    alike = [name for name in names if _base_name(name).casefold() == base.casefold()]
    exact = [name for name in alike if _base_name(name) == base]
    return next(iter(exact or alike), "")


def _base_name(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _consumers(graph: Graph) -> Mapping[Link, list[str]]:
    """An output -> the nodes that it feeds."""
    feeds: defaultdict[Link, list[str]] = defaultdict(list)
    for node in graph.values():
        for _, link in node.links():
            feeds[link].append(node.id)
    return feeds
