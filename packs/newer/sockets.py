"""Inputs and outputs as objects: `io.Int.Input("steps", default=20, min=1)`, `io.Image.Output()`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, cast

OPTION_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "dynamic_prompts": "dynamicPrompts",
        "force_input": "forceInput",
        "raw_link": "rawLink",
        "display_mode": "display",
        "widget_type": "widgetType",
        "default_input": "defaultInput",
    }
)
"""Python's name of an option -> the editor's, where they differ."""


class Input:
    """One input of a node. Options that are None are not said."""

    io_type: ClassVar[str] = "*"
    order: ClassVar[tuple[str, ...]] = ("display_name", "optional", "tooltip", "lazy")  # of what is given by place

    def __init__(self, id: str, *values: Any, **options: Any) -> None:
        self.id = id
        given: dict[str, Any] = {**dict(zip(self.order, values, strict=False)), **options}
        self.optional = bool(given.pop("optional", False))
        extra: Any = given.pop("extra_dict", None)
        self.options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        self.options.update(extra or {})

    @property
    def type(self) -> str:
        """The name of its type on wires."""
        return self.io_type

    def written(self) -> tuple[Any, dict[str, Any]]:
        """As INPUT_TYPES has it."""
        return (self.type, {OPTION_NAMES.get(name, name): _plain(value) for name, value in self.options.items()})


class Output:
    """One output of a node."""

    io_type: ClassVar[str] = "*"

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
        **_options: Any,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    @property
    def type(self) -> str:
        """The name of its type on wires."""
        return self.io_type

    @property
    def name(self) -> str:
        """What the editor calls it."""
        return self.display_name or self.id or self.type


class IntInput(Input):
    """A whole number."""

    io_type = "INT"
    order = (*Input.order, "default", "min", "max", "step", "control_after_generate", "display_mode", "socketless")


class FloatInput(Input):
    """A number."""

    io_type = "FLOAT"
    order = (*Input.order, "default", "min", "max", "step", "round", "display_mode", "socketless")


class StringInput(Input):
    """A text."""

    io_type = "STRING"
    order = (*Input.order, "multiline", "placeholder", "default", "dynamic_prompts", "socketless")


class BooleanInput(Input):
    """True or False."""

    io_type = "BOOLEAN"
    order = (*Input.order, "default", "label_on", "label_off", "socketless")


class ComboInput(Input):
    """One of several choices: a list, or the values of an `Enum`."""

    io_type = "COMBO"
    order = ("options", *Input.order, "default", "control_after_generate")
    many: ClassVar[bool] = False

    def written(self) -> tuple[Any, dict[str, Any]]:
        _, options = super().written()
        choices: Any = self.options.get("options") or []
        if isinstance(choices, type) and issubclass(choices, Enum):
            choices = [member.value for member in choices]
        upload = options.pop("upload", None)
        if upload is not None:
            options[f"{upload}_upload"] = True
        options["options"] = choices if isinstance(choices, list) else list(cast("Iterable[Any]", choices))
        return ("COMBO", {**options, "multiselect": self.many} if self.many else options)


class MultiComboInput(ComboInput):
    """Some of several choices."""

    many = True


class MultiTypeInput(Input):
    """A value of one of several types; with an input as its id also that input's widget."""

    order = ("types", *Input.order)

    def __init__(self, id: str | Input, *values: Any, **options: Any) -> None:
        self.widget = id if isinstance(id, Input) else None
        super().__init__(id.id if isinstance(id, Input) else id, *values, **options)
        types: Sequence[Any] = self.options.pop("types", ())
        names = [*([self.widget.type] if self.widget else []), *(one.io_type for one in types)]
        self._type = ",".join(dict.fromkeys(names))
        if self.widget is not None:
            self.optional = self.optional or self.widget.optional
            self.options = {**self.widget.options, **self.options, "widget_type": self.widget.type}

    @property
    def type(self) -> str:
        return self._type


class Socket:
    """A type of wires; `Input` and `Output` make a node's inputs and outputs of it."""

    io_type: ClassVar[str] = "*"
    Type: ClassVar[Any] = Any
    Input: ClassVar[Any] = Input
    Output: ClassVar[Any] = Output


def socket(io_type: str, base: type[Input] = Input) -> type[Socket]:
    """The type of wires called `io_type`."""
    made_input = type("Input", (base,), {"io_type": io_type})
    made_output = type("Output", (Output,), {"io_type": io_type})
    return type(io_type, (Socket,), {"io_type": io_type, "Input": made_input, "Output": made_output})


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    as_dict: Any = getattr(value, "as_dict", None)
    return as_dict() if callable(as_dict) else value
