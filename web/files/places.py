"""Names of files that come with a request, turned into paths or refused.

What is refused is refused by the name and the links on its way alone, so that the answer never tells whether something
is there.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from folders.safe_paths import UnsafeNameError, checked_parts, inside
from folders.workspace import OWN_FOLDERS, OwnFolder
from web.refusal import Refusal

MAX_PART = 255  # bytes in UTF-8 of one folder's or file's name; what common file systems take


def file_below(root: Path, name: str, status: int = 400) -> Path:
    """The path of a file below `root`, links followed; it need not exist.

    Raises:
        Refusal: with `status`, when the name is none that can be used or leads outside.
    """
    try:
        check_name(name)
        return inside(root, name)
    except UnsafeNameError as error:
        raise unsafe(error, status) from None


def folder_below(root: Path, name: str, status: int = 403) -> Path:
    """As `file_below`, for a folder: an empty name and `.` mean `root` itself."""
    if not name or (len(name) < 8 and name.startswith(".") and PurePosixPath(name) == PurePosixPath(".")):
        return root.resolve()
    return file_below(root, name, status)


def file_in(root: Path, subfolder: str, name: str) -> Path:
    """The path of a file in a subfolder of `root`, as most requests name one; it need not exist.

    Raises:
        Refusal: 403 for a subfolder that leads outside, 400 for a name that does or that cannot be used.
    """
    folder = folder_below(root, subfolder)
    try:
        parts = (*folder.relative_to(root.resolve()).parts, *check_name(name))
    except UnsafeNameError as error:
        raise unsafe(error, 400) from None
    return file_below(root, "/".join(parts))


def check_name(name: str) -> tuple[str, ...]:
    """The parts of a relative name that a file system can hold.

    Raises:
        UnsafeNameError: there is no such file anywhere.
    """
    parts = checked_parts(name)
    try:
        too_long = any(len(part.encode("utf-8")) > MAX_PART for part in parts)
    except UnicodeEncodeError:
        raise UnsafeNameError("The file name holds half a character. Choose a file that the list shows.") from None
    if too_long:
        raise UnsafeNameError(f"A part of the file name is longer than {MAX_PART} bytes. Choose a shorter name.")
    return parts


def unsafe(error: UnsafeNameError, status: int) -> Refusal:
    """The refusal of a name."""
    return Refusal(status, "unsafe_name", str(error), "Name a file inside the folder, with forward slashes.")


def own_folder_kind(name: str) -> OwnFolder:
    """The own folder that a `type` means.

    Raises:
        Refusal: 400, it is none.
    """
    for kind in OWN_FOLDERS:
        if kind == name:
            return kind
    raise Refusal(400, "unknown_type", "There is no such type of folder.", "Use output, input or temp as the type.")


def not_found(what: str, remedy: str = "") -> Refusal:
    """The refusal of what is not there."""
    return Refusal(404, "not_found", what, remedy)


@contextmanager
def unsafe_as_request() -> Generator[None]:
    """Where the existing API answers 400 to every bad name, subfolders included."""
    try:
        yield
    except Refusal as refusal:
        refusal.status = 400
        raise
