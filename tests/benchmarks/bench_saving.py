"""How fast pictures are saved into a folder that fills: `python tests/benchmarks/bench_saving.py [pictures] [side]`.

In folders that hold 0, 2,000 and 20,000 files: with numbers remembered, as in the server's workers; with a journal as
well; looking through the folder for each file, as without; and what writing costs without encoding.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from execution.context import Context
from execution.errors import NodeRef
from folders.job_files import JobFiles, JobJournal
from folders.workspace import Workspace
from nodes.image_files import save_image
from nodes.numbering import FileNumbers
from nodes.saving import NumberedFiles

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 40
SIDE = int(sys.argv[2]) if len(sys.argv) > 2 else 64
ROUNDS = 5
PRESENT = (0, 2_000, 20_000)


Save = Callable[[], Awaitable[object]]


def ways(workspace: Workspace, journal: JobJournal) -> dict[str, Save]:
    """How to save one picture in this workspace."""
    picture = torch.rand(1, SIDE, SIDE, 3, generator=torch.Generator().manual_seed(1))
    numbers = FileNumbers()

    def saving(*services: object) -> Save:
        ctx = Context(NodeRef("9", "SaveImage", "9"), services=[workspace, *services])
        return lambda: save_image(images=picture, ctx=ctx)

    async def write() -> None:
        NumberedFiles(workspace, "output", "ComfyUI", numbers=numbers).write(b"x" * 20_000, ".png")

    return {
        "remembered": saving(numbers),
        "with journal": saving(numbers, journal),
        "looking": saving(),
        "write only": write,
    }


async def main() -> None:
    """Rounds of all ways in all folders by turns, so that a disturbance of the machine meets all alike."""
    found: dict[tuple[int, str], list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        folders: dict[int, dict[str, Save]] = {}
        for present in PRESENT:
            workspace = Workspace(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            output = workspace.folder("output")
            output.mkdir()
            for number in range(present):
                (output / f"ComfyUI_{number + 1:05}_.png").touch()
            journal = stack.enter_context(closing(JobFiles(workspace.user / "jobs").open("bench")))
            folders[present] = ways(workspace, journal)
        for _ in range(ROUNDS + 1):
            for present, savers in folders.items():
                for name, save in savers.items():
                    began, busy = time.perf_counter(), time.process_time()
                    for _ in range(COUNT):
                        await save()
                    passed, used = time.perf_counter() - began, time.process_time() - busy
                    found.setdefault((present, name), []).append((COUNT / passed, used / COUNT * 1000))
    print(f"{COUNT} pictures of {SIDE}x{SIDE}, median of {ROUNDS} rounds: a second, and milliseconds of CPU each")
    for (present, name), rounds in found.items():
        rates, used = zip(*rounds[1:], strict=True)  # the first one warms up
        print(f"{present:>7,} files  {name:<13} {statistics.median(rates):>6.0f}/s  {statistics.median(used):>6.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
