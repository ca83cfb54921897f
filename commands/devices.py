"""Which devices there are, asked without torch: the server's process never imports it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from commands.errors import UsageProblem

DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
NVIDIA_DEVICES = Path("/proc/driver/nvidia/gpus")  # Linux: a folder for each NVIDIA GPU


def choose_devices(wanted: str | None, cpu: bool) -> list[str]:
    """A device for each worker: what the user says, else every CUDA device, else one that torch chooses itself.

    Raises:
        UsageProblem: a name that is no device.
    """
    if wanted is not None:
        names = [name.strip() for name in wanted.split(",") if name.strip()]
        for name in names:
            if not DEVICE.fullmatch(name):
                raise UsageProblem(
                    f"--devices: {name!r} is no device. Write cuda:0,cuda:1 or cpu, with commas between."
                )
        if not names:
            raise UsageProblem("--devices names none. Write cuda:0,cuda:1 or cpu, with commas between.")
        return names
    if cpu:
        return ["cpu"]
    count = cuda_devices()
    return [f"cuda:{index}" for index in range(count)] if count > 1 else ["auto"]


def cuda_devices() -> int:
    """How many CUDA devices a process that starts now may use, as far as Linux's driver tells; 0 elsewhere."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = len(list(NVIDIA_DEVICES.iterdir())) if NVIDIA_DEVICES.is_dir() else 0
    return there if visible is None else min(there, len(_listed(visible)))


def _listed(visible: str) -> Sequence[str]:
    return [one for one in visible.split(",") if one.strip() not in ("", "-1")]
