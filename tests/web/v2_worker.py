"""A worker without torch whose nodes load and save pictures: `python -m tests.web.v2_worker WORKSPACE`."""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

from PIL import Image

from execution.engine import Engine
from execution.fields import Files, Socket
from execution.node import Blocked, Context, Ui, declared_node, node
from execution.registry import Registry
from execution.schema_data import catalogue_to_data
from execution.workers.loop import WorkerParts, serve_pipe
from execution.workers.messages import Free, Ready
from execution.workers.pipes import Pipe, claim_pipes
from folders.workspace import Workspace

Picture = Annotated[Image.Image, Socket("IMAGE")]
WORKSPACE = Workspace(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())


class Shown:
    """A preview: bytes that stand for a picture."""


class Encoder:
    def is_full(self, image: object) -> bool:
        return False

    def encode(self, image: object) -> tuple[str, bytes] | None:
        return "image/jpeg", b"\xff\xd8preview\xff\xd9"


@node("Colour", category="test")
def colour(seed: int = 0, size: int = 16) -> Picture:
    return Image.new("RGB", (size, size), (seed % 256, seed // 256 % 256, 77))


@node("LoadImage", category="test")
def load(image: Annotated[str, Files("input")]) -> Picture:
    with Image.open(WORKSPACE.own_file(image)) as picture:
        return picture.convert("RGB")


@node("Lora", category="test")
def lora(picture: Picture, name: Annotated[str, Files("loras")]) -> Picture:
    assert WORKSPACE.model("loras", name).is_file()
    return picture


@node("SaveImage", category="test", output=True)
def save(images: Picture, filename_prefix: str = "made") -> Ui:
    folder = WORKSPACE.folder("output") / "of tests"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{filename_prefix}_{len(list(folder.iterdir())) + 1:05}_.png"
    images.save(folder / name)
    return Ui({"images": [{"filename": name, "subfolder": "of tests", "type": "output"}], "animated": [False]})


@node("Say", category="test", output=True)
def say(text: str) -> Ui:
    return Ui({"text": [text]})


@node("Sampler", category="test", not_idempotent=True)
def sampler(ctx: Context, seed: int = 0, steps: int = 4, seconds: float = 0.0) -> Picture:
    for index in range(steps):
        ctx.preview(Shown())
        ctx.progress(index + 1, steps)
        time.sleep(seconds)
    return Image.new("RGB", (8, 8), (seed % 256, 0, 0))


@node("Fail", category="test")
def fail(message: str = "on purpose") -> Picture:
    raise ValueError(message)


@node("Block", category="test")
def block(message: str = "not today") -> Picture:
    return Blocked(message)  # type: ignore[return-value]


def build(send: Any) -> WorkerParts:
    functions = (colour, load, lora, save, say, sampler, fail, block)
    registry = Registry([found for function in functions if (found := declared_node(function)) is not None])
    engine = Engine(registry, files=WORKSPACE)
    ready = Ready(catalogue_to_data(registry.catalogue()), (), {"name": "v2"}, {"python": "3"})

    def free(asked: Free) -> None:
        engine.cache.clear()

    return WorkerParts(engine, lambda: ready, free, dict, encoder=Encoder())


if __name__ == "__main__":
    reading, writing = claim_pipes()
    serve_pipe(Pipe(reading, writing), build)
