"""Model files and folders under names that count upwards: written where they are to stay, never gathered in memory."""

import os
import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from execution.node import Context, NodeInputError
from folders.digest import file_digest
from folders.job_files import JobJournal, Published, sync_folder
from folders.safe_paths import UnsafeNameError, inside
from folders.workspace import Workspace
from models.export.convert import require_room
from models.export.stream import write_tensors
from models.export.tensors import ExportError, Tensors, total_size
from nodes.numbering import FileNumbers
from nodes.publishing import publish
from nodes.saving import PREFIX, NumberedFiles, SavedFile, SaveOptions

SUFFIX = ".safetensors"


class NumberedModels(NumberedFiles):
    """As `NumberedFiles`, for what is too large to be handed over as bytes."""

    def write_by(self, make: Callable[[Path], None], suffix: str, claim: "ModelClaim | None" = None) -> SavedFile:
        """Publish what `make` writes at the path it is given: a file, or with the suffix "" a folder.

        Raises:
            OSError: the disk refuses it; nothing is left behind.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with _made_in(self._folder) as whole:
            make(whole)
            number = self._numbers.next(self._folder, self._name)
            while True:
                saved = SavedFile(f"{self._name}_{number:05}_{suffix}", self._subfolder, self._kind)
                if claim is not None:
                    claim.intend(saved, whole)
                target = self._folder / saved.filename
                if publish(whole, target) if whole.is_file() else _publish_folder(whole, target):
                    self._numbers.used(self._folder, self._name, number)
                    return saved
                number += 1


class ModelClaim:
    """The one file that a call of a node saves in a job that may be run again: see `nodes.saving.Claim`."""

    def __init__(self, ctx: Context, journal: JobJournal) -> None:
        self._journal = journal
        self._workspace = ctx.service(Workspace)
        self._node = ctx.node_id
        self._index = journal.reserve(ctx.node_id, 1)

    def found(self) -> SavedFile | None:
        """What an earlier attempt of the job saved, if it is there as it was."""
        entry = self._journal.earlier(self._node, self._index)
        if entry is None or entry.kind != "output":
            return None
        try:
            path = inside(self._workspace.folder("output"), "/".join(filter(None, (entry.subfolder, entry.filename))))
            same = path.stat().st_mtime_ns == entry.modified and file_digest(path) == entry.digest
        except (UnsafeNameError, OSError):
            return None
        return SavedFile(entry.filename, entry.subfolder, "output") if same else None

    def intend(self, saved: SavedFile, whole: Path) -> None:
        """Say that `whole` is about to become the file `saved`."""
        modified, digest = whole.stat().st_mtime_ns, file_digest(whole)
        self._journal.intend(
            Published(self._node, self._index, saved.type, saved.subfolder, saved.filename, digest, modified)
        )


def model_claim(ctx: Context) -> ModelClaim | None:
    """The claim to what this call saves, made as soon as the node is called; None where jobs are not run again."""
    journal = ctx.optional(JobJournal)
    return None if journal is None else ModelClaim(ctx, journal)


def numbered_models(ctx: Context, prefix: str) -> NumberedModels:
    """Names in the output folder."""
    options = ctx.optional(SaveOptions) or SaveOptions()
    workspace = options.results or ctx.service(Workspace)
    return NumberedModels(workspace, "output", prefix, numbers=ctx.optional(FileNumbers))


def save_tensors(ctx: Context, prefix: str, tensors: Tensors, notes: dict[str, str]) -> SavedFile:
    """Write a model's file into the output folder, or find the one that an earlier attempt of the job wrote.

    Raises:
        NodeInputError: the prefix leaves the folder, the disk is too full, or a value does not fit the file's format.
    """
    claim = model_claim(ctx)
    earlier = claim.found() if claim is not None else None
    if earlier is not None:
        return earlier
    try:
        require_room(ctx.service(Workspace).folder("output"), total_size(tensors))
        return numbered_models(ctx, prefix).write_by(
            lambda path: write_tensors(path, tensors, notes, ctx.progress), SUFFIX, claim
        )
    except ExportError as error:
        raise NodeInputError(PREFIX, str(error)) from error


@contextmanager
def _made_in(folder: Path) -> Generator[Path]:
    """A name of its own in a folder, of which nothing is left afterwards."""
    path = folder / f".weft-{os.getpid()}-{secrets.token_hex(8)}.tmp"
    try:
        yield path
    finally:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _publish_folder(whole: Path, path: Path) -> bool:
    """Give a finished folder its name; False if the name is taken."""
    try:
        path.mkdir()  # takes the name
    except FileExistsError:
        return False
    if os.name != "posix":
        path.rmdir()  # only POSIX puts a folder in the place of an empty one
    whole.rename(path)
    sync_folder(path.parent)
    return True
