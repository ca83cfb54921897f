"""Remake the bundled upscaler: `python -m models.training.upscaler --out models/bundled`.

It learns on one thread from pictures that it draws, and goes on where it was stopped; the time is wall clock.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from models.training.export import LICENCE, write_file
from models.training.loop import Recipe
from models.training.upscaler_stage import SCALE, judged, train_upscaler

FILE = "upscale_models/weft_upscale_4x.safetensors"
COMMAND = "python -m models.training.upscaler --out models/bundled"
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
    network = train_upscaler(Recipe(arguments.minutes, _RATE, weight_decay=0.0), arguments.work)
    facts = {
        "weft.bundled": "upscaler",
        "weft.scale": str(SCALE),
        "weft.training.command": COMMAND,
        "weft.training.figures": judged(network),
        "weft.licence": LICENCE,
    }
    path = arguments.out / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, network.state_dict(), facts)
    print(f"{path}: {facts['weft.training.figures']}", flush=True)


if __name__ == "__main__":
    main()
