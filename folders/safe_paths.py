"""Names of files that come from a prompt, turned into paths that cannot leave their folder.

A name is judged by its text before the disk is asked, and what lies outside is refused in the same words whether it
exists or not.
"""

from pathlib import Path, PurePosixPath, PureWindowsPath

MAX_NAME = 1024  # characters; longer than any file system takes


class UnsafeNameError(ValueError):
    """A name that may not be used; the text is a sentence for people."""


def checked_parts(name: str) -> tuple[str, ...]:
    """The parts of a relative name with forward slashes.

    Raises:
        UnsafeNameError: it is empty, absolute, has `..`, a backslash, a drive or a control character.
    """
    shown = name if len(name) <= 80 else f"{name[:80]}..."
    if not name.strip() or len(name) > MAX_NAME:
        raise UnsafeNameError("The file name is empty or too long. Choose a file that the list shows.")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise UnsafeNameError(f"{shown!r} has control characters in it. Choose a file that the list shows.")
    if "\\" in name:
        raise UnsafeNameError(f"{shown!r} has a backslash in it. Write sub-folders with forward slashes.")
    path = PurePosixPath(name)
    if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts:
        raise UnsafeNameError(
            f"{shown!r} points outside its folder. Give a name inside it, without a leading slash, a drive or '..'."
        )
    if not path.parts:
        raise UnsafeNameError(f"{shown!r} names no file. Choose a file that the list shows.")
    return path.parts


def inside(root: Path, name: str) -> Path:
    """The path of `name` below `root`, links followed; it need not exist.

    Raises:
        UnsafeNameError: the name, or a link on its way, leads outside `root`.
    """
    base = root.resolve()
    try:
        path = base.joinpath(*checked_parts(name)).resolve()
    except (OSError, RuntimeError, UnicodeEncodeError) as error:  # an impossible name, a loop of links (3.11, 3.12)
        raise UnsafeNameError(f"{name[:80]!r} is no usable file name. Choose a file that the list shows.") from error
    if not path.is_relative_to(base):
        raise UnsafeNameError(f"{name[:80]!r} points outside its folder. Give a name inside it.")
    return path
