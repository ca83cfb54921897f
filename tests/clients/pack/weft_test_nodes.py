"""A node pack as people write them, for tests of the server from outside: nodes that fail, wait, or end the worker."""

import json
import os
import signal
import time
from pathlib import Path

from comfy.utils import ProgressBar
from server import PromptServer


class TestFails:
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "run"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "message": ("STRING", {"default": "on purpose"})}}

    def run(self, image, message):
        raise ValueError(message)


class TestWaits:
    """Waits in small steps, each a step of progress; hands its picture on."""

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "run"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "image": ("IMAGE",),
                "steps": ("INT", {"default": 10, "min": 1, "max": 100000}),
                "step_seconds": ("FLOAT", {"default": 0.05, "min": 0.0, "max": 10.0, "step": 0.001}),
                "salt": ("INT", {"default": 0, "min": 0, "max": 2**31}),
            }
        }

    def run(self, image, steps, step_seconds, salt):
        bar = ProgressBar(steps)
        for _ in range(steps):
            time.sleep(step_seconds)
            bar.update(1)
        return (image,)


class TestEndsTheWorker:
    """Kills its process, as a crash in a library does, unless the file `unless_exists` is there; writes it first."""

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "run"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "unless_exists": ("STRING", {"default": ""})}}

    def run(self, image, unless_exists):
        if not unless_exists or not Path(unless_exists).exists():
            if unless_exists:
                Path(unless_exists).touch()
            time.sleep(0.2)  # a crash some way into the work: that this node runs has been told by then
            os.kill(os.getpid(), signal.SIGKILL)
        return (image,)


class TestBroadcasts:
    """Sends messages to websockets by their clientId, as packs do; a list of no receivers stands for everybody."""

    RETURN_TYPES = ()
    FUNCTION = "run"
    CATEGORY = "tests"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "receivers": ("STRING", {"default": "[]"}),
                "megabytes": ("FLOAT", {"default": 1.0, "min": 0.0, "max": 1000.0, "step": 0.001}),
                "salt": ("INT", {"default": 0}),
            }
        }

    def run(self, receivers, megabytes, salt):
        text = "x" * 2**16
        for number in range(int(megabytes * 16)):
            for receiver in json.loads(receivers) or [None]:
                message = {"number": number, "sent": time.time(), "text": text}
                PromptServer.instance.send_sync("weft.test", message, receiver)
        return ()


NODE_CLASS_MAPPINGS = {
    "TestBroadcasts": TestBroadcasts,
    "TestFails": TestFails,
    "TestWaits": TestWaits,
    "TestEndsTheWorker": TestEndsTheWorker,
}
