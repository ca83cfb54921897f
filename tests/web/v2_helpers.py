"""What the tests of API v2 share."""

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from blake3 import blake3
from PIL import Image

from execution.workers.states import Launch
from tests.web.helpers.serving import PATIENCE, Served

ROOT = Path(__file__).resolve().parents[2]
V2 = "/api/v2"


def worker(folder: Path) -> Launch:
    """A worker on the workspace in a folder."""
    command = [sys.executable, "-m", "tests.web.v2_worker", str(folder)]
    return Launch("v2", command, {"PYTHONPATH": str(ROOT)})


def drawn(seed: int = 1, prefix: str = "made") -> dict[str, Any]:
    """Draw a picture and save it."""
    return {
        "1": {"class_type": "Colour", "inputs": {"seed": seed}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix}},
    }


def sampled(seed: int = 1, steps: int = 4, seconds: float = 0.0) -> dict[str, Any]:
    """Draw a picture step by step, with previews."""
    return {
        "3": {"class_type": "Sampler", "inputs": {"seed": seed, "steps": steps, "seconds": seconds}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
    }


def loaded(image: Any) -> dict[str, Any]:
    """Load a picture and save it."""
    return {
        "10": {"class_type": "LoadImage", "inputs": {"image": image}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["10", 0], "filename_prefix": "copy"}},
    }


def png(colour: tuple[int, int, int] = (10, 200, 30), size: int = 12) -> bytes:
    """A picture's bytes."""
    stream = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(stream, "PNG")
    return stream.getvalue()


def hash_of(data: bytes) -> str:
    return f"blake3:{blake3(data).hexdigest()}"


def safetensors(values: bytes = b"\0" * 8, **changes: Any) -> bytes:
    """A file of one tensor."""
    entry = {"dtype": "F32", "shape": [len(values) // 4], "data_offsets": [0, len(values)], **changes}
    header = json.dumps({"__metadata__": {"made": "for tests"}, "w": entry}).encode()
    return len(header).to_bytes(8, "little") + header + values


def form(data: bytes, **fields: Any) -> aiohttp.FormData:
    """A multipart body as SDKs send it."""
    body = aiohttp.FormData()
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            body.add_field(name, one)
    body.add_field("file", data, filename="as sent.bin", content_type="image/png")
    return body


async def upload(server: Served, data: bytes, status: int = 201, **fields: Any) -> Any:
    return await server.ask("POST", f"{V2}/assets", status, data=form(data, **fields))


async def submit(server: Served, workflow: Any, status: int = 201, **options: Any) -> Any:
    more = options.pop("more", {})
    return await server.post(f"{V2}/jobs", {"workflow": workflow, **more}, status, **options)


async def finished(server: Served, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended, by polling."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await server.get(f"{V2}/jobs/{job['id']}")
            if found["status"] in ("succeeded", "failed", "canceled", "expired"):
                return found
            await asyncio.sleep(0.02)


async def run(server: Served, workflow: Any, **options: Any) -> dict[str, Any]:
    return await finished(server, await submit(server, workflow, **options))


async def events(server: Served, job: dict[str, Any]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The events of a job's stream, to its end."""
    async with asyncio.timeout(PATIENCE), server.session.get(job["urls"]["events"]) as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"
        name = ""
        async for line in answer.content:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: "):
                yield name, json.loads(text.removeprefix("data: "))


async def bytes_of(server: Served, url: str, **options: Any) -> tuple[int, bytes, Any]:
    async with server.session.get(url, **options) as answer:
        return answer.status, await answer.read(), answer.headers
