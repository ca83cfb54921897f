"""One server for every client's tests, and the clients themselves."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.clients import prompts
from tests.clients.installing import node_clients, python_client
from tests.clients.running import RunningServer, running_server

HERE = Path(__file__).parent
DRIVERS = HERE / "drivers"
CLIENT_SECONDS = 120.0  # before a client that hangs is given up
REPEATS = 10  # runs of a prompt that is cached: the answer may overtake a client that listens only after it queued


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on the bundled checkpoints, with the test pack among its node packs."""
    workspace = tmp_path_factory.mktemp("workspace")
    packs = workspace / "custom_nodes"
    packs.mkdir()
    shutil.copy(HERE / "pack" / "weft_test_nodes.py", packs)
    with running_server(workspace) as server:
        yield server


@pytest.fixture(scope="session")
def client_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a client sees of the environment: a home of its own, nothing of Weft's, and no telemetry."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    home = str(tmp_path_factory.mktemp("home"))
    return {**kept, "HOME": home, "DO_NOT_TRACK": "1", "NO_PROXY": "*", "no_proxy": "*"}


@pytest.fixture
def drive(server: RunningServer, client_environment: dict[str, str], tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Run `drivers/NAME`, which drives its client through one story; gives its report and a reader of its pictures."""

    def run(driver: str, client: str, seed: int, to: RunningServer = server, token: str = "") -> SimpleNamespace:
        job = {
            "url": to.url,
            "host": to.host,
            "token": token,
            "folder": str(tmp_path),
            "seed": seed,
            "repeats": REPEATS,
            "draw": prompts.text_to_image(seed, steps=3, prefix=client.replace("/", "_")),
            "invert": prompts.inverted("to be named by the client"),
            "refused": prompts.refused(),
            "failing": prompts.failing(seed),
        }
        (tmp_path / "job.json").write_text(json.dumps(job))
        (tmp_path / "upload.png").write_bytes(prompts.upload_bytes())
        done = subprocess.run(
            [*_command(driver, client), str(tmp_path / "job.json")],
            cwd=tmp_path,
            env=client_environment,
            capture_output=True,
            text=True,
            timeout=CLIENT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{driver}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        report = json.loads((tmp_path / "report.json").read_text())
        return SimpleNamespace(report=report, picture=lambda name: (tmp_path / name).read_bytes(), printed=done.stdout)

    return run


def _command(driver: str, client: str) -> list[str]:
    path = DRIVERS / driver
    if path.suffix == ".mjs":
        # Node.js looks for packages upwards from the file: the driver has to lie beside `node_modules`.
        return ["node", str(shutil.copy(path, node_clients()))]
    return [str(python_client(client)), "-P", str(path)]
