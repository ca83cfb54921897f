"""What a newer-style node declares, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from execution.errors import NodeDeclarationError
from execution.results import Blocked
from packs.newer.sockets import Input, Output


class Hidden(str, Enum):  # noqa: UP042 - packs for older Pythons compare members with texts
    """What the engine gives a node besides its inputs."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"


@dataclass(slots=True)
class HiddenValues:
    """The hidden values of one call, as `cls.hidden`."""

    unique_id: str | None = None
    prompt: Any = None
    extra_pnginfo: Any = None
    dynprompt: Any = None
    auth_token_comfy_org: str | None = None
    api_key_comfy_org: str | None = None


class Schema:
    """The declaration of a node."""

    def __init__(
        self,
        node_id: str,
        display_name: str | None = None,
        category: str = "sd",
        inputs: Sequence[Input] | None = None,
        outputs: Sequence[Output] | None = None,
        hidden: Sequence[Hidden] | None = None,
        description: str = "",
        **flags: Any,
    ) -> None:
        self.node_id = node_id
        self.display_name = display_name
        self.category = category
        self.inputs = list(inputs or ())
        self.outputs = list(outputs or ())
        self.hidden = list(hidden or ())
        self.description = description
        self.flags = flags  # is_output_node, is_input_list, is_deprecated, is_experimental, not_idempotent ...
        self.validate()

    def validate(self) -> None:
        """Raises NodeDeclarationError: two inputs have the same id."""
        ids = [one.id for one in self.inputs]
        for one in ids:
            if ids.count(one) > 1:
                raise NodeDeclarationError(f"The node {self.node_id} has two inputs called {one}.")

    def says(self, flag: str) -> bool:
        """Whether a flag is set."""
        return bool(self.flags.get(flag, False))

    def input_types(self) -> dict[str, dict[str, Any]]:
        """The inputs as class-style nodes declare them."""
        sections: dict[str, dict[str, Any]] = {"required": {}}
        for one in self.inputs:
            sections.setdefault("optional" if one.optional else "required", {})[one.id] = one.written()
        if self.hidden:
            sections["hidden"] = {one.name: one.value for one in self.hidden}
        return sections


class NodeOutput:
    """What `execute` gives: values in the order of the outputs, something to show, or nodes to run instead."""

    def __init__(
        self,
        *args: Any,
        ui: Any = None,
        expand: Mapping[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        """The values; None when there are none."""
        return self.args or None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NodeOutput:
        """Of a class-style result."""
        result: Any = data.get("result")
        if isinstance(result, Blocked):
            return cls(ui=data.get("ui"), expand=data.get("expand"), block_execution=result.message or "")
        return cls(*(result or ()), ui=data.get("ui"), expand=data.get("expand"))

    def class_style(self) -> dict[str, Any]:
        """As class-style nodes give it."""
        given: dict[str, Any] = {"result": self.args}
        if self.block_execution is not None:
            given["result"] = Blocked(self.block_execution)
        if self.ui is not None:
            as_dict: Any = getattr(self.ui, "as_dict", None)
            given["ui"] = as_dict() if callable(as_dict) else self.ui
        if self.expand is not None:
            given["expand"] = self.expand
        return given
