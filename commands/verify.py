"""`main.py verify IMAGE...`: is a picture what its workflow makes?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commands.comparing import Difference, Frames, difference, read_frames
from commands.errors import EXIT_CANCELLED, CommandError
from commands.reports import BarReport, JsonReport, Report
from commands.rerun import CancelledError, CannotRunError, Rerunner
from commands.source import load_source
from commands.streams import say
from commands.verdicts import FileFinding, Verdict, exit_code, judged, reasons_to_differ
from commands.workbench import cache_folder, node_types, open_workspace
from execution.graph import Graph
from execution.registry import Registry
from folders.content_digests import ContentDigests
from folders.embedded import MetadataError, read_provenance
from folders.workspace import Workspace
from nodes.pictures import PictureError
from nodes.provenance import Provenance, ProvenanceError, pixel_digest
from nodes.used_files import path_of

NO_PROVENANCE = (
    "no provenance: the file does not say where it came from. It was saved by another program, by an earlier Weft or "
    "with --disable-metadata, or a program that handled it later took that out. Use the file as it was first saved."
)


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """The command line of `verify`; each field is the option of that name."""

    images: list[Path]
    json: bool
    device: str
    dtype: str
    workspace: Path
    models_dir: list[Path]


def verify(options: VerifyOptions) -> int:
    """Run each picture's workflow again, compare, and tell what came of it; returns the exit code.

    Raises:
        UsageProblem: a folder or the device is not there.
    """
    workspace = open_workspace(options.workspace, options.models_dir)
    registry = node_types()
    verdicts: list[Verdict] = []
    with Rerunner(workspace, registry, options.device, options.dtype) as rerunner:
        verifier = Verifier(workspace, registry, rerunner)
        for image in options.images:
            with JsonReport() if options.json else BarReport() as report:
                try:
                    verdict = verifier.verdict(image, report)
                except CancelledError:
                    return EXIT_CANCELLED
                if options.json:
                    report.note("verdict", verdict.sentence, file=str(image), **verdict.facts())
            if not options.json:
                say(f"{image}: {verdict.sentence}")
            verdicts.append(verdict)
    return exit_code(verdicts)


class Verifier:
    """Finds out about pictures, one after the other."""

    def __init__(self, workspace: Workspace, registry: Registry, rerunner: Rerunner) -> None:
        self._workspace = workspace
        self._registry = registry
        self._rerunner = rerunner
        self._digests = ContentDigests(cache_folder(workspace) / "content_digests.jsonl")

    def verdict(self, image: Path, report: Report) -> Verdict:
        """What is to be said of one picture.

        Raises:
            CancelledError: the user cancelled the run.
            UsageProblem: the device is not there.
        """
        try:
            frames = read_frames(image)
            text = read_provenance(image)
        except (PictureError, MetadataError, OSError) as error:
            reason = f"{error.strerror}." if isinstance(error, OSError) else str(error)
            return Verdict("unreadable", f"cannot be read: {reason}")
        if text is None:
            return Verdict("no_provenance", NO_PROVENANCE)
        try:
            made = Provenance.from_text(text)
            graph = load_source(image, self._registry.catalogue(), self._workspace.list_files).graph
        except ProvenanceError as error:
            return Verdict("no_provenance", f"no provenance that can be read: {error}")
        except CommandError as error:
            return Verdict("cannot_run", f"cannot be run again: {error}")
        return self._compared(frames, made, graph, report)

    def _compared(self, frames: Frames, made: Provenance, graph: Graph, report: Report) -> Verdict:
        edited = pixel_digest(frames) != made.pixels
        beside = " Besides, it was changed after saving: its pixels are not those saved." if edited else ""
        other = tuple(self._other_files(made))
        if other:
            listed = "; ".join(finding.sentence for finding in other)
            return Verdict("other_files", f"cannot be made again: {listed}.{beside}", files=other)
        machine = self._rerunner.compute_as(made.machine)
        try:
            files = self._rerunner.run(graph, made.saved_by, report)
            candidates = [read_frames(file) for file in files]
        except (CannotRunError, PictureError) as error:
            return Verdict("cannot_run", f"cannot be run again: {error}{beside}")
        as_saved = any(pixel_digest(candidate) == made.pixels for candidate in candidates)
        apart = _nearest([difference(frames, candidate) for candidate in candidates])
        return judged(apart, as_saved, edited, reasons_to_differ(made, self._rerunner.program, machine))

    def _other_files(self, made: Provenance) -> list[FileFinding]:
        """The files that are missing, or hold something else than when the picture was made."""
        found: list[FileFinding] = []
        for used in made.files:
            path = path_of(self._workspace, used.folder, used.name)
            now = self._digests.of(path) if path is not None else None
            if now is None or (used.sha256 is not None and now != used.sha256):
                found.append(FileFinding(used.folder, used.name, used.sha256, now))
        return found


def _nearest(found: list[Difference | None]) -> Difference | None:
    return max((one for one in found if one is not None), key=lambda one: one.psnr, default=None)
