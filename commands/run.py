"""`main.py run [WORKFLOW]`: a workflow becomes pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from commands.errors import EXIT_CANCELLED, EXIT_FAILED, EXIT_OK, EXIT_REFUSED, UsageProblem, WorkflowRefused
from commands.files import is_folder, move_to_free_name
from commands.prepare import Prepared, prepare
from commands.reports import BarReport, JsonReport, Report
from commands.settings import seeds_in
from commands.workbench import build_engine, choose_device, node_types, open_workspace, require_writable
from execution.engine import RunResult
from folders.workspace import OwnFolder, Workspace

BUNDLED_HINT = (
    "The bundled checkpoints draw plain coloured shapes and are at home at 128x128: "
    "--set EmptyLatentImage.width=128 --set EmptyLatentImage.height=128 shows what they can do."
)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line of `run`; each field is the option of that name."""

    workflow: Path | None
    settings: list[str]
    seed: int | None
    output: Path | None
    check: bool
    strict_models: bool
    json: bool
    device: str
    dtype: str
    workspace: Path
    models_dir: list[Path]

    @property
    def picture(self) -> Path | None:
        """The name that the picture is to have, where `--output` gives a file's name and not a folder's."""
        named = self.output is not None and self.output.suffix.lower() == ".png" and not is_folder(self.output)
        return self.output if named else None


def run(options: RunOptions) -> int:
    """Run a workflow, or with `check` only judge it, and tell how it goes; returns the exit code.

    Raises:
        CommandError: the command line or the workflow cannot be used as given.
    """
    with JsonReport() if options.json else BarReport() as report:
        folder = None if options.picture else options.output
        workspace = open_workspace(options.workspace, options.models_dir, folder)
        require_writable(options.picture.parent if options.picture else workspace.folder("output"))
        registry = node_types()
        prepared = prepare(options.workflow, options.settings, options.seed, options.strict_models, workspace, registry)
        report.name_nodes(prepared.titles)
        tell_findings(report, prepared)
        if options.check:
            return _check_verdict(report, prepared)
        if not prepared.validation.ok:
            raise WorkflowRefused(prepared.validation.sentences)
        engine = build_engine(registry, workspace, choose_device(options.device, options.dtype))
        with closing(engine):
            try:
                result = engine.run_sync(
                    prepared.graph,
                    prepared.validation.good_outputs,
                    sink=report.sink,
                    extra=prepared.extra(registry.catalogue()),
                )
            except KeyboardInterrupt:  # Ctrl+C; the report has told it
                return EXIT_CANCELLED
        for path in saved_files(result, workspace, options.picture):
            report.note("saved", str(path), path=str(path))
        done = EXIT_REFUSED if prepared.validation.problems else EXIT_OK  # the part that was sound has run
        return {"success": done, "error": EXIT_FAILED, "cancelled": EXIT_CANCELLED}[result.status]


def tell_findings(report: Report, prepared: Prepared) -> None:
    """Tell what the user should know before anything runs: stand-ins, doubts, parts that cannot run, seeds."""
    for one in prepared.stand_ins:
        report.note("stand_in", one.sentence, node=one.node, input=one.input, wanted=one.wanted, used=one.used)
    if any(one.reason == "stand_in" for one in prepared.stand_ins):
        report.note("hint", BUNDLED_HINT)
    for problem in (*prepared.source.problems, *prepared.validation.warnings):
        report.note("warning", problem.sentence, node=problem.node)
    if prepared.validation.ok:
        for problem in prepared.validation.problems:
            report.note("problem", problem.sentence, node=problem.node, input=problem.input)
        seeds = sorted({str(seed) for seed in seeds_in(prepared.graph).values()})
        if seeds:
            report.note("seeds", f"Seed {', '.join(seeds)}.", seeds=seeds_in(prepared.graph))


def _check_verdict(report: Report, prepared: Prepared) -> int:
    if not prepared.validation.ok:
        for problem in prepared.validation.problems:
            report.note("problem", problem.sentence, node=problem.node, input=problem.input)
    count = len(prepared.validation.sentences)
    verdict = f"{count} problem{'s' if count > 1 else ''}." if count else "No problems: this workflow can run."
    report.note("verdict", verdict, problems=count)
    return EXIT_REFUSED if count else EXIT_OK


def saved_files(result: RunResult, workspace: Workspace, picture: Path | None) -> Iterator[Path]:
    """The files that the run wrote, in the order of their nodes, the pictures moved to `picture` if given.

    Raises:
        UsageProblem: a picture cannot be moved there.
    """
    for ui in result.ui.values():
        for entry in (item for items in ui.values() for item in items):
            path = written_file(entry, workspace)
            if path is None:
                continue
            wanted = picture if picture and path.suffix == picture.suffix.lower() else None
            if wanted is not None:
                try:
                    path = move_to_free_name(path, wanted)
                except OSError as error:
                    raise UsageProblem(f"{path} is written, but cannot become {wanted} ({error.strerror}).") from error
            yield path


def written_file(entry: Any, workspace: Workspace) -> Path | None:
    """The file that an entry of a node's ui names; None for texts and the like."""
    if not isinstance(entry, dict):
        return None
    named = cast("dict[str, Any]", entry)
    kind: Any = named.get("type")
    if kind not in get_args(OwnFolder) or not isinstance(named.get("filename"), str):
        return None
    return workspace.folder(kind) / str(named.get("subfolder") or "") / named["filename"]
