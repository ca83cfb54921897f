"""Print the bundled pair's figures and draw its contact sheet.

`python -m tests.bundled.measure --sheet docs/images/bundled-contact-sheet.png`
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import torch
from torch import Tensor

from models.checkpoint import Checkpoint
from models.sdxl.vae import AutoencoderKL
from models.training.bundled import contact_sheet
from models.training.drawing import draw_mixture
from models.training.judge import flat_grain, look
from models.training.scenes import POSITIONS
from models.training.vae_stage import psnr
from tests.bundled.painting import CAPTIONS, PROMPTS, ensemble, load_pair, pictures, run, start


def judged(batch: Tensor) -> str:
    verdicts = [look(picture) for picture in batch]
    pairs = list(zip(PROMPTS, verdicts, strict=True))
    colours = sum((v.colour, v.background) == (colour, ground) for (colour, _, ground), v in pairs)
    shapes = sum(v.shape == shape for (_, shape, _), v in pairs)
    return f"both colours {colours} of {len(pairs)}, shape {shapes} of {len(pairs)}"


def centre(picture: Tensor) -> tuple[float, float]:
    """Of what is dark, in units of the side: x, y."""
    rows, columns = (picture.mean(0) < 0.5).nonzero(as_tuple=True)
    return columns.float().mean().item() / picture.shape[-1], rows.float().mean().item() / picture.shape[-1]


def places(base: Checkpoint) -> str:
    """How many of the eight places a black circle takes when told to."""
    names = [name for name in POSITIONS if name]
    captions = [f"a black circle at the {name} on a white background" for name in names]
    found = [centre(picture) for picture in pictures(base, run(base, captions, *start(len(names)), steps=20))]
    near = [
        abs(x - POSITIONS[name][0]) < 0.1 and abs(y - POSITIONS[name][1]) < 0.1
        for name, (x, y) in zip(names, found, strict=True)
    ]
    return f"{sum(near)} of {len(near)}"


def sharpness(base: Checkpoint, original: int) -> float:
    """Steepest edge, in grey levels a pixel, when the original is said to have been this large."""
    captions = CAPTIONS[:8]
    options = {"height": original, "width": original, "target_height": 128, "target_width": 128}
    batch = pictures(base, run(base, captions, *start(8), steps=20, **options))
    return batch.diff(dim=-1).abs().amax((1, 2, 3)).mean().item() * 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path, help="write the contact sheet here")
    arguments = parser.parse_args()
    base, refiner = load_pair()
    for seed, guidance in ((7, 4.5), (0, 4.5), (1, 4.5), (2, 4.5), (7, 2.0), (7, 8.0)):
        began = time.perf_counter()
        made = pictures(base, run(base, CAPTIONS, *start(50, seed), steps=20, guidance=guidance))
        each = (time.perf_counter() - began) / 50
        print(f"seed {seed}, guidance {guidance}, 20 steps: {judged(made)}; {each:.2f} s a picture", flush=True)
    alone, refined = ensemble(base, refiner, CAPTIONS)
    for name, batch in (("base alone", alone), ("with the refiner", refined)):
        grain = sum(map(flat_grain, batch)) / len(batch)
        print(f"25 steps, {name}: {judged(batch)}; grain in flat areas {grain:.2f}", flush=True)
    print(f"places: {places(base)}")
    crops = [
        centre(pictures(base, run(base, ["a black square on a white background"], *start(1), 20, crop_w=w))[0])[0]
        for w in (0, 36)
    ]
    print(f"centre at crop 0 / 36 pixels: {crops[0] * 128:.0f} / {crops[1] * 128:.0f}")
    print(f"steepest edge at original size 128 / 24: {sharpness(base, 128):.0f} / {sharpness(base, 24):.0f}")
    vae: AutoencoderKL = base.vae.network  # pyright: ignore[reportAssignmentType]
    scenes, free = draw_mixture(48, random.Random(-1)).split([32, 16])
    print(f"autoencoder: {psnr(vae, scenes):.1f} dB on scenes, {psnr(vae, free):.1f} dB on anything")
    if arguments.sheet:
        arguments.sheet.parent.mkdir(parents=True, exist_ok=True)
        pairs = torch.stack([alone, refined], 1).flatten(0, 1)
        contact_sheet(pairs, 10).quantize(128).save(arguments.sheet, optimize=True)  # a palette: a third of the bytes


if __name__ == "__main__":
    main()
