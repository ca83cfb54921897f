"""The training itself: batch by batch, saved as it goes, and told step by step."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.export.convert import require_room
from models.export.tensors import ExportError
from models.tuning.average import Average
from models.tuning.errors import DivergedError, TuningError
from models.tuning.events import Event, Finished, StateSaved, StepDone
from models.tuning.job_lock import only_one
from models.tuning.lesson import Told, Values
from models.tuning.loss_log import LossLog, Row, read_losses
from models.tuning.loss_plot import FILE, draw_losses
from models.tuning.material import Batch
from models.tuning.optimizers import make_optimizer, set_rates
from models.tuning.pace import Pace
from models.tuning.precision import MixedPrecision
from models.tuning.preparing import Prepared
from models.tuning.prompts import Prompts, encode
from models.tuning.recomputing import recomputing
from models.tuning.results import publish
from models.tuning.samples import draw_samples
from models.tuning.schedule import share_of_rate
from models.tuning.state import State, check_fixed, read_state, write_state


@dataclass(frozen=True)
class Learned:
    """What one step came to."""

    loss: float
    rate: float


class Trainer:
    """Learns the steps of a prepared training that are left. `run` may be called once."""

    def __init__(self, prepared: Prepared, resume: bool = False) -> None:
        """Make ready, from the state in the job's folder with `resume`.

        Raises:
            TuningError: the state is of another training, or an optimizer is not installed.
        """
        self._prepared = prepared
        self._settings = prepared.job.settings
        self._lesson = prepared.lesson
        self._values = dict(prepared.lesson.parameters)
        device = prepared.checkpoint.model.memory.device
        self._precision = MixedPrecision(prepared.dtype, device)
        text = self._lesson.of_text
        self._optimizer = make_optimizer(
            self._settings.train,
            [one for name, one in self._values.items() if name not in text],
            [one for name, one in self._values.items() if name in text],
        )
        decay = self._settings.train.ema
        self._average = Average(self._values, decay) if decay else None
        self.step = 0
        self._saved = -1
        self._changing = False  # whether what is learned is between two steps
        if resume:
            self._restore(read_state(prepared.job.folder))

    def _restore(self, state: State) -> None:
        check_fixed(state, self._prepared.fixed)
        with torch.no_grad():
            for name, value in self._values.items():
                value.copy_(state.values[name])
        if self._average is not None:
            self._average.restore(state.average)
        # the rates are those of the settings, which may have changed
        full_rates = [group["full_rate"] for group in self._optimizer.param_groups]
        self._optimizer.load_state_dict(state.optimizer)
        for group, rate in zip(self._optimizer.param_groups, full_rates, strict=True):
            group.update(full_rate=rate, weight_decay=self._settings.train.weight_decay)
        if state.scaler and self._precision.scaler.is_enabled():
            self._precision.scaler.load_state_dict(dict(state.scaler))
        self.step = self._saved = state.step

    @property
    def _leads(self) -> bool:
        return self._prepared.processes.rank == 0

    def run(self) -> Generator[Event]:
        """Learn, and at the end write the result. Closed or interrupted before, it keeps the state of the last step.

        Raises:
            TuningError: the loss became no number, or the disk refuses a file.
        """
        job = self._prepared.job
        self._require_room()
        job.folder.mkdir(parents=True, exist_ok=True)
        with only_one(job.folder) if self._leads else nullcontext():
            yield from self._prepared.material.prepare(self._prepared.processes)
            yield from self._steps()
            if self._leads:
                yield self._finish()
            self._prepared.processes.wait()

    def _steps(self) -> Iterator[Event]:
        job, total = self._prepared.job, self._settings.train.steps
        with self._keeping():
            log = LossLog(job.folder, self.step) if self._leads else None
            if self.step == 0:
                yield from self._save()
                yield from self._samples()
            pace = Pace()
            while self.step < total:
                learned = self._learn()
                if log is not None:
                    log.add(Row(self.step, learned.loss, learned.rate))
                left = pace.seconds_left(total - self.step)
                yield StepDone(self.step, total, learned.loss, learned.rate, left)
                if self.step % self._settings.save.every == 0 or self.step == total:
                    yield from self._save()
                every = self._settings.samples.every
                if every and (self.step % every == 0 or self.step == total):
                    yield from self._samples()
                    pace.forget()

    @contextmanager
    def _keeping(self) -> Generator[None]:
        """Whatever ends the `with` block, no learned step is lost: stopped by whoever runs it, or by a fault."""
        try:
            yield
        except TuningError:
            raise
        except torch.OutOfMemoryError as error:
            self._keep()
            raise TuningError(self._out_of_memory()) from error
        except OSError as error:
            self._keep()
            folder = self._prepared.job.folder
            raise TuningError(
                f"A file cannot be written into {folder} ({error.strerror or error}). The state of step {self.step} is "
                "kept there. Make room on the disk and resume."
            ) from error
        except BaseException:
            self._keep()
            raise

    def _out_of_memory(self) -> str:
        train = self._settings.train
        again = "" if train.checkpointing else "Set train.checkpointing to true and resume; if that does not do, begin "
        begin = "anew" if again else "Begin anew"
        return (
            f"The device ran out of memory at step {self.step + 1}. {again}{begin} with a smaller train.batch_size "
            f"(now {train.batch_size}; train.accumulate makes up for it) or a smaller data.resolution (now "
            f"{self._prepared.resolution}). The state of step {self.step} is kept in {self._prepared.job.folder}."
        )

    def _require_room(self) -> None:
        if self._leads:
            try:
                require_room(self._prepared.job.folder, self._prepared.room)
            except ExportError as error:
                raise TuningError(str(error)) from error

    @contextmanager
    def _computing(self) -> Generator[None]:
        """The networks that a step needs on the device, with their own weights again: samples may have changed them."""
        model, clip, _vae = self._prepared.checkpoint
        with ExitStack() as stack:
            stack.enter_context(model.memory.computing(model.network))
            if self._lesson.reads_text:
                for encoder in clip.encoders:
                    stack.enter_context(clip.memory.computing(encoder))
            yield

    def _learn(self) -> Learned:
        train, processes, scaler = self._settings.train, self._prepared.processes, self._precision.scaler
        rate = set_rates(self._optimizer, share_of_rate(train, self.step))
        self._optimizer.zero_grad(set_to_none=True)
        loss = 0.0
        with (
            self._computing(),
            self._lesson.learning(),
            recomputing(self._prepared.checkpoint.model.network, train.checkpointing),
        ):
            for place in range(train.accumulate):
                part = self._loss(self.step * train.accumulate + place) / train.accumulate
                scaler.scale(part).backward()
                loss += part.item()
        loss = processes.mean(loss)
        processes.average(self._values.values())
        scaler.unscale_(self._optimizer)
        length = nn.utils.clip_grad_norm_(self._values.values(), train.clip or math.inf).item()
        if not math.isfinite(loss) or not (math.isfinite(length) or self._precision.skips_overflow):
            raise DivergedError(self._diverged("loss" if not math.isfinite(loss) else "gradient"))
        self._changing = True
        scaler.step(self._optimizer)
        scaler.update()
        if self._average is not None:
            self._average.follow(self._values, self.step)
        self.step += 1
        self._changing = False
        return Learned(loss, rate)

    def _loss(self, number: int) -> Tensor:
        """The loss of this process's part of a batch. Noise is drawn for all of it, so that parts fit together."""
        prepared, processes = self._prepared, self._prepared.processes
        model = prepared.checkpoint.model
        model.memory.interruption()
        whole = prepared.material.batch(number)
        generator = torch.Generator().manual_seed((self._settings.train.seed * 1_000_003 + number) % 2**63)
        drawn = prepared.objective.draw(tuple(whole.latents.shape), generator)
        share = len(whole.latents) // processes.size
        rows = slice(processes.rank * share, (processes.rank + 1) * share)
        device = model.memory.device
        batch, noise = whole.part(rows), drawn.part(rows).to(device)
        latents = batch.latents.to(device)
        with self._precision.computing():
            prompts = self._prompts(batch)
            label = None if batch.sizes is None else torch.cat([prompts.pooled, batch.sizes.to(device)], dim=1)
            noisy = prepared.objective.noisy(latents, noise)
            # weights may be kept in half the bits, and only autocast lets float32 meet them
            answer = model.network(noisy, noise.timesteps.float(), prompts.context, label)
        return prepared.objective.loss(answer, latents, noise)

    def _prompts(self, batch: Batch) -> Prompts:
        checkpoint = self._prepared.checkpoint
        device = checkpoint.model.memory.device
        if batch.prompts is not None:
            return Prompts(batch.prompts.context.to(device).float(), batch.prompts.pooled.to(device).float())
        return encode(checkpoint.clip, batch.captions, self._lesson.vectors())

    def _diverged(self, what: str) -> str:
        train = self._settings.train
        fp16 = " With fp16, train.precision bf16 or fp32 may be all it takes." if self._precision.skips_overflow else ""
        offset = f", train.noise_offset (now {train.noise_offset:g})" if train.noise_offset else ""
        return (
            f"The {what} became infinite or no number at step {self.step + 1}, so the training has stopped. The last "
            f"good state, that of step {self._saved}, is kept in {self._prepared.job.folder}. Lower train.rate (now "
            f"{train.rate:g}; a tenth of it is a good start){offset} or train.clip (now {train.clip:g}), and resume."
            f"{fp16}"
        )

    def _state(self) -> State:
        average = {} if self._average is None else self._average.values
        return State(
            self.step,
            self._prepared.fixed,
            {name: value.detach() for name, value in self._values.items()},
            average,
            self._optimizer.state_dict(),
            self._precision.scaler.state_dict(),
        )

    def _save(self) -> Iterator[StateSaved]:
        self._saved = self.step
        if self._leads:
            yield StateSaved(self.step, write_state(self._prepared.job.folder, self._state()))

    def _keep(self) -> None:
        """Save the state of the last whole step, if that is not the one on disk."""
        if self._saved != self.step and self._leads and not self._changing:
            write_state(self._prepared.job.folder, self._state())

    def _shown_values(self) -> Values:
        return self._values if self._average is None else self._average.values

    def _samples(self) -> Iterator[Event]:
        settings = self._settings.samples
        if settings.every and self._leads:
            vae, resolution = self._prepared.checkpoint.vae, self._prepared.resolution
            folder = self._prepared.job.folder
            yield from draw_samples(self._lesson, self._shown_values(), vae, settings, resolution, self.step, folder)

    def _finish(self) -> Finished:
        job, name = self._prepared.job, self._settings.name
        product = self._lesson.product(self._shown_values(), Told(name, self.step, len(self._prepared.examples)))
        try:
            result = publish(product, job.results[product.kind], name)
        except (ExportError, OSError) as error:
            raise TuningError(
                f"The result cannot be written: {error} The state of step {self.step} is kept in {job.folder}; make "
                "room and resume."
            ) from error
        plot = draw_losses(read_losses(job.folder / "loss.csv"), job.folder / FILE, name)
        return Finished(result, plot)
