"""Jobs, how far they are, and what they made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

Status = Literal["queued", "running", "canceling", "succeeded", "failed", "canceled", "expired"]
ENDED = frozenset({"succeeded", "failed", "canceled", "expired"})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `value` is from 0 to 1."""

    value: float
    nodes_done: int
    nodes_total: int
    node: str | None  # the one that runs
    node_type: str | None
    step: int | None
    steps: int | None
    message: str  # "KSampler 21/50"; empty between two nodes

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Progress:
        return cls(
            float(told["value"]),
            int(told["nodes_done"]),
            int(told["nodes_total"]),
            told.get("current_node"),
            told.get("current_node_class"),
            told.get("step"),
            told.get("steps"),
            told.get("message") or "",
        )


@dataclass(frozen=True, slots=True)
class File:
    """Something that a node made. Its content is fetched when it is asked for."""

    node: str
    name: str
    kind: Literal["image", "video", "audio", "text", "file", "latent"]
    media_type: str
    size: int  # bytes
    url: str
    _fetch: Callable[[str], bytes] = field(repr=False, compare=False)

    def read(self) -> bytes:
        """The content."""
        return self._fetch(self.url)

    def save(self, place: str | Path = ".") -> Path:
        """Write it to a file, or into a folder under its own name; never over another file.

        Returns where it is: `name (1).png` where the name was taken.
        """
        path = Path(place)
        if path.is_dir() or not path.suffix:
            path = path / Path(self.name).name
        path.parent.mkdir(parents=True, exist_ok=True)
        content, number = self.read(), 0
        while True:
            chosen = path if not number else path.with_name(f"{path.stem} ({number}){path.suffix}")
            try:
                with chosen.open("xb") as file:
                    file.write(content)
            except FileExistsError:
                number += 1
            else:
                return chosen


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the server last told it."""

    id: str
    status: Status
    created: str  # ISO 8601, as all times
    started: str | None = None
    ended: str | None = None
    position: int | None = None  # among those that wait, from 1
    progress: Progress | None = None
    files: tuple[File, ...] = ()
    error: Mapping[str, Any] | None = None  # {"code", "message", "node_id", "class_type", "inputs" ...}
    seeds: Mapping[str, int] = field(default_factory=dict[str, int])  # by node
    models: Mapping[str, str] = field(default_factory=dict[str, str])  # digests of the files' content by name
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float | None = None  # at work

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @classmethod
    def of(cls, told: Mapping[str, Any], fetch: Callable[[str], bytes]) -> Job:
        """From what API v2 answers: a job, or one of a list."""
        progress, used = told.get("progress"), cast("Mapping[str, Any]", told.get("used") or {})
        milliseconds = cast("Mapping[str, Any]", told.get("metrics") or {}).get("execution_ms")
        return cls(
            id=told["id"],
            status=told["status"],
            created=told["created_at"],
            started=told.get("started_at"),
            ended=told.get("completed_at"),
            position=told.get("queue_position"),
            progress=Progress.of(progress) if progress else None,
            files=tuple(_file(one, fetch) for one in told.get("outputs") or ()),
            error=told.get("error"),
            seeds=dict(used.get("seeds") or {}),
            models=dict(used.get("models") or {}),
            labels=dict(told.get("metadata") or {}),
            seconds=None if milliseconds is None else milliseconds / 1000,
        )


def _file(told: Mapping[str, Any], fetch: Callable[[str], bytes]) -> File:
    return File(
        told["node_id"], told["name"], told["type"], told["content_type"], told["size_bytes"], told["url"], fetch
    )


@dataclass(frozen=True, slots=True)
class Result:
    """What a job made, and what with."""

    job: Job

    @property
    def files(self) -> tuple[File, ...]:
        """Everything, in the order of the nodes."""
        return self.job.files

    @property
    def images(self) -> list[File]:
        return [file for file in self.files if file.kind == "image"]

    @property
    def texts(self) -> list[str]:
        """What nodes showed as text."""
        return [file.read().decode("utf-8", "replace") for file in self.files if file.kind == "text"]

    @property
    def seeds(self) -> Mapping[str, int]:
        """The seeds that were used, by node."""
        return self.job.seeds

    @property
    def models(self) -> Mapping[str, str]:
        """The model files that were used, and the digests of their content."""
        return self.job.models

    def of(self, node: str) -> list[File]:
        """What one node made."""
        return [file for file in self.files if file.node == node]

    def save(self, folder: str | Path = ".") -> list[Path]:
        """Write all files into a folder under their own names; returns where they are."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        return [file.save(place) for file in self.files]
