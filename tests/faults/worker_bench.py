"""A dispatcher with a real worker process: torch, every node type, the bundled checkpoint."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from execution.workers.settings import WorkerSettings
from execution.workers.states import Launch
from folders.job_files import JobFiles
from folders.workspace import Workspace
from tests.execution.worker_helpers import ROOT, Bench, bench

BUNDLED = ROOT / "models" / "bundled"
CHECKPOINT = "weft_base.safetensors"


def settings(folder: Path, **more: Any) -> WorkerSettings:
    given = {"device": "cpu", "bundled": str(BUNDLED), "disk_cache_bytes": 10**9, "preview_method": "latent2rgb"}
    return WorkerSettings(str(folder), **{**given, **more})


@asynccontextmanager
async def torch_bench(folder: Path, **more: Any) -> AsyncIterator[Bench]:
    """As `bench`, with one real worker."""
    chosen = settings(folder, **more)
    launch = Launch("cpu", [sys.executable, str(ROOT / "main.py"), "worker", chosen.to_argument()])
    workspace = Workspace(folder, bundled=BUNDLED)
    async with bench(
        folder,
        launch,
        list_files=workspace.list_files,
        has_file=workspace.has_file,
        job_files=JobFiles(chosen.journals),
    ) as made:
        yield made


def picture(steps: int = 4, size: int = 64, seed: int = 1, output: str = "SaveImage") -> dict[str, Any]:
    """A prompt that draws a small picture with the bundled checkpoint."""
    last = {"images": ["6", 0]} if output != "SaveImage" else {"images": ["6", 0], "filename_prefix": "w"}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a red circle"}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": ""}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": size, "height": size, "batch_size": 1}},
        "5": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0],
                "seed": seed, "steps": steps, "cfg": 5.0, "sampler_name": "euler", "scheduler": "normal",
                "denoise": 1.0,
            },
        },
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": output, "inputs": last},
    }  # fmt: skip
