"""Widget values: which entry of a node's `widgets_values` belongs to which input.

The values are a bare list in the order of the editor's widgets, among them some that exist in the editor alone: what
to do with a seed after a run, the upload button of an image. Those have a place in the list but are never sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from execution.schema import WIDGET_TYPES, InputSpec, NodeSpec
from execution.workflow.document import Slot, UiNode

AFTER_RUN = frozenset({"fixed", "increment", "decrement", "randomize"})
SEEDS = frozenset({"seed", "noise_seed"})
LEFT_OVER = (None, "", "image")  # values of editor-only widgets that other versions had
UPLOADS = ("image_upload", "animated_image_upload", "video_upload", "audio_upload", "file_upload")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a node's `widgets_values`: an input's, or (without a name) one of the editor's own."""

    name: str | None
    filler: Any = None  # what the editor keeps in a place of its own
    forced: bool = False  # the input is a socket today (forceInput), but older files hold a value for it
    choices: tuple[Any, ...] | None = None  # of an optional combo, which versions that wrote older files may lack


def is_widget(spec: InputSpec, shown: Set[str] = frozenset()) -> bool:
    """Whether the editor shows a widget for this input; `shown` are widgets that the file itself says exist."""
    if spec.section == "hidden" or spec.options.get("forceInput"):
        return False
    return spec.is_widget or spec.options.get("widgetType") in WIDGET_TYPES or spec.name in shown


def places(spec: NodeSpec, shown: Set[str] = frozenset()) -> list[Place]:
    """The places of `widgets_values` in the order of the stock editor, those of forced sockets included."""
    result: list[Place] = []
    for section in ("required", "optional"):
        inputs = [i for i in spec.inputs if i.section == section]
        for one in inputs:
            forced = bool(one.options.get("forceInput")) and (one.is_combo or one.type in WIDGET_TYPES)
            if forced or is_widget(one, shown):
                choices = one.choices if section == "optional" and one.files is None else None
                result.append(Place(one.name, forced=forced, choices=choices))
                result += _controls(one)
        if any(one.options.get(flag) for one in inputs for flag in UPLOADS):
            result.append(Place(None, "image"))
    return result


def _controls(spec: InputSpec) -> list[Place]:
    """The places behind an input's own: for seeds and the like what to do after a run, for combos also a filter."""
    controlled = spec.options.get("control_after_generate", spec.type == "INT" and spec.name in SEEDS)
    if not controlled:
        return []
    return [Place(None, "fixed"), Place(None, "")] if spec.is_combo else [Place(None, "fixed")]


def in_use(every: Sequence[Place], count: int) -> list[Place]:
    """The places that a list of `count` values fills: forced sockets have one only in files where all fit exactly."""
    if any(place.forced for place in every) and len(every) == count:
        return list(every)
    return [place for place in every if not place.forced]


def shown_widgets(node: UiNode) -> frozenset[str]:
    """The widgets that the file says a node has, by having input slots for them."""
    return frozenset(slot.widget for slot in node.inputs if slot.widget is not None)


def named_values(node: UiNode, every: Sequence[Place]) -> dict[str, Any]:
    """The widget values of a known node by input name; inputs that the file holds no value for are absent.

    `every` are the `places` of its type.
    """
    if isinstance(node.values, dict):
        names = {place.name for place in every if not place.forced}
        return {name: value for name, value in node.values.items() if name in names}
    pairs = zip(in_use(every, len(node.values)), node.values, strict=False)
    return {
        place.name: value
        for place, value in pairs
        if place.name is not None and not place.forced and not _left_over(place, value)
    }


def _left_over(place: Place, value: Any) -> bool:
    """Whether a value is of an editor-only widget of another version, where an optional combo has its place today."""
    return place.choices is not None and value in LEFT_OVER and value not in place.choices


def surplus(node: UiNode, every: Sequence[Place]) -> int:
    """How many values of a known node have no place; those of editor-only widgets of other versions do not count."""
    if isinstance(node.values, dict):
        return 0
    extra = node.values[len(in_use(every, len(node.values))) :]
    return sum(value not in LEFT_OVER for value in extra)


def guessed_values(node: UiNode) -> dict[str, Any]:
    """The widget values of a node whose type is unknown, by the names that the file itself gives.

    New files have an input slot for every widget; old ones only for widgets turned into sockets. So the names are
    used where their number fits that of the values; what stays nameless is called UNKNOWN, UNKNOWN_1 ... by its
    place, as the stock editor calls it.
    """
    if node.named:
        return {name: value for name, value in node.named.items() if name != "control_after_generate"}
    if isinstance(node.values, dict):
        return {name: value for name, value in node.values.items() if name != "videopreview"}
    widgets = [slot for slot in node.inputs if slot.widget is not None]
    named = _paired(widgets, node.values)
    if named is not None:
        return named
    return {f"UNKNOWN_{index}" if index else "UNKNOWN": value for index, value in enumerate(node.values)}


def _paired(widgets: Sequence[Slot], values: Sequence[Any]) -> dict[str, Any] | None:
    """Names with values, when there are as many, counting what follows seeds; else None."""
    if len(widgets) == len(values):
        return {slot.widget or slot.name: value for slot, value in zip(widgets, values, strict=True)}
    result: dict[str, Any] = {}
    at = 0
    for slot in widgets:
        if at >= len(values):
            return None
        result[slot.widget or slot.name] = values[at]
        at += 1
        numeric = slot.type == "INT" or slot.name in SEEDS
        if numeric and at < len(values) and isinstance(values[at], str) and values[at] in AFTER_RUN:
            at += 1
    return result if widgets and all(value in LEFT_OVER for value in values[at:]) else None


def listed_values(every: Sequence[Place], values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[Any]:
    """The inverse of `named_values`: a list for `widgets_values`, with the editor's own places filled."""
    for place in in_use(every, -1):
        if place.name is None:
            yield place.filler
        else:
            yield values.get(place.name, defaults.get(place.name))
