"""Third-party clients as their users install them: pinned, from their registries, each apart from Weft and the others.

They are kept in `.clients/` (ignored by git), so that the next run starts at once.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".clients"
INSTALL_SECONDS = 480

PYTHON_CLIENTS = {
    "comfy-cli": ("comfy-cli==1.23.0",),
    # What its extra `runtime` names, without what draws graphs with networkx (scipy, pandas and matplotlib).
    "comfy-script": ("comfy-script[client]==0.6.1", "dynaconf~=3.0", "networkx~=3.0", "tqdm~=4.0", "wrapt~=1.0"),
    "comfy-api-simplified": ("comfy-api-simplified==1.6.0",),
    "comfyui-utils": ("comfyui-utils==0.0.1",),
    "comfy-sdk": ("comfy-sdk==0.5.0",),
}
NODE_CLIENTS = (
    "@saintno/comfyui-sdk@0.3.1",
    "@stable-canvas/comfyui-client@1.5.9",
    "comfy-ui-client@0.1.2",
    "@comfyorg/sdk@0.1.9",
)


class InstallFailed(Exception):
    """A client could not be installed; says what the installer printed."""


def python_client(name: str) -> Path:
    """The Python interpreter of a virtual environment that holds one client and nothing of Weft's."""
    requirements = PYTHON_CLIENTS[name]
    with _folder(f"python-{name}", f"{' '.join(requirements)} {sys.version}") as (folder, missing):
        if missing:
            _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
            python = str(folder / "bin" / "python")
            _run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *requirements])
        return folder / "bin" / "python"


def bare_packages(name: str, *requirements: str) -> Path:
    """A folder to put on Python's path, with just these packages and nothing that they depend on."""
    with _folder(f"bare-{name}", f"{' '.join(requirements)} {sys.version}") as (folder, missing):
        if missing:
            target = ("--no-deps", "--target", str(folder))
            _run([sys.executable, "-m", "pip", "install", "--quiet", *target, *requirements])
        return folder


def node_clients() -> Path:
    """The folder that holds the clients for Node.js, in `node_modules`."""
    with _folder("node", " ".join(NODE_CLIENTS)) as (folder, missing):
        if missing:
            quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
            _run(["npm", "install", "--prefix", str(folder), "--save-exact", *quiet, *NODE_CLIENTS])
        return folder


@contextmanager
def _folder(name: str, what: str) -> Iterator[tuple[Path, bool]]:
    """A client's folder and whether it must be filled; one process at a time, and whole or not at all."""
    CACHE.mkdir(exist_ok=True)
    folder, stamp = CACHE / name, CACHE / f"{name}.txt"
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = not stamp.is_file() or stamp.read_text() != what
        if missing:
            stamp.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        try:
            yield folder, missing
        except InstallFailed as error:
            if not os.environ.get("CI") and _is_about_the_network(str(error)):
                pytest.skip(f"{name}: the registry cannot be reached, and CI is not set:\n{error}")
            raise
        if missing:
            stamp.write_text(what)


def _is_about_the_network(text: str) -> bool:
    of_npm = "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH"
    of_pip = "NewConnectionError|ConnectTimeout|NameResolutionError|Max retries"
    return re.search(f"{of_npm}|{of_pip}", text) is not None


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except FileNotFoundError as error:
        raise InstallFailed(f"{command[0]} is not on this machine: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise InstallFailed(f"{' '.join(command)} took longer than {INSTALL_SECONDS} s (ETIMEDOUT)") from error
    if done.returncode:
        raise InstallFailed(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
