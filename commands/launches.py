"""How the server starts its workers: the command of each, and what decides which node types they have."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

from commands.places import BUNDLED, MAIN, ROOT
from commands.serve_arguments import ServeOptions
from execution.main_memory import default_cache_bytes, main_memory
from execution.workers.settings import WorkerSettings
from execution.workers.states import Launch
from folders.walking import walk_once
from folders.workspace import Workspace

GIGABYTE = 10**9
NO_CODE = (".", "__pycache__", "node_modules")  # beginnings of the names of folders that declare nothing
CODE = ("nodes", "packs", "execution")  # packages of Weft's that declare node types or say how they are declared


def launches(options: ServeOptions, workspace: Workspace, devices: Sequence[str], address: str) -> list[Launch]:
    """One worker for each device; together their results take no more memory than those of one alone would."""
    share = default_cache_bytes(main_memory() // len(devices))
    names = [device if devices.count(device) == 1 else f"{device}#{place}" for place, device in enumerate(devices)]
    settings = [settings_of(options, workspace, device, address, share) for device in devices]
    return [
        Launch(name, [sys.executable, str(MAIN), "worker", told.to_argument()])
        for name, told in zip(names, settings, strict=True)
    ]


def settings_of(
    options: ServeOptions, workspace: Workspace, device: str, address: str, cache_bytes: int | None = None
) -> WorkerSettings:
    """What a worker on `device` is told; `cache_bytes` where the user has not said how much memory results may take."""
    return WorkerSettings(
        workspace=str(workspace.root),
        device=device,
        dtype=options.dtype,
        model_dirs=tuple(str(folder) for folder in workspace.model_dirs),
        bundled=str(BUNDLED),
        input_dir=str(workspace.folder("input")),
        output_dir=str(workspace.folder("output")),
        temp_dir=str(workspace.folder("temp")),
        user_dir=str(workspace.user),
        extra={kind: tuple(str(path) for path in paths) for kind, paths in workspace.extra.items()},
        extra_first={kind: tuple(str(path) for path in paths) for kind, paths in workspace.extra_first.items()},
        node_packs=tuple(str(folder) for folder in workspace.node_packs),
        disable_all_custom_nodes=options.disable_all_custom_nodes,
        cache=_cache(options),
        cache_bytes=cache_bytes if options.cache_bytes is None else int(options.cache_bytes * GIGABYTE),
        disk_cache_bytes=int(options.disk_cache * GIGABYTE),
        preview_method=options.preview_method or "auto",
        preview_size=options.preview_size,
        disable_metadata=options.disable_metadata,
        address=address,
    )


def _cache(options: ServeOptions) -> str:
    if options.cache_none:
        return "none"
    if options.cache_classic or options.cache_lru == 0:
        return "classic"
    return "default" if options.cache_lru is None else f"lru:{options.cache_lru}"


def catalogue_fingerprint(workspace: Workspace, options: ServeOptions) -> str:
    """A digest that changes with whatever decides which node types there are: Weft's code and the node packs.

    While it stays, a server that starts may answer with the catalogue that its workers announced last time.
    """
    digest = blake2b(f"{sys.version_info[:3]} {options.disable_all_custom_nodes}".encode(), digest_size=16)
    packs = [] if options.disable_all_custom_nodes else workspace.node_packs
    for folder in (*(ROOT / name for name in CODE), *packs):
        for path, state in _python_files(folder):
            digest.update(f"{path}\0{state.st_mtime_ns}\0{state.st_size}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _python_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for directory, _, files in walk_once(folder, lambda name: name.startswith(NO_CODE)):
        for name in files:
            if name.endswith((".py", ".json")):
                path = Path(directory, name)
                try:
                    yield str(path), path.stat()
                except OSError:
                    continue  # a dangling link
