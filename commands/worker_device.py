"""A worker's device as `/system_stats` lists it."""

from __future__ import annotations

from typing import Any

import torch

from models.memory import DeviceMemory
from packs.ram import main_memory


def describe(memory: DeviceMemory) -> dict[str, Any]:
    """Name, kind and bytes; a CPU's memory is the machine's."""
    device = memory.device
    if device.type != "cuda":
        total, free = main_memory()
        return _described(str(device), device.type, None, total, free, total, free)
    free, total = torch.cuda.mem_get_info(device)
    held = torch.cuda.memory_reserved(device)
    idle = held - torch.cuda.memory_allocated(device)
    name = f"{device} {torch.cuda.get_device_name(device)} : {torch.cuda.get_allocator_backend()}"
    return _described(name, "cuda", device.index, total, free + idle, held, idle)


def _described(
    name: str, kind: str, index: int | None, total: int, free: int, torch_total: int, torch_free: int
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "index": index,
        "vram_total": total,
        "vram_free": free,
        "torch_vram_total": torch_total,
        "torch_vram_free": torch_free,
    }
