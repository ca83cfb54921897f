"""What engines are built with."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import torch

from commands.workbench import (
    Caching,
    EngineSetup,
    build_cache,
    build_engine,
    choose_device,
    code_salt,
    free_memory,
    job_services,
    node_types,
    unload_models,
)
from execution.cache import MemoryCache
from execution.context import CancelToken
from execution.graph import parse_prompt
from execution.tiered import TieredCache
from folders.job_files import JobFiles
from folders.workspace import Workspace
from models.memory import DeviceMemory, Dtypes
from models.vae_codec import decode_latent

BUNDLED = Path(__file__).resolve().parents[2] / "models" / "bundled"


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def picture(steps=2, seed=1, prefix="x"):
    return parse_prompt(
        {
            "1": node("CheckpointLoaderSimple", ckpt_name="weft_base.safetensors"),
            "2": node("CLIPTextEncode", clip=["1", 1], text="a red circle"),
            "3": node("EmptyLatentImage", width=64, height=64, batch_size=1),
            "4": node(
                "KSampler", model=["1", 0], positive=["2", 0], negative=["2", 0], latent_image=["3", 0], seed=seed,
                steps=steps, cfg=2.0, sampler_name="euler", scheduler="normal", denoise=1.0,
            ),
            "5": node("VAEDecode", samples=["4", 0], vae=["1", 2]),
            "6": node("SaveImage", images=["5", 0], filename_prefix=prefix),
        }
    )  # fmt: skip


@pytest.fixture
def workspace(tmp_path):
    if not (BUNDLED / "weft_base.safetensors").exists():
        pytest.skip("the bundled checkpoints are not there")
    return Workspace(tmp_path / "w", bundled=BUNDLED)


def engine(workspace, **setup):
    caching = Caching(disk_bytes=2**28)
    return build_engine(node_types(), workspace, choose_device("cpu", "auto"), EngineSetup(caching, **setup))


def saved(workspace):
    return sorted(path.name for path in workspace.folder("output").iterdir())


@pytest.mark.parametrize(
    "caching, kind",
    [
        (Caching(), MemoryCache),
        (Caching("classic", disk_bytes=9), MemoryCache),
        (Caching("lru", 0, disk_bytes=9), MemoryCache),
        (Caching("none", disk_bytes=9), MemoryCache),
        (Caching("lru", 5, disk_bytes=9), TieredCache),
        (Caching(disk_bytes=9), TieredCache),
    ],
)
def test_which_policies_keep_results_on_disk(tmp_path, caching, kind):
    cache = build_cache(caching, Workspace(tmp_path))
    assert type(cache) is kind
    cache.close()


def test_results_of_other_devices_formats_and_versions_are_not_ours():
    full, half = (Dtypes(dtype, dtype, dtype) for dtype in (torch.float32, torch.float16))
    cpu, cuda = torch.device("cpu"), torch.device("cuda:1")
    salts = {code_salt(DeviceMemory(device, formats)) for device in (cpu, cuda) for formats in (full, half)}
    assert len(salts) == 4
    assert code_salt(DeviceMemory(torch.device("cuda:0"), full)) in salts  # another device of the same kind
    assert all(torch.__version__ in salt for salt in salts)


def test_a_job_run_again_takes_up_its_results_and_its_files(workspace, monkeypatch):
    monkeypatch.setattr("execution.store.WORTH_SECONDS", 0.0)
    journals = JobFiles(workspace.user / "jobs")
    for attempt in range(2):
        with closing(engine(workspace)) as built, job_services(journals, "job") as services:
            result = built.run_sync(picture(), services=services)
            assert result.error is None
        if attempt:
            assert result.executed == ["6"]  # from the picture on; no model was loaded
    assert saved(workspace) == ["x_00001_.png"]
    journals.forget("job")
    with closing(engine(workspace)) as built, job_services(journals, "job") as services:
        built.run_sync(picture(), services=services)
    assert saved(workspace) == ["x_00001_.png", "x_00002_.png"]


def test_freeing_the_memory_forgets_what_is_on_disk_too(workspace, monkeypatch):
    monkeypatch.setattr("execution.store.WORTH_SECONDS", 0.0)
    with closing(engine(workspace)) as built:
        first = built.run_sync(picture())
        unload_models(DeviceMemory.choose("cpu"))
        free_memory(built)
        again = built.run_sync(picture())
        assert sorted(again.executed) == sorted(first.executed) == ["1", "2", "3", "4", "5", "6"]


def test_a_run_is_cancelled_inside_the_decoder_and_the_next_one_is_not(workspace, monkeypatch):
    token = CancelToken()

    def decode(vae, samples, **told):
        token.cancel()  # from here on only the decoder's own blocks ask
        return decode_latent(vae, samples, **told)

    monkeypatch.setattr("nodes.vae.decode_latent", decode)
    with closing(engine(workspace)) as built:
        result = built.run_sync(picture(), cancel=token)
        assert result.status == "cancelled"
        assert result.cancelled_at.id == "5"
        assert not workspace.folder("output").exists()
        assert built.run_sync(picture()).status == "success"


PROCESS = """
import sys
from contextlib import closing
from pathlib import Path
from execution import store
from execution.events import NodeFinished
from folders.job_files import JobFiles
from folders.workspace import Workspace
from tests.commands.test_workbench import BUNDLED, engine, job_services, picture

store.WORTH_SECONDS = 0.0

class Prompt(store.DiskStore):  # on disk before the node is told finished, so that the test knows what is there
    def write_later(self, *result):
        kept = super().write_later(*result)
        self.flush()
        return kept

def sink(event):
    if isinstance(event, NodeFinished):
        print(event.node.id, flush=True)

workspace = Workspace(Path(sys.argv[1]), bundled=BUNDLED)
with closing(engine(workspace)) as built, job_services(JobFiles(workspace.user / "jobs"), "job") as services:
    built.cache.disk.__class__ = Prompt
    print("executed", *built.run_sync(picture(), sink=sink, services=services).executed, flush=True)
"""


def test_a_job_killed_after_sampling_does_not_sample_again_in_the_next_process(workspace):
    def process():
        command = [sys.executable, "-c", PROCESS, str(workspace.root)]
        return subprocess.Popen(command, cwd=BUNDLED.parents[1], stdout=subprocess.PIPE, text=True)

    with process() as first:
        try:
            assert any(line.strip() == "4" for line in first.stdout)
        finally:
            first.kill()
    with process() as second:
        said = second.stdout.read().split("executed")[1].split()
        assert second.wait() == 0
    assert "4" not in said
    assert said[-1] == "6"
    assert saved(workspace) == ["x_00001_.png"]
