"""How the gallery does with 20,000 pictures that carry workflows: `python -m tests.benchmarks.bench_gallery`."""

import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from tests.benchmarks.bench_files import FILES, LONG_AGO, say, timed
from tests.web.helpers.serving import NOBODY, Served, served
from web.files.listing import Listing
from web.gallery.gallery import AT_ONCE, FILE_NAME, GALLERY
from web.gallery.index import GalleryIndex

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "base_refiner.json"


def prompt(number: int) -> dict[str, Any]:
    """As large as a usual one: twelve nodes."""
    nodes: dict[str, Any] = {
        str(place): {"class_type": "Other", "inputs": {"a": place, "b": 0.5, "c": ["1", 0]}} for place in range(10, 18)
    }
    nodes["1"] = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": f"model_{number % 7}.safetensors"}}
    nodes["2"] = {"class_type": "CLIPTextEncode", "inputs": {"text": f"a photo of animal {number % 500}, studio light"}}
    nodes["3"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry, low quality"}}
    sampling = {
        "positive": ["2", 0],
        "negative": ["3", 0],
        "seed": number,
        "sampler_name": "euler",
        "scheduler": "normal",
    }
    nodes["4"] = {"class_type": "KSampler", "inputs": sampling}
    return nodes


def fill(folder: Path) -> None:
    workflow = TEMPLATE.read_text(encoding="utf-8")
    picture = Image.new("RGB", (64, 64))
    for number in range(FILES):
        info = PngImagePlugin.PngInfo()
        info.add_text("prompt", json.dumps(prompt(number)))
        info.add_text("workflow", workflow)
        picture.save(folder / f"picture_{number:05}_.png", pnginfo=info, compress_level=1)
    os.utime(folder, ns=(LONG_AGO, LONG_AGO))


def alone(folder: Path, path: Path) -> None:
    """The index in time of this process's own."""
    entries = Listing().files(folder)
    index = GalleryIndex(path)
    begun = time.process_time()
    while index.update("output", folder, entries, 1000):
        pass
    say(f"reading {FILES:,} pictures, the process's own time", [1e3 * (time.process_time() - begun)])
    index.close()
    sys.stdout.write(f"{'size of the index':58} {path.stat().st_size / 2**20:8.1f} MiB\n")


async def stalls(server: Served, folder: Path) -> None:
    """How late the event loop is while all pictures are read in the background, beside how late it is anyway."""
    late: list[float] = []

    async def watch(done: asyncio.Event) -> None:
        while not done.is_set():
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            late.append(1e3 * (time.perf_counter() - begun - 0.005))

    quiet = asyncio.Event()
    watching = asyncio.create_task(watch(quiet))
    await asyncio.sleep(5)
    quiet.set()
    await watching
    say("the event loop's delay, at rest", late[:])
    late.clear()
    gallery, listing, done = server.app[GALLERY], Listing(), asyncio.Event()
    watching = asyncio.create_task(watch(done))
    begun = time.perf_counter()
    gallery.look("input")
    while await asyncio.to_thread(gallery.update, "input", listing.files(folder), 0):
        await asyncio.sleep(0.2)
    done.set()
    await watching
    say("the event loop's delay, while pictures are read", late)
    late.sort()
    sys.stdout.write(f"{'    of it, the 99th percentile':58} {late[int(0.99 * len(late))]:8.2f} ms\n")
    seconds = time.perf_counter() - begun
    sys.stdout.write(f"{f'reading all in the background, {AT_ONCE} at once':58} {seconds:8.1f} s\n")


async def searching(server: Served) -> None:
    for query in (
        "prompt=animal%20123",
        "search=studio",
        "search=euler%204711",
        "sampler=euler&model=model_3",
        "details=true",
    ):
        say(f"GET /api/outputs?{query}", await timed(lambda query=query: server.get(f"/api/outputs?{query}"), 30))


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = folder / "input"
        pictures.mkdir()
        fill(pictures)
        alone(pictures, folder / FILE_NAME)
        async with served(folder, NOBODY) as server:
            await stalls(server, pictures)
        shutil.move(pictures, folder / "moved")
        shutil.rmtree(folder / "output")
        (folder / "moved").rename(folder / "output")
        async with served(folder, NOBODY) as server:
            entries = Listing().files(folder / "output")
            while await asyncio.to_thread(server.app[GALLERY].update, "output", entries, 2000):
                pass
            await searching(server)
        begun = time.process_time()
        index = GalleryIndex(folder / "user" / "cache" / FILE_NAME)
        index.update("output", folder / "output", entries, 0)
        say("opening the index again, nothing new, own time", [1e3 * (time.process_time() - begun)])
        assert index.read == 0
        index.close()


if __name__ == "__main__":
    sys.stdout.write(f"load {statistics.fmean(os.getloadavg()[:1]):.1f}\n")
    asyncio.run(main())
