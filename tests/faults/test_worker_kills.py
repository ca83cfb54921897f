"""kill -9 of two workers at random moments while they run 60 jobs: each job ends once, the last one too."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter

from execution.workers.news import JobEnded, JobRetried, JobStarted
from tests.execution.worker_helpers import bench, chain, launch

JOBS = 60
KILLS = 25


def test_every_job_ends_once(tmp_path):
    seed = int(os.environ.get("WEFT_KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"WEFT_KILL_SEED={seed}")
    chance = random.Random(seed)

    async def main():
        async with bench(tmp_path, launch("one"), launch("two")) as b:
            await b.ready(2)
            for index in range(JOBS):
                steps = {"text": "<", "count": 3 + index, "seconds": chance.uniform(0, 0.01), "previews": True}
                await b.submit(chain(("Text", {"text": str(index)}), ("Steps", steps)), id=f"j{index}")
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0, 0.15))
                there = [state.pid for state in b.dispatcher.workers if state.pid is not None]
                if there:
                    with contextlib.suppress(ProcessLookupError):  # dead already, which the dispatcher is yet to hear
                        os.kill(chance.choice(there), signal.SIGKILL)
            await b.watch.until(lambda: b.dispatcher.remaining == 0)
            ends = Counter(news.job.id for news in b.watch.of(JobEnded))
            assert ends == Counter({f"j{index}": 1 for index in range(JOBS)})
            starts = Counter(news.job.id for news in b.watch.of(JobStarted))
            retries = Counter(news.job.id for news in b.watch.of(JobRetried))
            for news in b.watch.of(JobEnded):
                job = news.job
                assert job.attempts == starts[job.id] == retries[job.id] + 1
                if job.status == "error":
                    assert (job.attempts, job.outcome.error.kind) == (2, "worker")
                else:
                    assert job.outcome.outputs["2"]["text"] == [f"done{job.id[1:]}"]
            running, pending = await b.dispatcher.store.queue()
            assert not running
            assert not pending
            assert retries  # else no kill has hit a job and this test has tested nothing

    asyncio.run(main())
