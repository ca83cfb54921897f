"""What every command builds first: the node types, the workspace, the device, the engine."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from commands.errors import UsageProblem
from commands.files import is_folder
from execution.cache import Cache, MemoryCache
from execution.engine import Engine
from execution.main_memory import default_cache_bytes
from execution.metering import Meter
from execution.registry import Registry
from execution.store import DiskStore
from execution.tiered import TieredCache
from folders.content_digests import ContentDigests
from folders.job_files import JobFiles
from folders.program_version import checked_out_commit, program_version
from folders.shown_files import still_there
from folders.source_version import source_digest
from folders.workspace import Workspace
from models.memory import DeviceError, DeviceMemory
from models.tensor_codec import TensorCodec
from nodes.background import Background
from nodes.numbering import FileNumbers
from nodes.preview_colours import PreviewColours
from nodes.prompt_files import PromptFiles
from nodes.provenance import Program
from nodes.publishing import remove_leftovers
from nodes.saving import SaveOptions

PROGRAM = Path(__file__).resolve().parent.parent
BUNDLED = PROGRAM / "models" / "bundled"
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def node_types() -> Registry:
    """Every node type that comes with Weft."""
    return Registry.from_modules(["nodes"])


def open_workspace(root: Path, model_dirs: list[Path], output: Path | None = None) -> Workspace:
    """The user's folders.

    Raises:
        UsageProblem: a models folder that is not there, or a file where the workspace should be.
    """
    for folder in model_dirs:
        if not is_folder(folder):
            raise UsageProblem(f"--models-dir {folder} is no folder. Name one that holds checkpoints/, vae/ ...")
    if os.path.lexists(root) and not is_folder(root):
        raise UsageProblem(f"{root} is a file, but a folder is needed there.")
    return Workspace(root, tuple(model_dirs), bundled=BUNDLED, output_dir=output)


def require_writable(folder: Path) -> None:
    """Make sure that results can be written, before minutes are spent on making them; makes no folder.

    Raises:
        UsageProblem: a file is in the way, or the folder is closed to this user.
    """
    there = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if not is_folder(there):
        raise UsageProblem(f"{there} is a file, but a folder is needed there.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageProblem(f"Nothing can be written into {there}: you have no permission. Name another --output.")


def choose_device(device: str, dtype: str) -> DeviceMemory:
    """The device to compute on.

    Raises:
        UsageProblem: this machine does not have it.
    """
    try:
        return DeviceMemory.choose(device, dtype=DTYPES.get(dtype))
    except DeviceError as error:
        raise UsageProblem(str(error)) from error


@dataclass(frozen=True, slots=True)
class Caching:
    """What the engine keeps, and where."""

    policy: Literal["default", "classic", "lru", "none"] = "default"
    entries: int = 0  # how many results "lru" keeps
    memory_bytes: int | None = None  # of "default"; None: by the machine
    disk_bytes: int = 0  # results kept over restarts; 0: none. "classic" and "none" keep none either


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """What the user, or the process that the engine is for, wants of it."""

    caching: Caching = Caching()
    metadata: bool = True  # pictures carry their workflow
    colours: PreviewColours | None = None  # given where previews are shown
    session: str = ""  # of the server: results of node packs are taken from disk within one only
    tell: Callable[[str], None] | None = None  # hears sentences about the disk tier
    meter: Meter | None = None  # of the memory that each node takes
    tidy: bool = False  # remove half-written files of dead processes from the output and temporary folders


def build_engine(
    registry: Registry, workspace: Workspace, memory: DeviceMemory, setup: EngineSetup | None = None
) -> Engine:
    """An engine whose nodes compute on `memory`'s device, without gradients. To be closed."""
    chosen = setup or EngineSetup()
    background = Background()
    program = running_program()
    services: list[object] = [workspace, memory, FileNumbers(), background, SaveOptions(chosen.metadata)]
    services.append(program)
    if chosen.metadata:
        services.append(ContentDigests(cache_folder(workspace) / "content_digests.jsonl"))
    if chosen.tidy:
        background.begin(lambda: remove_leftovers(workspace.folder("output")))
        background.begin(lambda: remove_leftovers(workspace.folder("temp")))
    if chosen.colours is not None:
        services.append(chosen.colours)
    return Engine(
        registry,
        cache=build_cache(chosen.caching, workspace, chosen.tell),
        services=services,
        files=PromptFiles(workspace),
        thread_context=thread_context(memory.device),
        run_context=lambda cancel: memory.interruption.asking(cancel.check),
        code_salt=code_salt(memory, program),
        session=chosen.session,
        meter=chosen.meter,
        still_shown=partial(still_there, workspace),
    )


def thread_context(device: torch.device) -> Callable[[], AbstractContextManager[Any]]:
    """What a thread enters that calls nodes: no gradients, and "cuda" without a number means the worker's device."""
    if device.type != "cuda":
        return torch.inference_mode

    @contextmanager
    def on_device() -> Generator[None]:
        with torch.inference_mode(), torch.cuda.device(device):
            yield

    return on_device


def build_cache(caching: Caching, workspace: Workspace, tell: Callable[[str], None] | None = None) -> Cache:
    """The cache that the user wants. To be closed, which the engine does."""
    if caching.policy == "none":
        return MemoryCache.none()
    if caching.policy == "classic" or (caching.policy == "lru" and not caching.entries):
        return MemoryCache.classic()
    limit = default_cache_bytes() if caching.memory_bytes is None else caching.memory_bytes
    tier = MemoryCache.lru(caching.entries) if caching.policy == "lru" else MemoryCache(limit)
    if not caching.disk_bytes:
        return tier
    return TieredCache(tier, DiskStore(cache_folder(workspace) / "results", TensorCodec(), caching.disk_bytes, tell))


def cache_folder(workspace: Workspace) -> Path:
    """What may be deleted at any time: it is made again."""
    return workspace.user / "cache"


def running_program() -> Program:
    """Which Weft this is, as it is on the disk now."""
    source = source_digest([PROGRAM / "execution", PROGRAM / "models", PROGRAM / "nodes"])
    return Program(program_version(PROGRAM), checked_out_commit(PROGRAM), source)


def code_salt(memory: DeviceMemory, program: Program | None = None) -> str:
    """What results depend on besides their nodes: the program, torch, the kind of device and its formats."""
    source = (program or running_program()).source
    return f"{source} torch {torch.__version__} {memory.device.type} {' '.join(map(str, memory.dtypes))}"


@contextmanager
def job_services(files: JobFiles, job_id: str) -> Generator[tuple[object, ...]]:
    """What the nodes of one job's run need: `engine.run(..., services=...)`."""
    with closing(files.open(job_id)) as journal:
        yield (journal,)


def unload_models(memory: DeviceMemory) -> None:
    """Give the device's memory back; models are brought again when they are needed. While nothing runs."""
    memory.free()
    gc.collect()


def free_memory(engine: Engine) -> None:
    """Forget all results, in memory and on disk, and the models among them. While nothing runs."""
    engine.forget()
    gc.collect()
