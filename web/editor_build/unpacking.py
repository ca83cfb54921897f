"""Unpacking npm's tarballs: plain files below one folder, and nothing else."""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path, PurePosixPath

from web.editor_build.problem import BuildProblem

MOST_BYTES = 512 * 2**20  # of one package when unpacked
FORBIDDEN = frozenset('\\:*?"<>|\0')  # a drive, another separator, or what Windows cannot name
REMEDY = "Do not use this package. Restore web/editor/package-lock.json from Weft's repository."


def unpack(tarball: Path, folder: Path) -> None:
    """Put a tarball's files into `folder`, without the one folder that all of them lie in there.

    Raises:
        BuildProblem: it is damaged, or a name in it leads out of the folder. Links and devices are refused as well.
    """
    try:
        with tarfile.open(tarball, "r:gz") as archive:
            size = 0
            for member in archive:
                if member.isdir():
                    continue
                if not member.isreg():
                    raise BuildProblem(f"{tarball.name} holds {member.name!r}, which is no plain file.", REMEDY)
                size += member.size
                if size > MOST_BYTES:
                    raise BuildProblem(f"{tarball.name} unpacks to more than {MOST_BYTES >> 20} MiB.", REMEDY)
                _write(archive, member, folder / _inner(tarball, member.name))
    except (tarfile.TarError, EOFError, zlib.error, UnicodeError) as error:
        raise BuildProblem(f"{tarball.name} is no sound tarball ({error}).", REMEDY) from error


def _inner(tarball: Path, name: str) -> PurePosixPath:
    """A member's path within the package."""
    parts = name.split("/")
    inner = parts[1:]
    if not inner or not parts[0] or any(part in ("", ".", "..") or FORBIDDEN & set(part) for part in parts):
        raise BuildProblem(f"{tarball.name} holds a name that leads out of its folder: {name!r}.", REMEDY)
    return PurePosixPath(*inner)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = archive.extractfile(member)
    assert source is not None, "a plain file has content"
    with source, path.open("wb") as file:
        while piece := source.read(1 << 20):
            file.write(piece)
    if member.mode & 0o100:
        path.chmod(0o755)
