"""What a worker process is made of: the device, node types and packs, the engine, the cache."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch

from commands.errors import UsageProblem
from commands.node_memory import meter_for
from commands.workbench import (
    Caching,
    EngineSetup,
    build_engine,
    choose_device,
    free_memory,
    job_services,
    node_types,
    unload_models,
)
from commands.worker_device import describe
from execution.engine import Engine
from execution.schema_data import catalogue_to_data
from execution.workers.loop import WorkerParts
from execution.workers.messages import Free, FromWorker, Ready, Starting
from execution.workers.seat import SET_ASIDE
from execution.workers.settings import WorkerSettings
from folders.job_files import JobFiles
from folders.workspace import Workspace
from models.memory import DeviceMemory
from models.sdxl.text_encoder import import_transformers
from nodes.inspection.inspector import ValueInspector
from nodes.preview_colours import PreviewColours
from nodes.previews import PreviewEncoder, PreviewMethod
from packs.load import LoadedPacks, load_packs

Send = Callable[[FromWorker], None]


def build_parts(settings: WorkerSettings, send: Send) -> WorkerParts:
    """Build everything; tells what it is doing.

    Raises:
        UsageProblem: this machine does not have the device.
    """
    workspace = workspace_of(settings)
    send(Starting("opening the device"))
    memory = choose_device(settings.device, settings.dtype)
    if memory.device.type == "cuda":
        torch.cuda.set_device(memory.device)  # of this thread, which imports packs; see `thread_context` for others
    send(Starting("loading nodes"))
    built_in = node_types()
    loaded = load_packs(
        workspace,
        built_in,
        services=(memory,),
        send=send,
        disabled=settings.disable_all_custom_nodes,
        set_aside=json.loads(os.environ.get(SET_ASIDE, "{}")),
        begins=lambda pack: send(Starting(f"importing the node pack {pack}", pack)),
    )
    send(Starting("preparing the engine"))
    colours = PreviewColours(workspace.user / "cache" / "preview_colours")
    setup = EngineSetup(
        caching=caching_of(settings),
        metadata=not settings.disable_metadata,
        colours=colours,
        session=settings.session,
        tell=_tell,
        tidy=True,
        meter=meter_for(memory.device),
    )
    engine = build_engine(loaded.registry, workspace, memory, setup)
    journals = JobFiles(settings.journals)
    encoder = PreviewEncoder(cast("PreviewMethod", settings.preview_method), colours, settings.preview_size)
    if encoder.notice is not None:
        _tell(encoder.notice)
    return WorkerParts(
        engine,
        ready=_announcement(loaded, memory),
        free=lambda asked: _free(asked, engine, memory),
        stats=lambda: describe(memory),
        catalogue=lambda: catalogue_to_data(loaded.refresh()),
        encoder=encoder,
        services=lambda job: job_services(journals, job.job),
        inspector=ValueInspector(memory.device, colours),
        change=loaded.changed_prompt if loaded.host.prompt_handlers else None,
        meanwhile=_prepare,
    )


def workspace_of(settings: WorkerSettings) -> Workspace:
    """The user's folders, as the server has them."""

    def path(text: str) -> Path | None:
        return Path(text) if text else None

    def paths(folders: Mapping[str, Sequence[str]]) -> dict[str, tuple[Path, ...]]:
        return {kind: tuple(map(Path, listed)) for kind, listed in folders.items()}

    return Workspace(
        Path(settings.workspace),
        tuple(map(Path, settings.model_dirs)),
        bundled=path(settings.bundled),
        output_dir=path(settings.output_dir),
        input_dir=path(settings.input_dir),
        temp_dir=path(settings.temp_dir),
        user_dir=path(settings.user_dir),
        extra=paths(settings.extra),
        extra_first=paths(settings.extra_first),
    )


def caching_of(settings: WorkerSettings) -> Caching:
    """What the engine is to keep.

    Raises:
        UsageProblem: there is no such policy.
    """
    policy, _, count = settings.cache.partition(":")
    if policy not in ("default", "classic", "lru", "none") or (policy == "lru" and not count.isdigit()):
        raise UsageProblem(f"There is no cache policy {settings.cache!r}: choose default, classic, none or lru:N.")
    entries = int(count) if policy == "lru" else 0
    return Caching(policy, entries, settings.cache_bytes, settings.disk_cache_bytes)


def _announcement(loaded: LoadedPacks, memory: DeviceMemory) -> Callable[[], Ready]:
    served = loaded.serve_routes()

    def ready() -> Ready:
        return Ready(
            catalogue_to_data(loaded.registry.catalogue()),
            loaded.packs,
            describe(memory),
            {"python": platform.python_version(), "torch": torch.__version__},
            served.routes if served is not None else (),
            served.address if served is not None else None,
            served.secret if served is not None else "",
        )

    return ready


def _prepare() -> None:
    """Import what every picture needs and takes seconds; where that fails, the job that needs it says why."""
    with contextlib.suppress(ImportError):
        import_transformers()


def _free(asked: Free, engine: Engine, memory: DeviceMemory) -> None:
    """Let go of results and models; called while no job runs."""
    if asked.free_memory:
        free_memory(engine)
    if asked.free_memory or asked.unload_models:
        unload_models(memory)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
