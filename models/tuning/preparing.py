"""From settings to a training that can run: everything is looked at, and refused in sentences, before it begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from models.checkpoint import Checkpoint, load_checkpoint
from models.checkpoints.errors import CheckpointError
from models.checkpoints.origin import origin_of
from models.export.tensors import ExportError
from models.interruption import Interruption
from models.memory import DeviceMemory
from models.sampling.noise_schedule import NoiseSchedule
from models.tuning.embedding_lesson import EmbeddingLesson
from models.tuning.errors import TuningError
from models.tuning.framing import Buckets
from models.tuning.full_lesson import FullLesson
from models.tuning.kept import key_of
from models.tuning.lesson import Lesson, ResultKind
from models.tuning.lora_lesson import LoraLesson
from models.tuning.material import Material
from models.tuning.objective import Objective
from models.tuning.pictures import Example, Looked, find_examples
from models.tuning.precision import FORMATS, chosen_format
from models.tuning.processes import Alone, Processes
from models.tuning.samples import check_samples
from models.tuning.settings import Settings

NATIVE_SIDES = {"sdxl": 1024, "sdxl_refiner": 1024, "sd15": 512, "sd21": 768}


@dataclass(frozen=True)
class Job:
    """A training and where it lies."""

    settings: Settings
    model: Path
    pictures: Path
    folder: Path  # of state, samples, loss and what is kept
    results: Mapping[ResultKind, Path]  # the folder of each kind of result


@dataclass(frozen=True, eq=False)
class Prepared:
    """A training whose parts are there and go together."""

    job: Job
    checkpoint: Checkpoint
    examples: list[Example]
    material: Material
    objective: Objective
    lesson: Lesson
    dtype: torch.dtype  # of the computation
    resolution: int
    processes: Processes

    @property
    def learned(self) -> int:
        """How many numbers are learned."""
        return sum(one.numel() for one in self.lesson.parameters.values())

    @property
    def room(self) -> int:
        """Bytes that the job's folder needs, about: what is kept, and a state beside the one that it replaces."""
        train = self.job.settings.train
        copies = 3 + bool(train.ema)  # values, two moments, average
        return self.material.to_keep + 2 * copies * 4 * self.learned

    @property
    def buckets(self) -> Counter[tuple[int, int]]:
        """How many pictures are of each size (width, height)."""
        return Counter((one.framing.bucket.width, one.framing.bucket.height) for one in self.examples)

    @property
    def fixed(self) -> dict[str, Any]:
        """What must be the same when the training is resumed."""
        settings = self.job.settings
        train, data = asdict(settings.train), asdict(settings.data)
        found: dict[str, Any] = {"model": self.checkpoint.model.digest, "pictures": self.material.digest}
        found["learn"] = settings.learn
        found[settings.learn] = asdict(settings)[settings.learn]
        found |= {f"train.{name}": train[name] for name in ("batch_size", "accumulate", "optimizer", "seed")}
        found["train.ema (on or off)"] = bool(settings.train.ema)
        found |= {f"data.{name}": data[name] for name in ("caption_dropout", "tokens")}
        return found

    @property
    def key(self) -> str:
        """Of everything that the result depends on."""
        return key_of(asdict(self.job.settings), self.fixed, str(self.dtype))

    @property
    def warnings(self) -> list[str]:
        """What the user should know, though nothing is wrong with it."""
        return list(_warnings(self))


def prepare(
    job: Job,
    device: str = "auto",
    processes: Processes | None = None,
    looked: Looked | None = None,
    interruption: Interruption | None = None,
) -> Prepared:
    """Load the model and look through the pictures.

    `interruption` may stop it, and the training after it, between the parts of a computation.

    Raises:
        TuningError: with a sentence for everything that is wrong.
        DeviceError: this machine has no such device.
    """
    settings = job.settings
    processes = processes or Alone()
    problems = _setting_problems(settings, processes)
    if problems:
        raise TuningError(*problems)
    check_samples(settings.samples)
    checkpoint, dtype = _load(job, device, interruption)
    checkpoint = _with_prediction(checkpoint, settings)
    resolution = settings.data.resolution or native_side(checkpoint)
    buckets = Buckets.of(resolution, settings.data.bucket_step, settings.data.crop, settings.train.seed)
    examples = find_examples(job.pictures, buckets, settings.data.enlarge, settings.data.caption, looked)
    objective = Objective.of(checkpoint.model.schedule, settings.train)
    lesson = _lesson(settings, checkpoint)
    material = Material(settings, examples, checkpoint, job.folder / "kept", lesson.word, lesson.reads_text)
    return Prepared(job, checkpoint, examples, material, objective, lesson, dtype, resolution, processes)


def native_side(checkpoint: Checkpoint) -> int:
    """The side of the pictures that a model was made for: as its file says, else as its family has it."""
    origin = origin_of(checkpoint.model.network)
    told = "" if origin is None else origin.metadata.get("weft.native_size", "")
    return int(told) if told.isascii() and told.isdigit() else NATIVE_SIDES[checkpoint.model.family]


def _setting_problems(settings: Settings, processes: Processes) -> list[str]:
    train, problems = settings.train, list[str]()
    if train.batch_size % processes.size:
        problems.append(
            f"train.batch_size is {train.batch_size}, which {processes.size} processes cannot share evenly. Make it a "
            f"multiple of {processes.size}: it counts the pictures of all processes together."
        )
    if settings.data.bucket_step % 8:
        problems.append(f"data.bucket_step must be a multiple of 8, not {settings.data.bucket_step}.")
    for name in ("width", "height"):
        if getattr(settings.samples, name) % 8:
            problems.append(f"samples.{name} must be a multiple of 8, not {getattr(settings.samples, name)}.")
    if not settings.name or any(sign in settings.name for sign in '/\\:*?"<>|\0') or settings.name.startswith("."):
        problems.append(f"name becomes a file's name, which {settings.name!r} cannot be. Use letters, digits, _ and -.")
    if not train.rate:
        problems.append("train.rate is 0: nothing would be learned. 1e-4 is usual for a LoRA.")
    return problems


def _load(job: Job, device: str, interruption: Interruption | None) -> tuple[Checkpoint, torch.dtype]:
    settings = job.settings
    chosen = DeviceMemory.choose(device)
    dtype = chosen_format(settings.train.precision, chosen.device)
    # what is learned whole must begin at full precision; a CPU computes in it anyway
    whole = settings.learn == "full" or chosen.device.type == "cpu"
    memory = DeviceMemory.choose(device, dtype=torch.float32 if whole else dtype)
    if interruption is not None:
        memory = replace(memory, interruption=interruption)
    try:
        checkpoint = load_checkpoint(job.model, memory)
    except CheckpointError as error:
        raise TuningError(str(error)) from error
    if not checkpoint.clip.encoders:
        raise TuningError(f"{job.model.name} has no text encoders, and captions need them. Choose another model.")
    if not hasattr(checkpoint.vae.network, "encoder"):
        raise TuningError(f"{job.model.name} has no VAE, without which pictures cannot be read. Choose another model.")
    if checkpoint.model.config.in_channels != 4:
        raise TuningError(
            f"{job.model.name} takes {checkpoint.model.config.in_channels} channels, as inpainting models do. "
            "Choose an ordinary model to train."
        )
    return checkpoint, dtype


def _with_prediction(checkpoint: Checkpoint, settings: Settings) -> Checkpoint:
    wanted = settings.train.prediction
    if wanted == "auto" or checkpoint.model.schedule.prediction == wanted:
        return checkpoint
    schedule = NoiseSchedule(checkpoint.model.schedule.sigmas, wanted)
    return checkpoint._replace(model=replace(checkpoint.model, schedule=schedule))


def _lesson(settings: Settings, checkpoint: Checkpoint) -> Lesson:
    dtype = FORMATS[settings.save.dtype]
    model, clip, _vae = checkpoint
    try:
        if settings.learn == "lora":
            return LoraLesson(model, clip, settings.lora, settings.train.seed, dtype)
        if settings.learn == "embedding":
            return EmbeddingLesson(model, clip, settings.embedding, settings.name)
        return FullLesson(checkpoint, settings.full.text_encoders, settings.save.layout, dtype)
    except ExportError as error:
        raise TuningError(str(error)) from error


def _warnings(prepared: Prepared) -> Iterator[str]:
    train, order = prepared.job.settings.train, prepared.material.order
    cut = prepared.material.cut
    if cut:
        limit = prepared.job.settings.data.tokens
        yield f"{len(cut)} captions are longer than {limit} tokens and are cut, that of {cut[0]} first."
    if order.batches * train.batch_size > 1.5 * order.pictures:
        yield (
            f"{order.pictures} pictures fill {order.batches} batches of {train.batch_size}, because a batch has "
            "one size: many are seen more than once an epoch. A larger data.bucket_step, or a smaller "
            "train.batch_size, helps."
        )
    samples = prepared.job.settings.samples
    if samples.prompts and not samples.every:
        yield "samples.prompts are given, but samples.every is 0: no sample pictures are drawn."
    if train.warmup >= train.steps:
        yield f"train.warmup is {train.warmup} of {train.steps} steps: the full rate is never reached."
    if train.precision == "fp16" and prepared.checkpoint.model.memory.device.type == "cpu":
        yield "fp16 on a CPU is slow; bf16 or fp32 suit it better."
