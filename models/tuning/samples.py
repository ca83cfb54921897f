"""Pictures of how far a training is: drawn by the sampler that users draw with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from models.sampling.noise import seeded_noise
from models.sampling.sample import final_latent, sample
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import SCHEDULERS
from models.sdxl.text import Clip
from models.training.files import replacing
from models.tuning.errors import TuningError
from models.tuning.events import SampleMade
from models.tuning.lesson import Lesson, Values
from models.tuning.settings import SampleSettings
from models.types import Model, Vae
from models.vae_codec import decode_latent

FOLDER = "samples"


def check_samples(settings: SampleSettings) -> None:
    """Make sure that sample pictures can be drawn as they are wanted.

    Raises:
        TuningError: there is no such sampler or scheduler, or no prompt.
    """
    if settings.sampler not in SAMPLERS:
        known = ", ".join(SAMPLERS)
        raise TuningError(f"samples.sampler: there is no sampler {settings.sampler!r}; there are {known}.")
    if settings.scheduler not in SCHEDULERS:
        raise TuningError(
            f"samples.scheduler: there is no scheduler {settings.scheduler!r}; there are {', '.join(SCHEDULERS)}."
        )
    if settings.every and not settings.prompts:
        raise TuningError("samples.every asks for pictures, but samples.prompts has no prompt. Write at least one.")


def draw_samples(
    lesson: Lesson, values: Values, vae: Vae, settings: SampleSettings, resolution: int, step: int, folder: Path
) -> Iterator[SampleMade]:
    """One picture for each prompt, written as a PNG."""
    for number, prompt in enumerate(settings.prompts, 1):
        with lesson.showing(values) as (model, clip):
            image = _draw(model, clip, vae, settings, resolution, lesson.prompt(prompt))
        path = folder / FOLDER / f"{step:06}_{number}.png"
        _write(image, path, prompt, step)
        yield SampleMade(step, number, prompt, path, image)


@torch.no_grad()
def _draw(model: Model, clip: Clip, vae: Vae, settings: SampleSettings, resolution: int, prompt: str) -> Tensor:
    positive, negative = (clip.encode_text(text) for text in (prompt, settings.negative))
    unit = vae.config.downscale
    shape = (1, 4, (settings.height or resolution) // unit, (settings.width or resolution) // unit)
    empty = torch.zeros(shape)
    steps = sample(
        model,
        noise=seeded_noise(shape, settings.seed),
        latent=empty,
        positive=[[positive.cond, {"pooled_output": positive.pooled}]],
        negative=[[negative.cond, {"pooled_output": negative.pooled}]],
        cfg=settings.cfg,
        sampler=settings.sampler,
        scheduler=settings.scheduler,
        steps=settings.steps,
        seed=settings.seed,
    )
    return decode_latent(vae, final_latent(steps, empty))


def _write(image: Tensor, path: Path, prompt: str, step: int) -> None:
    pixels = (image[0] * 255).round().to(torch.uint8).numpy()
    notes = PngInfo()
    notes.add_itxt("prompt_text", prompt)
    notes.add_itxt("training_step", str(step))
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, "PNG", pnginfo=notes)
