"""What a user of comfyui-utils writes: submit with callbacks, then fetch what the callback was given."""

import asyncio
import json
import sys
from pathlib import Path

from comfyui_utils.comfy import Callbacks, ComfyAPI

job = json.loads(Path(sys.argv[1]).read_text())
folder = Path(job["folder"])
api = ComfyAPI(job["host"])


class Noting(Callbacks):
    def __init__(self):
        self.positions, self.progress, self.outputs, self.cached = [], [], None, None

    async def queue_position(self, position):
        self.positions.append(position)

    async def in_progress(self, node_id, progress, total):
        self.progress.append([node_id, progress, total])

    async def completed(self, outputs, cached):
        self.outputs, self.cached = outputs, cached


async def run(prompt):
    noting = Noting()
    await api.submit(prompt, noting)
    return noting


async def main():
    drawn = await run(job["draw"])

    async def keep(file):
        (folder / "drawn.png").write_bytes(file.read())

    await api.fetch(drawn.outputs["images"][0], keep)
    repeats = [len((await run(job["draw"])).outputs["images"]) for _ in range(job["repeats"])]
    try:
        await run(job["refused"])
        refused = None
    except ValueError as error:
        refused = str(error)
    report = {"positions": drawn.positions, "progress": drawn.progress, "repeats": repeats, "refused": refused}
    (folder / "report.json").write_text(json.dumps(report))


asyncio.run(main())
