"""`main.py train CONFIG`: a model learns from pictures."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch

from commands.errors import EXIT_OK, CommandError, UsageProblem
from commands.train_config import read_config
from commands.train_places import place_job
from commands.train_plan import plan_lines
from commands.train_report import BarTrainReport, JsonTrainReport, TrainReport
from commands.workbench import open_workspace, require_writable
from models.memory import DeviceError
from models.tuning.errors import TuningError
from models.tuning.events import Finished
from models.tuning.job_folder import finished, note_finished
from models.tuning.preparing import Job, Prepared, prepare
from models.tuning.processes import Alone, Processes, Together, started_together
from models.tuning.trainer import Trainer


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """The command line of `train`; each field is the option of that name."""

    config: Path
    resume: bool
    check: bool
    json: bool
    device: str
    workspace: Path
    models_dir: list[Path]


def train(options: TrainOptions) -> int:
    """Train as the file says, or with `check` say what would be done; returns the exit code.

    Raises:
        UsageProblem: the file, the model or the pictures cannot be used as they are.
        CommandError: the training could not go on.
    """
    settings = read_config(options.config)
    job = place_job(settings, options.config, open_workspace(options.workspace, options.models_dir), options.resume)
    require_writable(job.folder)
    processes, device = _processes(options.device)
    with closing(processes), JsonTrainReport() if options.json else BarTrainReport() as report:
        try:
            prepared = prepare(job, device, processes)
            trainer = Trainer(prepared, options.resume)
        except (TuningError, DeviceError) as error:
            raise UsageProblem(str(error)) from error
        if processes.rank == 0:
            _tell_plan(report, prepared, trainer.step)
        if options.check:
            return EXIT_OK
        if options.resume and _is_done(report, job, trainer.step):
            return EXIT_OK
        _run(report, trainer, job, processes, prepared.key)
    return EXIT_OK


def _processes(device: str) -> tuple[Processes, str]:
    if not started_together():
        return Alone(), device
    try:
        together = Together(cpu=device == "cpu" or not torch.cuda.is_available())
    except TuningError as error:
        raise UsageProblem(str(error)) from error
    return together, together.device


def _tell_plan(report: TrainReport, prepared: Prepared, step: int) -> None:
    for line in plan_lines(prepared):
        report.note("plan", line)
    if step:
        report.note("plan", f"Resumes after step {step}.")
    for warning in prepared.warnings:
        report.note("warning", warning)


def _is_done(report: TrainReport, job: Job, step: int) -> bool:
    """Whether nothing is left to do."""
    note = finished(job.folder)
    if note is None or step < job.settings.train.steps:
        return False
    report.note("plan", f"This training has ended; its result is {note.get('result')}. Raise train.steps to go on.")
    return True


def _run(report: TrainReport, trainer: Trainer, job: Job, processes: Processes, key: str) -> None:
    try:
        with closing(trainer.run()) as events:
            for event in events:
                if isinstance(event, Finished):
                    note_finished(job.folder, event.result, trainer.step, key)
                if processes.rank == 0:
                    report.tell(event)
    except TuningError as error:
        raise CommandError(str(error)) from error
