"""What may be said of a node's parameter inside `Annotated[type, ...]`: the annotation vocabulary.

Each marker is plain data. `execution.node` reads them from a function's signature and turns them into the
`InputSpec` and `OutputSpec` values of the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

HiddenKind = Literal["PROMPT", "EXTRA_PNGINFO", "UNIQUE_ID", "DYNPROMPT", "AUTH_TOKEN_COMFY_ORG", "API_KEY_COMFY_ORG"]

SEED_MAX = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Socket:
    """The value travels on a wire of this type: `Annotated[torch.Tensor, Socket("IMAGE")]`."""

    type: str


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number, both included; `step` of the editor's arrows; `round` as the editor rounds (False: never)."""

    min: float | None = None
    max: float | None = None
    step: float | None = None
    round: float | Literal[False] | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """An int 0 .. 2**64 - 1 that the editor may draw anew after each run."""


@dataclass(frozen=True, slots=True)
class Help:
    """A sentence shown beside the input or output."""

    text: str


@dataclass(frozen=True, slots=True)
class Multiline:
    """A text edited in a box of several lines; `dynamic_prompts`: the editor resolves `{a|b}` in it."""

    dynamic_prompts: bool = False


@dataclass(frozen=True, slots=True)
class Mentions:
    """A text that may name files of this folder, as `embedding:name` in a prompt; their content decides the result."""

    folder: str


@dataclass(frozen=True, slots=True)
class Choices:
    """One of these values."""

    values: Sequence[Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))


@dataclass(frozen=True, slots=True)
class Files:
    """The name of a file in a folder ("checkpoints", "input", ...), listed afresh at each look.

    The node's cache key holds the digest of the file's content, not only its name. `upload` ("image") gives the
    widget an upload button; `first` are choices listed before the files that are not files themselves.
    """

    folder: str
    upload: Literal["image", "audio", "video", "file"] | None = None
    first: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Toggle:
    """The words the editor shows for True and False."""

    on: str
    off: str


@dataclass(frozen=True, slots=True)
class Default:
    """The editor's default where Python's cannot say it (a `list[int]` parameter)."""

    value: Any


@dataclass(frozen=True, slots=True)
class Optional:
    """The input may be left out; the parameter must have a Python default."""


@dataclass(frozen=True, slots=True)
class ForceInput:
    """A socket although the type would have a widget."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """The editor hides it among the advanced inputs."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Not an input of the editor: the engine gives it.

    `PROMPT` the API prompt, `EXTRA_PNGINFO` what the client wants kept in files, `UNIQUE_ID` the node's id,
    `DYNPROMPT` the graph as it is now. A node with `UNIQUE_ID` has its id in its cache key.
    """

    kind: HiddenKind


@dataclass(frozen=True, slots=True)
class Name:
    """The name of an input that is no Python identifier, or of an output that is not called after its type."""

    text: str
