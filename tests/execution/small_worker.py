"""A worker without torch: `python -m tests.execution.small_worker [how]`. Its nodes do what the tests need."""

import asyncio
import contextlib
import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from execution.engine import Engine
from execution.errors import Cancelled
from execution.fields import Files
from execution.legacy import class_node
from execution.node import Blocked, Context, NodeInputError, Subgraph, Ui, declared_node, node
from execution.registry import Registry
from execution.schema_data import catalogue_to_data
from execution.workers.flows import NotThereError
from execution.workers.loop import WorkerParts, serve_pipe
from execution.workers.messages import Broadcast, Free, Pack, Ready, Starting
from execution.workers.pipes import Pipe, claim_pipes, end_with_parent


class Shown:
    """What these nodes give as a preview: a text; `full` ones must arrive."""

    def __init__(self, text: str, full: bool = False) -> None:
        self.text, self.full = text, full


class Hostile(dict):
    """What cannot be looked at."""

    def items(self):
        raise RuntimeError("dictionary changed size during iteration")


class SlowEncoder:
    """Takes a while for each picture."""

    def is_full(self, image: object) -> bool:
        return isinstance(image, Shown) and image.full

    def encode(self, image: object) -> tuple[str, bytes] | None:
        assert isinstance(image, Shown)
        if image.text == "bad":
            raise ValueError("it has no pixels")
        time.sleep(0.02)
        return "image/png" if image.full else "image/jpeg", image.text.encode()


class SmallInspector:
    """Looks at texts and numbers."""

    def describe(self, items: list[Any], type: str) -> dict[str, Any]:
        return {"items": [{"kind": "text", "text": str(item)} for item in items], "items_left_out": 0}

    def difference(self, items: list[Any], others: list[Any], type: str) -> dict[str, Any] | None:
        return {"max_abs": abs(items[0] - others[0])} if isinstance(items[0], int) else None

    def picture(self, items: list[Any], type: str, item: int, batch: int, size: int) -> tuple[dict[str, str], bytes]:
        if item >= len(items):
            raise NotThereError(404, f"There is no item {item}.")
        return {"X-Weft-Picture": f"{type} {batch} {size}"}, str(items[item]).encode()

    def difference_picture(
        self, items: list[Any], others: list[Any], type: str, item: int, batch: int, size: int
    ) -> tuple[dict[str, str], bytes]:
        return {"X-Weft-Picture": "difference"}, f"{items[item]} - {others[item]}".encode()


@node("Text", category="test")
def text(text: str = "") -> str:
    return text


@node("Join", category="test")
def join(a: str, b: str = "") -> str:
    return a + b


@node("Show", category="test", output=True)
def show(text: str) -> Ui:
    return Ui({"text": [text]})


@node("Seeded", category="test", output=True)
def seeded(seed: int = 0) -> Ui:
    return Ui({"text": [str(seed)]})


@node("Twice", category="test")
def twice(ctx: Context, text: str) -> str | Subgraph:
    plan = Subgraph()
    return plan.returning(plan.add("Join", a=text, b=text).out())


@node("Number", category="test")
def number(value: int = 7) -> int:
    return value


@node("Model", category="test", output=True)
def model(name: Annotated[str, Files("checkpoints")], ctx: Context) -> Ui:
    return Ui({"text": [name, str(os.getpid())]})


@node("Act", category="test", output=True, not_idempotent=True)
def act(ctx: Context, what: str, text: str = "", again: str = "") -> Ui:
    """Do something drastic; with `again`, a file's name, only if the file is not there yet."""
    if again:
        if Path(again).exists():
            return Ui({"text": [text, "survived"]})
        Path(again).touch()
        ctx.progress(0, 1)  # tests that end the process wait for this
    if what == "segfault":
        ctypes.string_at(0)
    elif what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "exit":
        sys.exit(3)
    elif what == "_exit":
        os._exit(7)
    elif what in ("no room", "late no room"):
        if what == "late no room":
            _wait_until_cancelled(ctx)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    elif what == "raise":
        raise RuntimeError("boom")
    elif what == "odd":
        raise ValueError("\udcff")
    elif what == "stuck":
        time.sleep(3600)
    elif what == "native":  # holds the interpreter's lock, so that no other thread runs
        time.sleep(0.2)  # so that it is told before that the node began
        ctypes.PyDLL(None).sleep(3600)
    elif what == "print":
        print("x" * 3_000_000)
        os.write(1, b"\0\0\0\1\0\0\0\0[bytes that look like a message]\n")
        os.system("echo from a shell")
    elif what == "allocate":
        bytearray(2**62)
    elif what == "hostile":
        return Ui({"text": [Hostile(a=1)]})
    elif what == "spawn":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        return Ui({"text": [str(child.pid)]})
    elif what == "large":
        return Ui({"text": ["y" * 3_000_000]})
    elif what == "strange":
        return Ui({"text": [float("nan"), object, "\udcff", {1: {2, 3}}, 10**6000, 2**64]})
    return Ui({"text": [text]})


def _wait_until_cancelled(ctx: Context) -> None:
    with contextlib.suppress(Cancelled):
        while True:
            ctx.check_cancelled()
            time.sleep(0.01)


@node("Steps", category="test", output=True, not_idempotent=True)
def steps(
    ctx: Context, count: int = 10, seconds: float = 0.0, previews: bool = False, full: bool = False, text: str = ""
) -> Ui:
    for index in range(count):
        if previews:
            ctx.preview(Shown(f"{index}", full))
        ctx.progress(index + 1, count)
        time.sleep(seconds)
    return Ui({"text": [f"done{text}"]})


@node("Refuse", category="test", output=True)
def refuse(text: str) -> Ui:
    raise NodeInputError("text", f"{text} cannot be taken.")


@node("ShowBad", category="test", output=True)
def show_bad(ctx: Context) -> Ui:
    ctx.preview(Shown("bad", full=True))
    return Ui({"text": []})


@node("Wait", category="test", output=True, not_idempotent=True)
async def wait(seconds: float = 0.0, text: str = "") -> Ui:
    await asyncio.sleep(seconds)
    return Ui({"text": [text]})


@node("AsyncExit", category="test", output=True, not_idempotent=True)
async def async_exit() -> Ui:
    sys.exit("a node has had enough")


@node("Block", category="test")
def block(message: str) -> str:
    return Blocked(message)  # type: ignore[return-value]


class Picky:
    """Judges its own input, after a while."""

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"word": ("STRING", {"default": "good"})}}

    RETURN_TYPES = ()
    FUNCTION = "go"
    OUTPUT_NODE = True

    @classmethod
    def VALIDATE_INPUTS(cls, word: str) -> bool | str:
        if word == "crash":
            raise RuntimeError("no idea")
        return True if word == "good" else f"{word} is not good"

    def go(self, word: str) -> dict[str, Any]:
        return {"ui": {"text": [word]}}


class _Anything(str):
    def __ne__(self, other: object) -> bool:
        return False


class TakesAll:
    """A socket that takes anything, as node packs make them; and a bound that JSON lacks."""

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        number = ("FLOAT", {"default": 0.5, "max": float("inf")})
        return {"required": {"value": (_Anything("*"),)}, "optional": {"number": number}}

    RETURN_TYPES = (_Anything("ANY"),)
    FUNCTION = "go"
    OUTPUT_NODE = True

    def go(self, value: Any, number: float = 0.5) -> dict[str, Any]:
        return {"ui": {"text": [str(value)]}, "result": (value,)}


FUNCTIONS = (
    text, join, twice, show, refuse, seeded, number, model, act, steps, show_bad, wait, async_exit, block,
)  # fmt: skip


class SomeFiles:
    """Digests of files that need not be there."""

    def digest(self, folder: str, name: str) -> str:
        if name == "gone":
            raise FileNotFoundError(2, "No such file")
        return f"digest of {folder}/{name}"


def build(send: Any) -> WorkerParts:
    how = sys.argv[1] if len(sys.argv) > 1 else ""
    send(Starting("loading nothing"))
    if how == "broken":
        raise ModuleNotFoundError("No module named 'torch'")
    if how == "vanish":
        os._exit(9)
    nodes = [declared_node(function) for function in FUNCTIONS]
    registry = Registry([*filter(None, nodes), class_node("Picky", Picky), class_node("TakesAll", TakesAll)])
    engine = Engine(registry, files=SomeFiles())
    asked = [0]

    def ready() -> Ready:
        packs = (Pack("small", "/packs/small", ("Text",)),)
        return Ready(catalogue_to_data(registry.catalogue()), packs, {"name": f"small {how}"}, {"python": "3"})

    def free(asked: Free) -> None:
        if asked.free_memory:
            engine.cache.clear()
        send(Broadcast("freed", [asked.unload_models, asked.free_memory]))

    def stats() -> dict[str, Any]:
        asked[0] += 1
        return {"name": f"small {how}", "asked": asked[0]}

    return WorkerParts(engine, ready, free, stats, encoder=SlowEncoder(), inspector=SmallInspector())


if __name__ == "__main__":
    import faulthandler

    end_with_parent()
    reading, writing = claim_pipes()
    faulthandler.enable(all_threads=False)
    serve_pipe(Pipe(reading, writing), build)
