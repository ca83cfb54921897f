"""A server process for tests that kill it: prints the id of its worker's process, which runs a job if one is named."""

import asyncio
import sys
from pathlib import Path

from execution.events import NodeStarted
from tests.execution.worker_helpers import bench, one


async def main() -> None:
    database, *what = sys.argv[1:]
    async with bench(Path(database).parent) as b:
        await b.ready()
        if what:
            await b.watch.told(await b.submit(one("Act", what=what[0])), NodeStarted)
        print(b.dispatcher.workers[0].pid, flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
