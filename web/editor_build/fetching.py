"""Fetching tarballs from the registry, each verified by its SHA-512 before anybody reads it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import ssl
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from web.editor_build.lock_file import Package
from web.editor_build.places import LOCK
from web.editor_build.problem import BuildProblem, RegistryUnreachable

AT_ONCE = 8
SILENCE_SECONDS = 20.0  # before a connection that says nothing is given up
PACKAGE_SECONDS = 180.0  # for one package, however it trickles
MOST_BYTES = 64 * 2**20  # of one tarball; esbuild's have 5 MB
PIECE = 1 << 16
ATTEMPTS = 2
PAUSE_SECONDS = 0.5  # before the second attempt
PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses that may be other ones a moment later
REMEDY = (
    "Connect this machine to the internet, or set HTTPS_PROXY, or name a registry that it reaches: "
    "the environment variable NPM_CONFIG_REGISTRY or a line registry=... in ~/.npmrc."
)
WRONG_REMEDY = "Ask who runs that registry or a proxy before it, or name another one as NPM_CONFIG_REGISTRY."

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Registry:
    """Where packages come from, and whom to trust about who answers there."""

    address: str
    certificates: Path | None = None  # more of them, in PEM format
    silence_seconds: float = SILENCE_SECONDS
    package_seconds: float = PACKAGE_SECONDS

    def url(self, package: Package) -> str:
        """The tarball's address."""
        file = package.name.rpartition("/")[2]
        return f"{self.address}/{quote(package.name, safe='@/')}/-/{file}-{quote(package.version)}.tgz"

    @property
    def host(self) -> str:
        """For people: without what an address may hold of passwords."""
        parts = urlsplit(self.address)
        return parts.hostname if not parts.port else f"{parts.hostname}:{parts.port}"  # pyright: ignore[reportReturnType]


class _Broken(Exception):
    """One attempt failed in a way in which the next one need not."""


def fetch_all(packages: Sequence[Package], registry: Registry, folder: Path, tell: Tell) -> dict[Package, Path]:
    """The tarballs of all packages, from `folder` where they lie there already.

    Raises:
        BuildProblem: one cannot be had, or is not what the lock file says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {package: folder / f"{package.sha512.hex()}.tgz" for package in packages}
    missing = [package for package in packages if not _is_sound(found[package], package)]
    if not missing:
        return found
    opener = _opener(registry)
    done = 0
    stop = threading.Event()
    tell(f"Fetching {len(missing)} packages")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for _ in pool.map(partial(_fetch, registry, opener, stop), missing, [found[one] for one in missing]):
                done += 1
                tell(f"Fetching packages: {done} of {len(missing)}")
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _is_sound(path: Path, package: Package) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha512").digest() == package.sha512
    except OSError:
        return False


def _opener(registry: Registry) -> urllib.request.OpenerDirector:
    """Goes through the proxies that the environment names."""
    context = ssl.create_default_context()
    if registry.certificates is not None:
        try:
            context.load_verify_locations(registry.certificates)
        except (OSError, ssl.SSLError) as error:
            raise BuildProblem(
                f"The certificates in {registry.certificates} cannot be read ({error}).",
                "Correct cafile= in the .npmrc file, or the environment variable NODE_EXTRA_CA_CERTS.",
            ) from error
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))


def _fetch(
    registry: Registry, opener: urllib.request.OpenerDirector, stop: threading.Event, package: Package, path: Path
) -> None:
    what = f"The package {package} cannot be had from {registry.host}"
    problem: BuildProblem | None = None
    for attempt in range(ATTEMPTS):
        if attempt and stop.wait(PAUSE_SECONDS):
            break
        try:
            data = _download(package, registry, opener, stop)
        except _Broken as error:
            problem = RegistryUnreachable(f"{what}: {error}.", REMEDY)
            continue
        if hashlib.sha512(data).digest() == package.sha512:
            _keep(path, data)
            return
        problem = BuildProblem(f"{what}: what arrived is not what {LOCK} names, its sha512 differs.", WRONG_REMEDY)
    if problem is not None:
        raise problem


def _download(
    package: Package, registry: Registry, opener: urllib.request.OpenerDirector, stop: threading.Event
) -> bytes:
    """The body of one answer. Raises _Broken, or BuildProblem for what asking again would not mend."""
    deadline = time.monotonic() + registry.package_seconds
    pieces: list[bytes] = []
    size = 0
    request = urllib.request.Request(registry.url(package), headers={"User-Agent": "weft", "Accept": "*/*"})
    try:
        with opener.open(request, timeout=registry.silence_seconds) as answer:
            while piece := answer.read1(PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    raise _Broken(f"it is larger than {MOST_BYTES >> 20} MiB")
                if time.monotonic() > deadline or stop.is_set():
                    raise _Broken(f"it did not arrive within {registry.package_seconds:.0f} seconds")
            if size < int(answer.headers.get("Content-Length") or 0):
                raise _Broken("the connection ended before the whole package had arrived")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in PASSING:
            raise _Broken(f"the answer is {error.code} {error.reason}") from error
        raise BuildProblem(
            f"The package {package} cannot be had from {registry.host}: the answer is {error.code} {error.reason}.",
            REMEDY,
        ) from error
    except urllib.error.URLError as error:
        raise _Broken(_reason(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(_reason(error)) from error
    return b"".join(pieces)


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "nothing answers in time"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _keep(path: Path, data: bytes) -> None:
    """Put a tarball into the cache, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)  # noqa: PTH105 - `name` is a string
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        remedy = "Make room there, or name another folder with the environment variable WEFT_CACHE."
        raise BuildProblem(f"{path.parent} cannot be written ({error.strerror or error}).", remedy) from error
