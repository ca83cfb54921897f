"""How much memory a node takes: the device's, or on a CPU what the process grows by."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from execution.metering import Meter

if sys.platform == "linux":
    import resource

PROCESS = Path("/proc/self")
RESET = b"5"  # written to clear_refs: the process's highest memory so far counts anew (Linux, proc(5))
SHORT = 0.0002  # seconds; what ends sooner is not worth asking the device
KIBIBYTE = 1024
AGREE = 0.05  # by which two ways to ask for the same memory may differ


def meter_for(device: torch.device) -> Meter | None:
    """The meter of a worker's device; None where nobody can measure."""
    if device.type == "cuda":
        return CudaMeter(device)
    return ProcessMeter.where_possible()


class CudaMeter:
    """The most bytes of the device that torch had given out at a time, weights included."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def begin(self) -> None:
        torch.cuda.reset_peak_memory_stats(self._device)

    def peak(self, seconds: float) -> int | None:
        return torch.cuda.max_memory_allocated(self._device) if seconds >= SHORT else None


class ProcessMeter:
    """By how many bytes the process's memory grew at the most, as the kernel counts what is resident.

    What is read of mapped model files counts. What a node takes from memory that earlier ones gave back to the process,
    but not to the system, does not: of a node that takes no other, nothing is told.
    """

    def __init__(self, clear: int) -> None:
        """Use `where_possible`."""
        self._clear = clear
        self._before = 0

    @classmethod
    def where_possible(cls) -> ProcessMeter | None:
        """A meter; None where the kernel does not let the highest memory be counted anew."""
        if sys.platform != "linux":
            return None
        try:
            made = cls(os.open(PROCESS / "clear_refs", os.O_WRONLY | os.O_CLOEXEC))
        except OSError:
            return None
        try:
            made.begin()
            status = (PROCESS / "status").read_text(encoding="ascii")
        except (OSError, ValueError):
            status = ""
        resident = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
        if resident and abs(made._before // KIBIBYTE - resident) <= resident * AGREE:
            return made
        os.close(made._clear)
        return None

    def begin(self) -> None:
        os.pwrite(self._clear, RESET, 0)
        self._before = _highest()

    def peak(self, seconds: float) -> int | None:
        del seconds
        grown = _highest() - self._before
        return grown if grown > 0 else None


def _highest() -> int:
    """Bytes that were resident at a time; getrusage tells what /proc/self/status does, eight times as fast."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE
