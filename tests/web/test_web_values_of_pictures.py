"""What flowed while a real worker made a picture with the bundled checkpoint, over HTTP."""

import asyncio
import io
import sys

import numpy as np
from PIL import Image as Pillow

from execution.workers.states import Launch
from tests.execution.worker_helpers import ROOT
from tests.faults.worker_bench import BUNDLED, CHECKPOINT, picture, settings
from tests.web.helpers.serving import NOBODY, served
from tests.web.helpers.sockets import ears


async def pixels(server, job, node, **query):
    """How a picture was made, and the picture."""
    async with server.session.get(f"{server.url}/api/jobs/{job}/values/{node}/0/picture", params=query) as answer:
        assert answer.status == 200, await answer.text()
        file = Pillow.open(io.BytesIO(await answer.read()))
        assert file.format == "PNG"
        return answer.headers["X-Weft-Picture"], np.asarray(file).astype(int)


async def item(server, job, node, slot=0):
    told = await server.get(f"/api/jobs/{job}/values/{node}/{slot}")
    (found,) = told["items"]
    return told, found


async def two_pictures(server):
    """Two jobs that differ by their seed, and what their owner heard."""
    async with ears(server, "me", weft_node_reports=True, weft_eta=True) as me:
        jobs = []
        for seed in (1, 2):
            jobs.append(await server.queue(picture(steps=6, size=128, seed=seed), client_id="me"))
            await me.until_over(jobs[-1])
        return *jobs, me


def check_reports(me, report, second):
    told = [one for one in me.of("weft_node_report") if one["prompt_id"] == second]
    assert {node: about for one in told for node, about in one["nodes"].items()} == report["nodes"]
    assert {node: about["state"] for node, about in report["nodes"].items()} == {
        **dict.fromkeys("1234", "cached"), **dict.fromkeys("567", "ran"),
    }  # fmt: skip
    changed = "1 became 2 in input seed of node 5 (KSampler)"
    assert report["nodes"]["5"]["why"] == f"Node 5 (KSampler) ran because {changed}."
    assert report["nodes"]["7"]["why"] == f"Node 7 (SaveImage) ran because {changed}, on which it depends."
    assert report["nodes"]["5"]["seconds"] > 0


async def check_values(server, first, second):
    told, latent = await item(server, second, "5")
    assert told["type"] == "LATENT" and latent["kind"] == "latent" and latent["shape"] == [1, 4, 16, 16]
    assert len(latent["channels"]) == 4 and sum(latent["histogram"]["counts"]) == 4 * 16 * 16
    assert told["previous"]["prompt_id"] == first and told["difference"]["max_abs"] > 0
    told, image = await item(server, second, "6")
    assert (image["kind"], image["shape"], image["pictures"]) == ("image", [1, 128, 128, 3], 1)
    assert 0 <= image["min"] < image["max"] <= 1 and 0 < told["difference"]["psnr"] < 100
    told, prompt = await item(server, second, "2")
    assert prompt["kind"] == "conditioning" and told["previous"] is None
    assert [[token["token"] for token in row] for row in prompt["tokens"]] == [["a", "red", "circle"]] * 2
    assert [(await item(server, second, "1", slot))[1]["kind"] for slot in range(3)] == ["model", "clip", "vae"]


async def check_pictures(server, first, second):
    how, now = await pixels(server, second, "6")
    assert how == "pixels" and now.shape == (128, 128, 3)
    _, before = await pixels(server, second, "6", of="previous")
    assert (before == (await pixels(server, first, "6"))[1]).all() and (before != now).any()
    _, apart = await pixels(server, second, "6", of="difference")
    assert apart.max() >= 254 and np.corrcoef(apart.ravel(), abs(now - before).ravel())[0, 1] > 0.99
    how, latent = await pixels(server, second, "5")
    assert how == "latent2rgb" and latent.shape == now.shape
    assert np.corrcoef(latent.ravel(), now.ravel())[0, 1] > 0.8, "a preview looks like the picture"
    assert (await pixels(server, second, "6", size=32))[1].shape == (32, 32, 3)


def test_what_flowed_while_a_picture_was_made(tmp_path):
    async def main():
        checkpoints = tmp_path / "models" / "checkpoints"
        checkpoints.mkdir(parents=True)
        (checkpoints / CHECKPOINT).symlink_to(BUNDLED / CHECKPOINT)
        worker = [
            sys.executable,
            str(ROOT / "main.py"),
            "worker",
            settings(tmp_path, preview_method="none").to_argument(),
        ]
        async with served(tmp_path, [Launch("cpu", worker)]) as server:
            await server.ready()
            first, second, me = await two_pictures(server)
            report = await server.get(f"/api/jobs/{second}/report")
            check_reports(me, report, second)
            await check_values(server, first, second)
            await check_pictures(server, first, second)
            await server.post("/free", {"free_memory": True})
            third = await server.queue(picture(steps=1, size=64, seed=3))
            await server.ended(third)
            said = await server.get(f"/api/jobs/{second}/values/6/0", 410)
            assert said["error"]["type"] == "not_kept"
            told, _ = await item(server, third, "6")
            assert told["previous"]["prompt_id"] == second and told["previous"]["kept"] is False
            assert told["previous"]["items"] == [] and told["difference"] is None
        async with served(tmp_path, NOBODY) as server:
            assert await server.get(f"/api/jobs/{second}/report") == report

    asyncio.run(main())
