"""What the server and a worker say to each other. Plain data: JSON, and bytes for pictures.

No message asks a worker to end: it does when its standard input ends, at once.

A frame is two big-endian uint32 (length of the JSON, length of the bytes), the JSON `[kind, fields]`, and the bytes of
the message's `payload` field if it has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from execution.jobs.records import Outcome

Question = Literal["validate", "catalogue", "stats", "value", "picture"]

# ---- server -> worker


@dataclass(frozen=True, slots=True)
class RunJob:
    """Run this now; a worker has one job at a time."""

    job: str
    prompt: Mapping[str, Any]
    targets: Sequence[str]
    extra: Mapping[str, Any]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Stop this job if it is the one that runs."""

    job: str


@dataclass(frozen=True, slots=True)
class Free:
    """Once no job runs: let models go from the device, forget results."""

    unload_models: bool = False
    free_memory: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, answered by `Answer` with the same number, also while a job runs.

    `kind` "validate": `question` is a list of [node id, type, inputs, received types] for node types with a validator
    of their own; the answer is a list with None (well) or a text for each. "catalogue": the classes of node packs are
    asked anew for their inputs; the answer is the catalogue. "stats": the answer is what
    `/system_stats` lists of the device, in bytes. "value", "picture": what flowed through a wire (see inspecting.py);
    the answer is {"status": 200, "told": ...} with a picture as its payload, or another status and a "sentence".
    """

    number: int
    kind: Question
    question: Any = None


ToWorker = RunJob | CancelJob | Free | Ask

# ---- worker -> server


@dataclass(frozen=True, slots=True)
class Starting:
    """What the worker is doing before it is ready, for people: "loading torch"."""

    step: str
    pack: str = ""  # the node pack whose code runs now, if one's does


@dataclass(frozen=True, slots=True)
class Ending:
    """The worker is about to end by itself; the last thing it says."""

    reason: str  # a sentence


@dataclass(frozen=True, slots=True)
class Pack:
    """A node pack of `custom_nodes/`, or what kept it from being imported."""

    name: str  # the folder's name
    path: str
    nodes: Sequence[str] = ()
    web: str | None = None  # folder of its browser modules
    locales: str | None = None  # folder of its translations
    templates: str | None = None  # folder of its example workflows
    error: str | None = None  # a sentence; the details are in the log
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker can take jobs. Sent again when packs change."""

    catalogue: Mapping[str, Mapping[str, Any]]  # node type -> execution.schema_data.spec_to_data
    packs: Sequence[Pack]
    device: Mapping[str, Any]  # {"name", "type", "index", "vram_total", "vram_free", "torch_vram_total", ...}
    versions: Mapping[str, str]  # {"python", "torch"}
    routes: Sequence[tuple[str, str]] = ()  # (method, path) that packs registered; served at `address`
    address: str | None = None  # where the worker serves those routes: a Unix socket's path or "127.0.0.1:port"
    secret: str = ""  # header X-Weft-Worker, for that address


@dataclass(frozen=True, slots=True)
class Told:
    """What a run tells, many events at once: each is [name of a class of execution.events, its fields]."""

    job: str
    events: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for whoever watches a job: a preview (may be left out), or a full image that a node sends."""

    job: str
    node: Sequence[Any]  # NodeRef
    kind: Literal["preview", "image"]
    media_type: str  # image/jpeg | image/png
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Ended:
    """The job is over; nothing more is told of it."""

    job: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    number: int
    value: Any = None
    error: str | None = None
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A node pack sends a websocket message of its own (`PromptServer.send_sync`); to one client, or to all."""

    event: str
    data: Any
    client: str | None = None


FromWorker = Starting | Ready | Told | Picture | Ended | Answer | Broadcast | Ending
