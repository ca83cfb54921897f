"""Saving results: names that count upwards, and no file twice however often a job has to be run."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from execution.node import Context, NodeInputError
from folders.job_files import JobJournal, Published, content_digest
from folders.safe_paths import UnsafeNameError, checked_parts, inside
from folders.workspace import OwnFolder, Workspace
from nodes.hidden import ExtraPngInfo, Prompt
from nodes.metadata import embedded_texts
from nodes.numbering import FileNumbers
from nodes.publishing import publish, temporary

PREFIX = "filename_prefix"
MAX_NAME_BYTES = 200  # file systems take 255; number and suffix need some


@dataclass(frozen=True)
class SavedFile:
    """A file that was written, as the editor is told of it."""

    filename: str
    subfolder: str
    type: OwnFolder

    def to_ui(self) -> dict[str, str]:
        return {"filename": self.filename, "subfolder": self.subfolder, "type": self.type}


class NumberedFiles:
    """Writes files `<prefix>_00001_<suffix>`, `<prefix>_00002_<suffix>` ... in an own folder of the workspace.

    The prefix may hold a sub-folder (a Windows user's backslashes count as slashes) and %width%, %height%, %year%,
    %month%, %day%, %hour%, %minute%, %second% and, for each file anew, %batch_num%.

    Raises:
        NodeInputError: the prefix points outside the folder.
    """

    def __init__(
        self,
        workspace: Workspace,
        kind: OwnFolder,
        prefix: str,
        width: int = 0,
        height: int = 0,
        numbers: FileNumbers | None = None,
    ) -> None:
        self._kind: OwnFolder = kind
        self._numbers = numbers or FileNumbers()
        root = workspace.folder(kind)
        try:
            *folders, self._name = _parts(_with_values(prefix.replace("\\", "/"), width, height))
            self._folder = inside(root, "/".join(folders)) if folders else root.resolve()
        except UnsafeNameError as error:
            raise NodeInputError(PREFIX, str(error)) from error
        self._subfolder = "/".join(folders)
        self._last = 0

    def write(self, content: bytes, suffix: str, batch_number: int = 0, claim: "Claim | None" = None) -> SavedFile:
        """Write one file under the next free number; the names that it is about to get are told to `claim` first.

        Raises:
            OSError: the disk refuses it; nothing is left behind and nothing older is touched.
        """
        name = self._name.replace("%batch_num%", str(batch_number))
        self._folder.mkdir(parents=True, exist_ok=True)
        first = max(self._last + 1, self._numbers.next(self._folder, name))
        try:
            saved = self._publish(content, name, first, suffix, claim)
        except FileNotFoundError:  # a program that tidies up took the file before it had its name
            saved = self._publish(content, name, first, suffix, claim)
        self._numbers.used(self._folder, name, self._last)
        return saved

    def _publish(self, content: bytes, name: str, first: int, suffix: str, claim: "Claim | None") -> SavedFile:
        with temporary(self._folder, content) as whole:
            number = first
            while True:
                saved = SavedFile(f"{name}_{number:05}_{suffix}", self._subfolder, self._kind)
                if claim is not None:
                    claim.intend(saved, content, whole)
                if publish(whole, self._folder / saved.filename):
                    self._last = number
                    return saved
                number += 1


class Claim:
    """One file of one node of a job that may be run again: written by one of its attempts, found by the others."""

    def __init__(self, journal: JobJournal, workspace: Workspace, node_id: str, index: int) -> None:
        self._journal = journal
        self._workspace = workspace
        self._node = node_id
        self._index = index

    def found(self) -> SavedFile | None:
        """The file as an earlier attempt published it; None if none did, or somebody took or changed it since."""
        entry = self._journal.earlier(self._node, self._index)
        if entry is None or entry.kind not in ("output", "temp"):
            return None
        kind = cast("OwnFolder", entry.kind)
        try:
            path = inside(self._workspace.folder(kind), "/".join(filter(None, (entry.subfolder, entry.filename))))
            state = path.stat()
            if not state.st_size:  # a name that was taken, where disks have no hard links, for a file that never came
                path.unlink()
                return None
            same = state.st_mtime_ns == entry.modified and content_digest(path.read_bytes()) == entry.digest
        except (UnsafeNameError, OSError):
            return None
        return SavedFile(entry.filename, entry.subfolder, kind) if same else None

    def intend(self, saved: SavedFile, content: bytes, whole: Path) -> None:
        """Say that `whole`, which holds `content`, is about to become the file `saved`."""
        modified = whole.stat().st_mtime_ns
        digest = content_digest(content)
        self._journal.intend(
            Published(self._node, self._index, saved.type, saved.subfolder, saved.filename, digest, modified)
        )


class Claims:
    """The files of one call of a node. To be made as soon as the node is called, in the order of its items."""

    def __init__(self, ctx: Context, files: int) -> None:
        self._journal = ctx.optional(JobJournal)
        self._workspace = ctx.service(Workspace)
        self._node = ctx.node_id
        self._first = self._journal.reserve(ctx.node_id, files) if self._journal is not None else 0

    def __getitem__(self, index: int) -> Claim | None:
        """The claim to one of the files; None where jobs are not run again."""
        if self._journal is None:
            return None
        return Claim(self._journal, self._workspace, self._node, self._first + index)


@dataclass(frozen=True)
class SaveOptions:
    """How the user wants files saved; a service of the engine."""

    metadata: bool = True  # the prompt, the workflow and the provenance are written into the files
    results: Workspace | None = None  # whose folders take the files, where they are not the user's own


def texts_for(ctx: Context, prompt: Prompt, extra_pnginfo: ExtraPngInfo) -> dict[str, str]:
    """What a file carries besides its content, as far as the user wants it to carry anything."""
    options = ctx.optional(SaveOptions) or SaveOptions()
    return embedded_texts(prompt, extra_pnginfo) if options.metadata else {}


def numbered_files(ctx: Context, kind: OwnFolder, prefix: str, width: int = 0, height: int = 0) -> NumberedFiles:
    """As `NumberedFiles`, in a node."""
    options = ctx.optional(SaveOptions) or SaveOptions()
    workspace = options.results or ctx.service(Workspace)
    return NumberedFiles(workspace, kind, prefix, width, height, ctx.optional(FileNumbers))


def _parts(prefix: str) -> tuple[str, ...]:
    parts = checked_parts(prefix) if prefix.strip() else ("",)
    if len(parts[-1].encode()) > MAX_NAME_BYTES:
        raise UnsafeNameError(f"The prefix {parts[-1][:40]!r}... is too long for a file name. Shorten it.")
    return parts


def _with_values(prefix: str, width: int, height: int) -> str:
    now = time.localtime()
    values = {
        "width": str(width),
        "height": str(height),
        "year": f"{now.tm_year}",
        "month": f"{now.tm_mon:02}",
        "day": f"{now.tm_mday:02}",
        "hour": f"{now.tm_hour:02}",
        "minute": f"{now.tm_min:02}",
        "second": f"{now.tm_sec:02}",
    }
    for name, value in values.items():
        prefix = prefix.replace(f"%{name}%", value)
    return prefix
