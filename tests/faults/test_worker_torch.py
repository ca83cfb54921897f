"""A real worker: pictures, previews, cancelling between steps, and a kill in the middle of a job."""

import asyncio
import io
import os
import signal
import subprocess
import sys

from PIL import Image

from execution.events import NodeFinished, NodeStarted, Progress
from execution.workers.news import JobEnded, JobRetried
from tests.execution.worker_helpers import ROOT
from tests.faults.worker_bench import CHECKPOINT, picture, torch_bench


def test_a_picture_with_previews_in_the_order_of_the_api(tmp_path):
    async def main():
        async with torch_bench(tmp_path) as b:
            await b.ready()
            assert (await b.validate(picture())).ok
            job = await b.run(picture(steps=6))
            assert job.status == "success", job.outcome
            (shown,) = job.outcome.outputs["7"]["images"]
            with Image.open(tmp_path / "output" / shown["filename"]) as image:
                assert image.size == (64, 64)
            assert job.outcome.used["seeds"] == {"5": 1}
            assert len(job.outcome.used["models"][CHECKPOINT]) == 64
            previews = b.watch.pictures(job.id)
            assert previews
            for preview in previews:
                assert (preview.kind, preview.node.id) == ("preview", "5")
                with Image.open(io.BytesIO(preview.payload)) as image:
                    assert (image.format, max(image.size)) == ("JPEG", 512)
            last = b.watch.events(job.id, Progress)[-1]
            assert (last.value, last.total) == (6, 6)
            (device,) = await b.dispatcher.stats()
            assert (device["type"], device["index"]) == ("cpu", None)
            assert device["vram_total"] > 0
            assert b.dispatcher.versions["torch"]

            job = await b.run(picture(steps=6, output="SaveImageWebsocket"))
            assert set(job.outcome.cached) == {"1", "2", "3", "4", "5", "6"}
            (full,) = b.watch.pictures(job.id)
            assert (full.kind, full.media_type) == ("image", "image/png")
            with Image.open(io.BytesIO(full.payload)) as image:
                assert image.size == (64, 64)
        assert not list((tmp_path / "user" / "jobs").glob("*"))  # they are removed soon after the jobs, on a thread

    asyncio.run(main())


def test_cancelling_and_killing_and_going_on_from_the_last_finished_node(tmp_path):
    async def main():
        async with torch_bench(tmp_path) as b:
            long = picture(steps=2_000, size=128, seed=2)
            job = await b.submit(long)
            await b.watch.told(job, Progress)
            pid = b.dispatcher.workers[0].pid
            await b.dispatcher.cancel(job)
            ended = await b.watch.ended(job)
            assert (ended.status, ended.outcome.cancelled_at) == ("cancelled", ("5", "KSampler"))
            assert b.dispatcher.workers[0].pid == pid

            b.dispatcher.free(unload_models=True, free_memory=True)
            shorter = picture(steps=60, size=64, seed=3)
            job = await b.submit(shorter)
            await b.watch.told(job, Progress)
            os.kill(pid, signal.SIGKILL)
            await b.watch.until(lambda: b.watch.of(JobRetried))
            ended = await b.watch.ended(job)
            assert (ended.status, ended.attempts) == ("success", 2)
            assert len(list((tmp_path / "output").iterdir())) == 1
            assert [n.job.id for n in b.watch.of(JobEnded)].count(job) == 1

            again = await b.run(picture(steps=60, size=64, seed=3))
            assert "5" in again.outcome.cached
        async with torch_bench(tmp_path) as b:  # another server, another worker: the disk knows
            job = await b.run(picture(steps=60, size=64, seed=3, output="PreviewImage"), id="another")
            assert "5" in job.outcome.cached
            assert "5" not in [e.node.id for e in b.watch.events(job.id, NodeStarted)]
            assert "7" in [e.node.id for e in b.watch.events(job.id, NodeFinished)]

    asyncio.run(main())


def test_a_device_that_is_not_there_is_told(tmp_path):
    async def main():
        async with torch_bench(tmp_path, device="cuda:77") as b:
            state = await b.watch.until(lambda: b.dispatcher.workers[0].failures and b.dispatcher.workers[0])
            assert "cuda:77" in state.reason
            assert "cannot be used" in state.reason

    asyncio.run(main())


def test_the_dispatcher_needs_no_torch():
    code = "import sys, execution.workers.dispatcher, commands.work; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"torch", "numpy", "PIL", "aiohttp"}.isdisjoint(listed.split())
