"""What a user of comfy-sdk (PyPI) writes: assets in workflows, runs, events, lists, refusals; also with asyncio."""

import asyncio
import json
import os
import sys
from pathlib import Path

from comfy_sdk import AsyncComfy, Comfy, ComfyError, JobFailed
from comfy_sdk.events import Log, OutputReady, Preview, Progress, StatusChange

job = json.loads(Path(sys.argv[1]).read_text())
folder = Path(job["folder"])
NOWHERE = {"__type": "core/ASSET", "info": {"id": "asset_nothing"}}
os.environ["COMFY_BASE_URL"] = job["url"]


def error_of(call):
    try:
        call()
    except ComfyError as error:
        return {"class": type(error).__name__, "code": error.code, "text": str(error), "details": error.details}
    return None


async def with_asyncio():
    async with AsyncComfy(api_key="") as client:
        running = await client.submit(client.workflows.from_json(job["draw"]))
        told = [type(event).__name__ async for event in running.events()]
        done = await running.result()
        asset = client.assets.from_bytes(b"some text", filename="async.txt")
        await asset.commit()
        await asset.delete()
        return {"events": told, "bytes": len(await done.outputs[0].to_bytes())}


def told_of(event):
    match event:
        case Progress():
            return ["progress", event.value, event.current_node, event.step, event.steps]
        case StatusChange():
            return ["status", event.status]
        case OutputReady():
            return ["output", event.output.name]
        case Preview():
            return ["preview", event.node_id]
        case Log():
            return ["log", event.message]


with Comfy() as client:
    drawing = client.workflows.from_json(job["draw"])
    drawing.set_input("3", "seed", job["seed"])
    running = client.submit(drawing, metadata={"client": "comfy-sdk"}, idempotency_key=f"sdk-{job['seed']}")
    events = [told_of(event) for event in running.events()]
    drawn = running.result()
    (output,) = drawn.get_outputs("9")
    output.to_file(folder / "drawn.png")
    again = client.submit(drawing, metadata={"client": "comfy-sdk"}, idempotency_key=f"sdk-{job['seed']}")

    picture = client.assets.from_file(folder / "upload.png")
    inverting = client.workflows.from_json(job["invert"])
    inverting.set_input("1", "image", picture)
    (folder / "inverted.png").write_bytes(client.run(inverting).get_outputs("3")[0].to_bytes())
    twice = client.assets.from_file(folder / "upload.png")
    twice.commit()

    waiting = client.submit(client.workflows.from_json(job["draw"]))
    waiting.cancel()
    waiting.wait(60)

    def failing():
        client.run(client.workflows.from_json(job["failing"]))

    def job_error():
        try:
            failing()
        except JobFailed as error:
            return {"code": error.error.code, "node": error.error.node_id, "class": error.error.class_type,
                    "message": error.error.message}  # fmt: skip

    report = {
        "events": events,
        "id": drawn.id,
        "again": again.id,
        "output": [output.type, output.content_type, output.size_bytes, output.name, output.job_id],
        "slice": list(output.to_bytes(range=(0, 7))),
        "download": output.get_download_url().url,
        "workflow": drawn.get_workflow().format,
        "seed": drawn.get_workflow().graph["3"]["inputs"]["seed"],
        "metadata": client.jobs.get(drawn.id).metadata,
        "listed": [summary.id for summary in client.list_jobs(metadata={"client": "comfy-sdk"})],
        "pages": len(list(client.list_jobs(limit=1))) == len(list(client.list_jobs())),
        "uploaded": [picture.created_new, picture.hash],
        "twice": [twice.created_new, twice.id == picture.id, twice.hash],
        "cancelled": waiting.status,
        "failed": job_error(),
        "refused": error_of(lambda: client.submit(client.workflows.from_json(job["refused"]))),
        "unknown": error_of(lambda: client.jobs.get("job_nothing")),
        "missing": error_of(
            lambda: client.submit(
                client.workflows.from_json({"1": {"class_type": "LoadImage", "inputs": {"image": NOWHERE}}})
            )
        ),
        "reused": error_of(lambda: client.submit(inverting, idempotency_key=f"sdk-{job['seed']}")),
        "asyncio": asyncio.run(with_asyncio()),
    }
    twice.delete()
    report["deleted"] = error_of(lambda: client.assets.delete(picture.id))
(folder / "report.json").write_text(json.dumps(report))
