"""What a running job tells: thinned out where it is too much, never out of order."""

import asyncio

from execution.errors import NodeRef
from execution.events import NodeFinished, NodeStarted, Preview, Progress, Started
from execution.workers import telling
from execution.workers.event_data import event_from_data
from execution.workers.messages import Told
from execution.workers.news import JobPicture, JobTold
from execution.workers.telling import Teller
from tests.execution.worker_helpers import bench, chain, one

A, B = (NodeRef(name, "T", name, None, name) for name in "ab")


class Recorder:
    """Stands for the pipe and for the pictures."""

    def __init__(self):
        self.sent = []

    def send(self, message):
        self.sent.append(message)

    def is_full(self, image):
        return image == "full"

    def send_full(self, job, node, image):
        self.sent.append(("full", node.id))

    def show(self, job, node, image):
        self.sent.append(("preview", node.id))

    def forget(self, node=None):
        self.sent.append(("forget", node.id))

    def told(self):
        return [event_from_data(data) for message in self.sent if isinstance(message, Told) for data in message.events]


def teller():
    recorder = Recorder()
    return Teller("j", recorder, recorder), recorder  # type: ignore[arg-type]


def test_what_comes_together_is_one_message():
    async def main():
        one, recorder = teller()
        events = [Started(2), NodeStarted(A), NodeFinished(A, 0.1), NodeStarted(B)]
        for event in events:
            one.sink(event)
        await asyncio.sleep(0)
        assert len([m for m in recorder.sent if isinstance(m, Told)]) == 1
        assert recorder.told() == events
        one.end()
        assert recorder.told() == events

    asyncio.run(main())


def test_progress_is_thinned_out_and_its_last_state_arrives(monkeypatch):
    monkeypatch.setattr(telling, "PROGRESS_EVERY", 3600.0)  # longer than any machine takes for what follows
    monkeypatch.setattr(telling, "ALWAYS_TOLD", 1)

    async def main():
        one, recorder = teller()
        one.sink(NodeStarted(A))
        for step in range(1, 1001):
            one.sink(Progress(A, step, 1000))
        one.sink(NodeFinished(A, 1.0))
        one.end()
        assert recorder.told() == [
            NodeStarted(A),
            Progress(A, 1, 1000),
            Progress(A, 1000, 1000),
            NodeFinished(A, 1.0),
        ]

    asyncio.run(main())


def test_every_step_of_a_sampler_is_told():
    async def main():
        one, recorder = teller()
        steps = [Progress(A, step, 30) for step in range(1, 31)]
        for step in steps:
            one.sink(step)
        one.end()
        assert recorder.told() == steps

    asyncio.run(main())


def test_progress_that_was_held_back_comes_by_itself(monkeypatch):
    monkeypatch.setattr(telling, "PROGRESS_EVERY", 1.0)
    monkeypatch.setattr(telling, "ALWAYS_TOLD", 1)

    async def main():
        one, recorder = teller()
        one.sink(Progress(A, 1, 9))
        one.sink(Progress(A, 2, 9))
        one.sink(Progress(B, 1, 5))
        one.sink(Progress(A, 3, 9))
        while Progress(A, 3, 9) not in recorder.told():
            await asyncio.sleep(0.02)
        assert recorder.told() == [Progress(A, 1, 9), Progress(B, 1, 5), Progress(A, 3, 9)]
        one.end()
        assert len(recorder.told()) == 3

    asyncio.run(main())


def test_a_node_that_runs_again_is_told_anew():
    async def main():
        one, recorder = teller()
        for _ in range(2):
            one.sink(NodeStarted(A))
            one.sink(Progress(A, 1, 1))
            one.sink(NodeFinished(A, 0.0))
        one.end()
        assert len(recorder.told()) == 6

    asyncio.run(main())


def test_a_full_picture_keeps_its_place():
    async def main():
        one, recorder = teller()
        one.sink(NodeStarted(A))
        one.sink(Progress(A, 1, 2))
        one.sink(Preview(A, "glimpse"))
        one.sink(Preview(A, "full"))
        one.sink(NodeFinished(A, 0.1))
        one.end()
        kinds = [type(m).__name__ if isinstance(m, Told) else m for m in recorder.sent]
        assert kinds == [("preview", "a"), "Told", ("full", "a"), ("forget", "a"), "Told"]
        assert recorder.told() == [NodeStarted(A), Progress(A, 1, 2), NodeFinished(A, 0.1)]

    asyncio.run(main())


def test_previews_are_left_out_rather_than_waited_for(tmp_path):
    """200 steps without a pause against an encoder that takes 20 ms a picture."""

    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("Steps", count=200, seconds=0.002, previews=True))
            pictures = b.watch.pictures(job.id)
            assert job.outcome.seconds < 200 * 0.02
            assert 1 <= len(pictures) < 150
            numbers = [int(picture.payload) for picture in pictures]
            assert numbers == sorted(set(numbers))
            assert {(p.kind, p.media_type, p.node.id) for p in pictures} == {("preview", "image/jpeg", "1")}

    asyncio.run(main())


def test_full_pictures_all_come_between_a_nodes_beginning_and_its_end(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            prompt = chain(("Text", {"text": "a"}), ("Steps", {"text": "<", "count": 30, "previews": True}))
            prompt["2"]["inputs"]["full"] = True
            job = await b.run(prompt)
            news = [
                n
                for n in b.watch.news
                if isinstance(n, (JobTold, JobPicture)) and not _progress(n) and n.job.id == job.id
            ]
            names = [type(getattr(n, "event", n)).__name__ for n in news if getattr(n, "event", n) is not None]
            first = names.index("JobPicture")
            assert names[first:] == ["JobPicture"] * 30 + ["UiOutput", "NodeFinished"]
            assert names[first - 1] == "NodeStarted"
            pictures = b.watch.pictures(job.id)
            assert [p.payload for p in pictures] == [str(i).encode() for i in range(30)]
            assert {(p.kind, p.media_type) for p in pictures} == {("image", "image/png")}

    asyncio.run(main())


def _progress(news):
    return isinstance(getattr(news, "event", None), Progress)


def test_a_picture_that_cannot_be_made_harms_nothing(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("ShowBad"), targets=["1"])
            assert job.status == "success"
            assert not b.watch.pictures(job.id)
            assert "cannot be shown (ValueError: it has no pixels)" in b.log()
            job = await b.run(one("Steps", count=3, seconds=0.05, previews=True))
            assert b.watch.pictures(job.id)

    asyncio.run(main())


def test_nothing_is_told_of_a_job_after_its_end(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            for index in range(20):  # a result that is known tells nothing
                await b.run(one("Steps", count=3 + index, previews=True))
            await b.run(one("Seeded"))
            seen = set()
            for news in b.watch.news:
                if type(news).__name__ == "JobEnded":
                    seen.add(news.job.id)
                elif isinstance(news, (JobTold, JobPicture)):
                    assert news.job.id not in seen

    asyncio.run(main())
