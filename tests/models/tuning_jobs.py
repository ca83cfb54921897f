"""Small trainings to try: a checkpoint with seeded random weights, a folder of drawn pictures, a job of both."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file

from models.tuning.checking import read_settings
from models.tuning.preparing import Job, prepare
from models.tuning.settings import Settings
from models.tuning.trainer import Trainer
from tests.models.small_models import make

BUNDLED = Path(__file__).resolve().parents[2] / "models" / "bundled" / "weft_base.safetensors"


def picture(width, height, colour=(200, 40, 40)):
    image = Image.new("RGB", (width, height), (240, 240, 240))
    image.paste(colour, (width // 4, height // 4, width // 2, height // 2))
    return image


def folder_of(path, sizes=((64, 64), (96, 64), (64, 96), (64, 64))):
    """Captioned pictures of the sizes."""
    path.mkdir(parents=True, exist_ok=True)
    for number, (width, height) in enumerate(sizes):
        picture(width, height, (60 * number % 256, 90, 200 - 40 * number % 200)).save(path / f"{number}.png")
        (path / f"{number}.txt").write_text(f"picture number {number}")
    return path


def small_checkpoint(path, family="sdxl"):
    """A checkpoint of a small network, written once in a folder."""
    file = path / f"small_{family}.safetensors"
    if not file.exists():
        tensors = {name: value.contiguous() for name, value in make(family).state.items()}
        save_file(tensors, file, {"weft.unet.head_channels": "32" if family in ("sd15", "sd21") else "64"})
    return file


def settings_of(pictures, learn="lora", **sections):
    """Settings for tests: small, quick, of few steps."""
    given = {
        "model": "small", "name": "tried", "learn": learn,
        "data": {"folder": str(pictures), "resolution": 64, "caption_dropout": 0.25},
        "lora": {"rank": 2}, "embedding": {"vectors": 2},
        "train": {"steps": 4, "batch_size": 2, "rate": 1e-2, "seed": 5},
    }  # fmt: skip
    for name, section in sections.items():
        given[name] = {**given.get(name, {}), **section} if isinstance(section, dict) else section
    settings, problems = read_settings(Settings, given)
    assert problems == []
    return settings


def job_of(root, settings, model=None, folder="job"):
    """A job whose files lie below `root`."""
    results = {kind: root / "results" / kind for kind in ("loras", "embeddings", "checkpoints", "diffusers")}
    pictures = Path(settings.data.folder)
    return Job(settings, model or small_checkpoint(root), pictures, root / folder, results)


def trainer_of(job, resume=False):
    return Trainer(prepare(job, "cpu"), resume)


def losses(events):
    return [event.loss for event in events if type(event).__name__ == "StepDone"]


def learned(trainer):
    return {name: value.detach().clone() for name, value in trainer._values.items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
