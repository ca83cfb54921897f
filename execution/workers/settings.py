"""How a worker process is told to behave: one value, written by the server and read by the worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from secrets import token_hex
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The settings of one worker. Paths are absolute; empty texts mean the usual place below `workspace`."""

    workspace: str
    device: str = "auto"
    dtype: str = "auto"
    model_dirs: tuple[str, ...] = ()
    bundled: str = ""
    input_dir: str = ""
    output_dir: str = ""
    temp_dir: str = ""
    user_dir: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    extra_first: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    node_packs: tuple[str, ...] = ()  # folders that hold node packs
    disable_all_custom_nodes: bool = False
    cache: str = "default"  # default | classic | none | lru:N (results kept)
    cache_bytes: int | None = None  # of the memory tier; None: what the policy says
    disk_cache_bytes: int = 0  # of the disk tier; 0: there is none
    journal_dir: str = ""  # of the files that each job has published (folders/job_files.py)
    preview_method: str = "none"  # none | auto | latent2rgb | taesd
    preview_size: int = 512  # pixels of a preview's longest side
    disable_metadata: bool = False  # pictures are saved without their workflows
    session: str = field(default_factory=lambda: token_hex(8))  # of the server: the same for all its workers' lives
    address: str = ""  # the server's own URL, for node packs that ask

    def to_argument(self) -> str:
        """As one command-line argument."""
        return json.dumps(asdict(self))

    @property
    def journals(self) -> Path:
        """The folder of the jobs' journals."""
        return Path(self.journal_dir or Path(self.user_dir or Path(self.workspace) / "user") / "jobs")

    @classmethod
    def from_argument(cls, text: str) -> WorkerSettings:
        """The inverse of `to_argument`.

        Raises:
            ValueError: the text says no settings.
        """
        try:
            given: dict[str, Any] = json.loads(text)
            known = {one.name: given[one.name] for one in fields(cls) if one.name in given}
            for name in ("model_dirs", "node_packs"):
                known[name] = tuple(known.get(name, ()))
            for name in ("extra", "extra_first"):
                known[name] = {kind: tuple(paths) for kind, paths in known.get(name, {}).items()}
            return cls(**known)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"These are no settings of a worker: {error}") from error
