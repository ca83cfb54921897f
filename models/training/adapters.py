"""Remake the bundled LoRA and ControlNet: `python -m models.training.adapters --out models/bundled`.

Both are made for the bundled base, which must be there. They learn on one thread, each resumed where it stopped; the
times are wall clock.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from models.checkpoint import Checkpoint, load_checkpoint
from models.memory import DeviceMemory
from models.sdxl.unet import UNet
from models.training.adapter_export import write_control, write_lora
from models.training.adapter_pictures import AdapterExamples, control_examples, style_examples
from models.training.adapter_stage import train_control, train_lora
from models.training.export import BASE_FILE
from models.training.loop import Recipe

_LORA_RATE = 2e-3
_CONTROL_RATE = 1e-3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundled base, and for the two files")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="folder for work files")
    parser.add_argument("--lora-minutes", type=float, default=12.0, help="0: leave the LoRA as it is")
    parser.add_argument("--control-minutes", type=float, default=20.0, help="0: leave the ControlNet as it is")
    parser.add_argument("--pictures", type=int, default=2048, help="that each learns from")
    return parser.parse_args()


def _with_empty(base: Checkpoint, examples: AdapterExamples) -> tuple[AdapterExamples, int]:
    """The examples with the empty caption among their prompts, and its row."""
    encoded = base.clip.encode_text("")
    label = examples.label[:1].clone()
    label[:, : encoded.pooled.shape[1]] = encoded.pooled
    added = AdapterExamples(
        examples.latents,
        torch.cat([examples.context, encoded.cond]),
        torch.cat([examples.label, label]),
        examples.rows,
        examples.hints,
    )
    return added, len(examples.context)


def main() -> None:
    """Train what is asked for and write it."""
    arguments = _arguments()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    base = load_checkpoint(arguments.out / BASE_FILE, DeviceMemory.choose("cpu"))
    network = base.model.network
    assert isinstance(network, UNet)
    if arguments.lora_minutes:
        examples, nothing = _with_empty(base, style_examples(base, arguments.pictures))
        recipe = Recipe(arguments.lora_minutes, _LORA_RATE, warmup=30, weight_decay=0.0, ema=0.98)
        factors = train_lora(network, examples, nothing, recipe, arguments.work)
        print(write_lora(arguments.out, factors), flush=True)
    if arguments.control_minutes:
        examples, nothing = _with_empty(base, control_examples(base, arguments.pictures))
        recipe = Recipe(arguments.control_minutes, _CONTROL_RATE, warmup=50, ema=0.99)
        control = train_control(network, examples, nothing, recipe, arguments.work)
        print(write_control(arguments.out, control), flush=True)


if __name__ == "__main__":
    main()
