"""How long it takes to import the text encoders, load the tokenizer and load a checkpoint; prints figures.

usage: python -m tests.benchmarks.loading [CHECKPOINT]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ResultT = TypeVar("ResultT")


def timed(what: str, action: Callable[[], ResultT]) -> ResultT:
    start = time.perf_counter()
    result = action()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:45} {time.perf_counter() - start:8.3f} s   peak {peak:6.2f} GiB")
    return result


def main() -> None:
    """Measure each step once, in a fresh process."""
    timed("import torch", lambda: __import__("torch"))
    timed("import models.sdxl.text", lambda: __import__("models.sdxl.text"))
    timed("import models.checkpoint", lambda: __import__("models.checkpoint"))
    from models.sdxl.text_encoder import hide_broken_torchvision

    timed("find torchvision broken or import it", hide_broken_torchvision)
    timed("import transformers' CLIP", lambda: __import__("transformers.models.clip.modeling_clip"))
    from folders.digest import file_digest
    from models.checkpoint import load_checkpoint, load_vae
    from models.checkpoints.layout import find_parts
    from models.memory import DeviceMemory
    from models.sdxl.tokenizer import ClipTokenizer

    timed("load the tokenizer", ClipTokenizer)
    if len(sys.argv) < 2:
        return
    path, memory = Path(sys.argv[1]), DeviceMemory.choose("cpu")
    timed("digest of the file", lambda: file_digest(path))
    timed("check its header and find its parts", lambda: find_parts(path))
    timed("load the VAE alone, float32", lambda: load_vae(path, memory))
    timed("load the whole checkpoint, float32", lambda: load_checkpoint(path, memory))


if __name__ == "__main__":
    main()
