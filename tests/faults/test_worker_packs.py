"""Node packs in a real worker: their nodes run, their messages arrive, a broken one is reported and harms nothing."""

import asyncio
import json

from execution.graph import parse_prompt
from execution.workers.news import CatalogueChanged, PackMessage
from tests.faults.worker_bench import torch_bench

PACK = """
import json
import pathlib

from server import PromptServer

HERE = pathlib.Path(__file__).parent
print("hello from the pack")


class Listed:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"choice": (json.loads((HERE / "choices.json").read_text()),)}}

    RETURN_TYPES = ()
    FUNCTION = "go"
    OUTPUT_NODE = True

    def go(self, choice):
        PromptServer.instance.send_sync("pack.said", {"choice": choice}, PromptServer.instance.client_id)
        return {"ui": {"text": [choice]}}


class Judged(Listed):
    @classmethod
    def VALIDATE_INPUTS(cls, choice):
        return True if choice != "no" else "no means no"


NODE_CLASS_MAPPINGS = {"Listed": Listed, "Judged": Judged}
"""

GOOD = """
class A:
    INPUT_TYPES = classmethod(lambda cls: {})
    RETURN_TYPES = ()
    FUNCTION = "go"

    def go(self): ...


NODE_CLASS_MAPPINGS = {"A": A}
"""


def prompt(choice, kind="Listed"):
    return {"1": {"class_type": kind, "inputs": {"choice": choice}}}


def test_a_pack_and_a_broken_one(tmp_path):
    pack = tmp_path / "custom_nodes" / "lists"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text(PACK)
    (pack / "choices.json").write_text(json.dumps(["yes", "no"]))
    (tmp_path / "custom_nodes" / "broken.py").write_text("import nothing_of_this_name\n")

    async def main():
        async with torch_bench(tmp_path) as b:
            await b.ready()
            packs = {one.name: one for one in b.dispatcher.packs}
            assert packs["lists"].nodes == ["Listed", "Judged"]
            assert "nothing_of_this_name" in next(one.error for name, one in packs.items() if "broken" in name)
            assert "hello from the pack" in b.log()

            async def verdict(*given):
                return await b.dispatcher.validate(parse_prompt(prompt(*given)))

            assert (await verdict("yes")).ok
            assert "no means no" in (await verdict("no", "Judged")).sentences[0]
            assert not (await verdict("maybe")).ok
            (pack / "choices.json").write_text(json.dumps(["yes", "no", "maybe"]))
            changes = len(b.watch.of(CatalogueChanged))
            await b.dispatcher.refresh_catalogue(30)
            assert len(b.watch.of(CatalogueChanged)) == changes + 1
            assert (await verdict("maybe")).ok

            job = await b.run(prompt("maybe"), targets=["1"], extra={"client_id": "me"})
            assert job.outcome.outputs == {"1": {"text": ["maybe"]}}
            said = await b.watch.until(lambda: [n for n in b.watch.of(PackMessage) if n.event == "pack.said"])
            assert said[0].data == {"choice": "maybe"}

    asyncio.run(main())


def test_packs_that_end_the_worker_while_they_are_imported_are_left_out(tmp_path):
    packs = tmp_path / "custom_nodes"
    packs.mkdir()
    (packs / "a_exits.py").write_text("import os\nos._exit(3)\n")
    (packs / "b_crashes.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    (packs / "c_good.py").write_text(GOOD)

    async def main():
        async with torch_bench(tmp_path) as b:
            await b.ready()
            found = {one.name: one for one in b.dispatcher.packs}
            assert list(found["c_good"].nodes) == ["A"]
            for name, death in (("a_exits", "3"), ("b_crashes", "SIGSEGV")):
                assert found[name].error.startswith("Left out: while it was imported, the worker died")
                assert death in found[name].error
            assert b.dispatcher.workers[0].restarts == 2

    asyncio.run(main())


KILLED_ONCE = """
import os, pathlib, signal
mark = pathlib.Path(__file__).with_suffix(".mark")
if not mark.exists():
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_that_is_killed_while_it_imports_a_pack_is_not_the_packs_fault_the_first_time(tmp_path):
    packs = tmp_path / "custom_nodes"
    packs.mkdir()
    (packs / "a_unlucky.py").write_text(KILLED_ONCE + GOOD)
    (packs / "b_deadly.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")

    async def main():
        async with torch_bench(tmp_path) as b:
            await b.ready()
            found = {one.name: one for one in b.dispatcher.packs}
            assert list(found["a_unlucky"].nodes) == ["A"]
            assert "SIGKILL" in found["b_deadly"].error
            assert b.dispatcher.workers[0].restarts == 3

    asyncio.run(main())
