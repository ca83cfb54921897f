"""How long the file routes take in a folder of 20,000 pictures: `python -m tests.benchmarks.bench_files`."""

import asyncio
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import FormData
from PIL import Image

from tests.web.helpers.serving import NOBODY, Served, served
from web.files.listing import Listing

FILES = 20_000
LONG_AGO = 1_500_000_000_123_456_789  # nanoseconds


async def timed(call: Callable[[], Awaitable[object]], times: int) -> list[float]:
    """Milliseconds of each call."""
    taken: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        await call()
        taken.append(1e3 * (time.perf_counter() - start))
    return taken


def say(what: str, taken: list[float]) -> None:
    """Print a figure: the median, and the slowest."""
    sys.stdout.write(f"{what:58} p50 {statistics.median(taken):8.2f} ms   max {max(taken):8.2f} ms   n {len(taken)}\n")


def fill(folder: Path) -> None:
    for number in range(FILES):
        (folder / f"picture_{number:05}_.png").write_bytes(b"x")
    os.utime(folder, ns=(LONG_AGO, LONG_AGO))


def index(folder: Path) -> None:
    """The index alone, in time of this process's own: other programs on the machine do not count."""
    kept = Listing()

    def look() -> float:
        start = time.process_time()
        kept.files(folder)
        return 1e3 * (time.process_time() - start)

    say("the index's own time, first look", [look()])
    say("the index's own time, nothing new", [look() for _ in range(100)])
    taken: list[float] = []
    for number in range(30):
        (folder / f"own_{number:05}_.png").write_bytes(b"x")
        taken.append(look())
    say("the index's own time, a file was saved since", taken)


async def listing(server: Served, folder: Path) -> None:
    say("GET /api/outputs, first time", await timed(lambda: server.get("/api/outputs"), 1))
    say("GET /api/outputs, nothing new", await timed(lambda: server.get("/api/outputs"), 200))
    say("GET /api/outputs?search=1234", await timed(lambda: server.get("/api/outputs?search=1234"), 50))
    count = iter(range(10**6))

    async def after_a_new_file() -> None:
        (folder / f"new_{next(count):05}_.png").write_bytes(b"x")
        await server.get("/api/outputs")

    say("GET /api/outputs, a file was saved since", await timed(after_a_new_file, 50))


async def pictures(server: Served, folder: Path) -> None:
    noise = Image.effect_noise((1024, 1024), 60).convert("RGB")
    names = [f"noise_{number}.png" for number in range(20)]
    for name in names:
        noise.save(folder / name, compress_level=1)
    cold, warm = iter(names), iter(names * 10)

    async def view(query: str) -> None:
        async with server.session.get(f"{server.url}/view?{query}") as answer:
            assert answer.status == 200
            await answer.read()

    say("GET /view, 1024x1024 PNG as it is", await timed(lambda: view(f"filename={names[0]}"), 50))
    small = "preview=webp;80&size=360"
    say(f"GET /view?{small}, first time", await timed(lambda: view(f"filename={next(cold)}&{small}"), 20))
    say(f"GET /view?{small}, again", await timed(lambda: view(f"filename={next(warm)}&{small}"), 200))
    data = io.BytesIO()
    noise.resize((256, 256)).save(data, "PNG")
    number = iter(range(10**6))

    async def upload() -> None:
        form = FormData()
        form.add_field("image", data.getvalue() + str(next(number)).encode(), filename=f"up_{next(number)}.png")
        await server.ask("POST", "/upload/image", 200, data=form)

    say("POST /upload/image, 256x256 PNG, on the disk when answered", await timed(upload, 50))


async def saving(server: Served) -> None:
    body = b"x" * 100_000
    number = iter(range(10**6))

    async def save() -> None:
        await server.ask("POST", "/userdata/a.json", 200, data=body + str(next(number)).encode())

    say("POST /userdata, 100 kB, its former version kept", await timed(save, 50))


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        output.mkdir()
        fill(output)
        index(output)
        async with served(Path(folder), NOBODY) as server:
            await listing(server, output)
            await pictures(server, output)
            await saving(server)


if __name__ == "__main__":
    asyncio.run(main())
