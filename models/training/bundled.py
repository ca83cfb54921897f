"""Remake the bundled checkpoints from nothing: `python -m models.training.bundled --out models/bundled`.

Four stages, each resumed where it stopped: autoencoder, text encoders, base UNet, refiner UNet. The times are wall
clock on two CPU cores; more time or faster cores make better pictures. Work files stay in `--work`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from models.sdxl.unet import UNet
from models.training.captions import plain_prompt
from models.training.export import BASE_FILE, REFINER_FILE, write_base, write_refiner
from models.training.judge import flat_grain
from models.training.latents import cached_shards, for_refiner
from models.training.loop import Recipe
from models.training.pictures import Painter, judged_prompts
from models.training.text_stage import train_text
from models.training.unet_stage import encode_prompts, train_unet
from models.training.vae_stage import train_vae

_BASE_RATE = 1.2e-3
_REFINER_RATE = 1.5e-3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the two checkpoints")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="folder for work files")
    parser.add_argument("--vae-minutes", type=float, default=6.0)
    parser.add_argument("--text-minutes", type=float, default=1.7)
    parser.add_argument("--base-minutes", type=float, default=60.0)
    parser.add_argument("--refiner-minutes", type=float, default=12.0)
    parser.add_argument("--shards", type=int, default=6, help="of 2,048 pictures that the UNets learn from")
    return parser.parse_args()


def contact_sheet(pictures: Tensor, columns: int) -> Image.Image:
    """Pictures `[B, 3, S, S]` in 0..1 in rows of `columns`; an unfinished last row is left out."""
    whole = pictures[: len(pictures) // columns * columns]
    rows = whole.unflatten(0, (-1, columns)).permute(0, 3, 1, 4, 2)  # [rows, S, columns, S, 3]
    return Image.fromarray((rows.flatten(2, 3).flatten(0, 1) * 255).round().byte().numpy())


def _judge_base(painter: Painter, work: Path) -> Callable[[UNet], str]:
    def judge(network: UNet) -> str:
        line, pictures = painter.score(network)
        contact_sheet(pictures, 8).save(work / "base.png")
        return line

    return judge


def _judge_refiner(painter: Painter, base: UNet, work: Path) -> Callable[[UNet], str]:
    captions = [plain_prompt(*triple) for triple in judged_prompts(16)]
    alone = painter.paint(base, captions, steps=25)

    def judge(network: UNet) -> str:
        refined = painter.paint(base, captions, steps=25, refiner=network)
        contact_sheet(torch.stack([alone, refined], 1).flatten(0, 1), 8).save(work / "refiner.png")
        before, after = (sum(map(flat_grain, pictures)) / len(pictures) for pictures in (alone, refined))
        return f"grain in flat areas {before:.2f} -> {after:.2f}"

    return judge


def main() -> None:
    """Train what is not trained yet and write both files."""
    arguments = _arguments()
    work: Path = arguments.work
    vae = train_vae(work, arguments.vae_minutes).eval().requires_grad_(False)
    encoders = train_text(work, arguments.text_minutes).requires_grad_(False)
    painter = Painter(vae, encoders)

    examples = cached_shards(vae, work, arguments.shards)
    prompts = encode_prompts(encoders, examples.captions, with_l=True)
    judge_base = _judge_base(painter, work)
    base = train_unet(False, examples, prompts, Recipe(arguments.base_minutes, _BASE_RATE), work, judge_base).eval()
    figures = judge_base(base)
    print(f"{write_base(arguments.out, base, vae, encoders, figures)}: {figures}", flush=True)

    examples = for_refiner(examples)
    prompts = encode_prompts(encoders, examples.captions, with_l=False)
    judge_refiner = _judge_refiner(painter, base, work)
    recipe = Recipe(arguments.refiner_minutes, _REFINER_RATE)
    refiner = train_unet(True, examples, prompts, recipe, work, judge_refiner).eval()
    figures = judge_refiner(refiner)
    print(f"{write_refiner(arguments.out, refiner, vae, encoders, figures)}: {figures}", flush=True)
    size = sum((arguments.out / name).stat().st_size for name in (BASE_FILE, REFINER_FILE))
    print(f"both files: {size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
