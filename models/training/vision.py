"""Remake the bundled image encoder: `python -m models.training.vision --out models/bundled`.

It belongs to the bundled base, which must be there. It learns on one thread from pictures that it draws, and goes on
where it was stopped; the time is wall clock.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from models.checkpoint import load_checkpoint
from models.memory import DeviceMemory
from models.training.export import BASE_FILE, LICENCE, write_file
from models.training.loop import Recipe
from models.training.vision_stage import HEADS, train_vision

FILE = "clip_vision/weft_vision.safetensors"
COMMAND = "python -m models.training.vision --out models/bundled"
_RATE = 1e-3


def main() -> None:
    """Train it and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundled models")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="folder for work files")
    parser.add_argument("--minutes", type=float, default=10.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    base = load_checkpoint(arguments.out / BASE_FILE, DeviceMemory.choose("cpu"))
    network, figures = train_vision(base, Recipe(arguments.minutes, _RATE), arguments.work)
    facts = {
        "weft.bundled": "image encoder",
        "weft.clip_vision.heads": str(HEADS),
        "weft.clip_vision.activation": network.config.activation,
        "weft.training.command": COMMAND,
        "weft.training.figures": figures,
        "weft.licence": LICENCE,
    }
    path = arguments.out / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, dict(network.named_parameters()), facts)
    print(f"{path}: {figures}", flush=True)


if __name__ == "__main__":
    main()
