"""A job that is killed and run again publishes each of its files once."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from execution.context import CancelToken, Context
from execution.errors import NodeRef
from folders.job_files import JobFiles
from nodes.background import Background
from nodes.image_files import save_image
from nodes.latent_files import save_latent
from nodes.numbering import FileNumbers
from nodes.publishing import remove_leftovers
from nodes.saving import SaveOptions

ROOT = Path(__file__).resolve().parents[2]


class Attempt:
    """One attempt of a job: calls of saving nodes with its journal."""

    def __init__(self, workspace, job="job", more=()):
        self.journal = JobFiles(workspace.user / "jobs").open(job)
        self.services = [workspace, FileNumbers(), self.journal, *more]

    def save(self, count=1, node="9", value=0.5, prefix="x"):
        ctx = Context(NodeRef(node, "SaveImage", node), services=self.services)
        images = torch.full((count, 8, 8, 3), value)
        saved = asyncio.run(save_image(images=images, filename_prefix=prefix, ctx=ctx))
        return [entry["filename"] for entry in saved.data["images"]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.journal.close()


def outputs(workspace):
    return sorted(path.name for path in (workspace.root / "output").iterdir())


def test_a_second_attempt_finds_the_files_of_the_first(workspace):
    with Attempt(workspace) as first:
        names = [*first.save(2), *first.save(1), *first.save(1, node="8")]
    with Attempt(workspace) as second:
        assert [*second.save(2), *second.save(1), *second.save(1, node="8")] == names
    assert outputs(workspace) == sorted(names)


def test_another_job_writes_files_of_its_own_though_they_are_equal(workspace):
    with Attempt(workspace) as first:
        first.save()
    with Attempt(workspace, "other") as second:
        assert second.save() == ["x_00002_.png"]


def test_a_file_that_never_came_is_written_and_the_rest_is_not(workspace):
    with Attempt(workspace) as first:
        first.save(3)
    (workspace.root / "output" / "x_00002_.png").unlink()
    with Attempt(workspace) as second:
        assert second.save(3) == ["x_00001_.png", "x_00004_.png", "x_00003_.png"]


def test_a_name_that_another_job_got_in_between_is_not_taken_for_ours(workspace):
    with Attempt(workspace) as first:
        first.save()
    content = (workspace.root / "output" / "x_00001_.png").read_bytes()
    (workspace.root / "output" / "x_00001_.png").unlink()  # as if we had died just before publishing it
    (workspace.root / "output" / "x_00001_.png").write_bytes(content)
    with Attempt(workspace) as second:
        assert second.save() == ["x_00002_.png"]


def test_a_name_taken_where_disks_have_no_links_is_given_back(workspace, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with Attempt(workspace) as first:
        first.save()
    path = workspace.root / "output" / "x_00001_.png"
    path.unlink()
    path.touch()  # died between taking the name and renaming
    with Attempt(workspace) as second:
        (name,) = second.save()
    assert outputs(workspace) == [name]
    assert path.parent.joinpath(name).stat().st_size


def test_latents_are_saved_once_too(workspace):
    def save(attempt):
        ctx = Context(NodeRef("5", "SaveLatent", "5"), services=attempt.services)
        return save_latent(samples={"samples": torch.zeros(1, 4, 2, 2)}, filename_prefix="l", ctx=ctx).data

    with Attempt(workspace) as first:
        saved = save(first)
    with Attempt(workspace) as second:
        assert save(second) == saved
    assert outputs(workspace) == ["l_00001_.latent"]


def test_a_journal_that_points_outside_finds_nothing(workspace):
    with Attempt(workspace) as first:
        first.save()
    (path,) = (workspace.user / "jobs").iterdir()
    secret = workspace.root / "x_00001_.png"
    (workspace.root / "output" / "x_00001_.png").rename(secret)
    path.write_bytes(path.read_bytes().replace(b'"subfolder": ""', b'"subfolder": ".."'))
    with Attempt(workspace) as second:
        assert second.save() == ["x_00001_.png"]
    assert outputs(workspace) == ["x_00001_.png"]


def test_a_tidied_up_file_is_written_again(workspace, monkeypatch):
    real, calls = os.link, []

    def link(whole, path):
        calls.append(path)
        if len(calls) == 1:
            whole.unlink()  # another process took it for a dead one's
        real(whole, path)

    monkeypatch.setattr(os, "link", link)
    with Attempt(workspace) as first:
        assert first.save() == ["x_00001_.png"]


def test_the_background_thread_writes_in_the_order_of_the_calls(workspace):
    background = Background()
    numbers = FileNumbers()

    async def main():
        calls = []
        for value in range(6):
            ctx = Context(NodeRef("9", "SaveImage", "9"), services=[workspace, background, numbers])
            images = torch.full((2, 8, 8, 3), value / 10)
            calls.append(asyncio.create_task(save_image(images=images, filename_prefix="x", ctx=ctx)))
        return [entry["filename"] for saved in await asyncio.gather(*calls) for entry in saved.data["images"]]

    names = asyncio.run(main())
    background.close()
    assert names == [f"x_{number:05}_.png" for number in range(1, 13)]
    with Image.open(workspace.root / "output" / "x_00012_.png") as last:
        assert last.getpixel((0, 0)) == (127, 127, 127)


def test_a_cancelled_run_writes_no_more_and_ends_after_what_it_was_writing(workspace):
    token = CancelToken()

    class Stopping(FileNumbers):
        def next(self, folder, name):
            if (folder / "x_00001_.png").exists():
                token.cancel()
            return super().next(folder, name)

    async def main(background):
        ctx = Context(NodeRef("9", "", "9"), services=[workspace, background, Stopping()], cancel=token)
        task = asyncio.create_task(save_image(images=torch.zeros(5, 8, 8, 3), filename_prefix="x", ctx=ctx))
        waiting = asyncio.create_task(save_image(images=torch.zeros(5, 8, 8, 3), filename_prefix="y", ctx=ctx))
        await asyncio.sleep(0)
        task.cancel()
        waiting.cancel()
        return await asyncio.gather(task, waiting, return_exceptions=True)

    background = Background()
    ended = asyncio.run(main(background))
    before = outputs(workspace)
    background.close()
    assert [type(one) for one in ended] == [asyncio.CancelledError] * 2
    assert outputs(workspace) == before  # nothing came after the job's end
    assert len(before) <= 2


def test_pictures_without_their_workflow(workspace):
    ctx = Context(services=[workspace, SaveOptions(metadata=False)])
    extra = {"workflow": {}}
    asyncio.run(save_image(images=torch.zeros(1, 8, 8, 3), prompt={"1": {}}, extra_pnginfo=extra, ctx=ctx))
    with Image.open(workspace.root / "output" / "ComfyUI_00001_.png") as picture:
        assert picture.text == {}


NURSERY = """
import json, os, random, signal, sys
from pathlib import Path
from folders.workspace import Workspace
from tests.nodes.test_saving_once import Attempt
import torch
torch.set_num_threads(1)
workspace = Workspace(Path(sys.argv[1]))
generator = random.Random(sys.argv[2])

def attempt(job, last=None):
    # in a process of its own, which kills itself at its call number `last`; how it ended, and its calls
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        calls = 0
        def count(frame, event, argument):
            nonlocal calls
            calls += 1
            if calls == last:
                os.kill(os.getpid(), signal.SIGKILL)
        with Attempt(workspace, job) as one:
            sys.setprofile(count)
            for node in range(4):
                one.save(3, node=str(node), value=node / 10)
            sys.setprofile(None)
        os.write(writing, str(calls).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        calls = told.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), int(calls or 0)

_, calls = attempt("first")
ended = []
for job in range(8):
    for _ in range(10):
        ended.append(attempt(f"job{job}", generator.randrange(1, calls))[0])
    ended.append(attempt(f"job{job}")[0])
print(json.dumps(ended))
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_kill_9_at_random_moments_leaves_no_duplicate_and_no_torn_file(workspace):
    """Eight jobs of twelve files, each killed up to ten times between any two calls, then run to its end."""
    command = [sys.executable, "-c", NURSERY, str(workspace.root), os.environ.get("WEFT_SEED", "7")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)
    assert set(ended) <= {0, -signal.SIGKILL}
    assert ended.count(-signal.SIGKILL) > 10
    names = [name for name in outputs(workspace) if not name.startswith(".")]
    assert len(names) == 9 * 12
    for name in names:
        with Image.open(workspace.root / "output" / name) as picture:
            picture.load()
    remove_leftovers(workspace.root / "output")
    assert outputs(workspace) == names


@pytest.mark.skipif(os.name != "posix", reason="only there the owner of a file can be asked for")
def test_leftovers_of_the_dead_go_and_of_the_living_stay(workspace):
    output = workspace.root / "output"
    (output / "sub").mkdir()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    dead = output / "sub" / f".weft-{ended.pid}-{'0' * 16}.tmp"
    ours = output / f".weft-{os.getpid()}-{'1' * 16}.tmp"
    old = output / f".weft-{os.getpid()}-{'2' * 16}.tmp"
    theirs = output / ".weft-notes.tmp"
    for path in (dead, ours, old, theirs):
        path.touch()
    os.utime(old, (1, 1))
    assert remove_leftovers(output) == 2
    assert [path.exists() for path in (dead, ours, old, theirs)] == [False, True, False, True]
