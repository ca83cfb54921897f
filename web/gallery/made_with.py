"""From the prompt that a picture carries to what a person would look for: texts, models, samplers, seeds.

Node types are not asked about, for a picture may come from anywhere: inputs are known by their names, model files by
their endings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from execution.graph import Graph, PromptShapeError, parse_prompt
from folders.workspace import MODEL_SUFFIXES

T = TypeVar("T")

TEXTS = frozenset(
    {"text", "text_g", "text_l", "prompt", "positive", "negative", "positive_prompt", "negative_prompt", "clip_l"}
    | {"t5xxl", "wildcard_text", "text_positive", "text_negative", "populated_text"}
)
PLAIN_TEXTS = frozenset({"value", "string"})  # of nodes that hold a text for others
MODELS = MODEL_SUFFIXES | {".gguf"}
SEEDS = ("seed", "noise_seed")
MOST_TEXTS = 20
MOST_CHARACTERS = 4_000  # of a text
MOST_NAMES = 50
MOST_NODES = 20_000  # larger prompts are not looked at


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What a picture was made with; positive prompts first."""

    prompts: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()


def made_with(prompt: Mapping[str, Any]) -> MadeWith:
    """What an API prompt says; nothing for one that is none."""
    try:
        graph = parse_prompt(prompt) if len(prompt) <= MOST_NODES else {}
    except PromptShapeError:
        return MadeWith()
    values = [(node, name, value) for node in graph.values() for name, value in node.inputs.items()]
    texts = [(node.id, value) for node, name, value in values if _is_text(node.type, name, value)]
    names = [value for _, _, value in values if isinstance(value, str) and _is_model(value)]
    return MadeWith(
        tuple(_few((text[:MOST_CHARACTERS] for text in _positive_first(graph, texts)), MOST_TEXTS)),
        tuple(_few(names, MOST_NAMES)),
        tuple(_few(_named(values, "sampler_name"), MOST_NAMES)),
        tuple(_few(_named(values, "scheduler"), MOST_NAMES)),
        tuple(_few((value for _, name, value in values if name in SEEDS and type(value) is int), MOST_NAMES)),
    )


def _is_text(kind: str, name: str, value: Any) -> bool:
    if not isinstance(value, str) or not value.strip():
        return False
    return name in TEXTS or (name in PLAIN_TEXTS and ("String" in kind or "Text" in kind or "Prompt" in kind))


def _is_model(value: str) -> bool:
    return len(value) < 500 and f".{value.rpartition('.')[2].lower()}" in MODELS


def _named(values: Iterable[tuple[Any, str, Any]], wanted: str) -> Iterable[str]:
    return (value for _, name, value in values if name == wanted and isinstance(value, str) and len(value) < 100)


def _positive_first(graph: Graph, texts: list[tuple[str, str]]) -> list[str]:
    """Texts that reach an input `positive` before others, those that reach only a `negative` one last."""
    positive, negative = _above(graph, "positive"), _above(graph, "negative")
    return [text for _, text in sorted(texts, key=lambda one: (one[0] not in positive, one[0] in negative))]


def _above(graph: Graph, name: str) -> set[str]:
    """The nodes that inputs of this name take something from, directly or through others."""
    waiting = [link.node for node in graph.values() for key, link in node.links() if key == name]
    seen: set[str] = set()
    while waiting:
        node = graph.get(waiting.pop())
        if node is not None and node.id not in seen:
            seen.add(node.id)
            waiting += [link.node for key, link in node.links() if key not in ("positive", "negative") or key == name]
    return seen


def _few(values: Iterable[T], most: int) -> list[T]:
    """Each once, the first ones."""
    return list(dict.fromkeys(values))[:most]
