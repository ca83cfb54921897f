"""Who is on the device: one object that owns the accelerator's memory, its numbers' formats and what is resident.

Networks live in main memory (mostly as views of the mapped checkpoint). `DeviceMemory.resident` brings one to the
device for the length of a `with` block and leaves it there afterwards, until another needs the room. What leaves the
device is not copied back: a network's weights are never changed where they lie, so the copy is dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar
from weakref import ReferenceType, ref

import torch
from torch import Tensor, nn

from models.adapters.weight_patches import NO_PATCHES, Patches, patched_at_use
from models.interruption import Interruption

ModuleT = TypeVar("ModuleT", bound=nn.Module)
ResultT = TypeVar("ResultT")

RESERVE = 1 << 30  # bytes left free for activations when weights are brought to the device


class DeviceError(ValueError):
    """A device that this machine does not have; the message is a sentence."""


class Dtypes(NamedTuple):
    """The numbers' formats that weights are kept and computed in."""

    model: torch.dtype
    text: torch.dtype
    vae: torch.dtype


class MemoryReport(NamedTuple):
    """Bytes. Without an accelerator all are 0: the weights lie in main memory, where the system counts them."""

    total: int
    free: int  # of the device, for anybody
    resident: int  # taken by weights that `free` would give back


@dataclass
class _Guest:
    """A network on the device, and the tensors at home that its parameters and buffers go back to."""

    module: ReferenceType[nn.Module]
    home: list[tuple[Tensor, Tensor]]  # the module's own tensor, its data in main memory
    size: int
    users: int = 0  # nested `resident` blocks
    wears: Patches | None = NO_PATCHES  # what its weights on the device are changed by; None: unknown, see `changed`
    changed: set[str] = field(default_factory=set[str])  # parameters that are not on the device as they are at home


@dataclass
class DeviceMemory:
    """The device that networks run on. Used from one thread at a time.

    Make it by `DeviceMemory.choose("auto" | "cpu" | "cuda" | "cuda:1")`.
    """

    device: torch.device
    dtypes: Dtypes
    reserve: int = RESERVE
    interruption: Interruption = field(default_factory=Interruption, repr=False)
    _guests: OrderedDict[int, _Guest] = field(default_factory=OrderedDict, repr=False)  # least recently used first

    @classmethod
    def choose(cls, device: str = "auto", *, dtype: torch.dtype | None = None) -> DeviceMemory:
        """The memory of a device, with the formats that suit it.

        `dtype` overrides the format of the denoising network and the text encoders; the autoencoder keeps its own,
        because SDXL's overflows in float16.

        Raises:
            DeviceError: if the machine has no such device.
        """
        chosen = _device(device)
        formats = default_dtypes(chosen)
        if dtype is not None:
            formats = formats._replace(model=dtype, text=dtype)
        return cls(chosen, formats)

    @contextmanager
    def resident(self, module: ModuleT) -> Iterator[ModuleT]:
        """Have the module on the device inside the `with` block. Blocks may nest; what is in use is never evicted.

        Raises:
            torch.OutOfMemoryError: if it does not fit even with everything else evicted.
            Exception: what `interruption` raises to stop the work.
        """
        self.interruption.watch(module)
        if self.device.type == "cpu":
            yield module
            return
        guest = self._guests.get(id(module))
        if guest is None or guest.module() is not module:
            guest = self._bring(module)
        self._guests.move_to_end(id(module))
        guest.users += 1
        try:
            yield module
        finally:
            guest.users -= 1

    @contextmanager
    def computing(self, module: ModuleT, patches: Patches = NO_PATCHES) -> Iterator[ModuleT]:
        """Have the module on the device, with patched weights, for the length of one computation.

        On an accelerator the copy there is changed, once, and made anew from that at home when other patches or none
        are asked for. A CPU has no other copy: there each layer's changed weight is made when it is used and dropped
        again. Either way the weights at home are never written to.
        """
        with self.resident(module):
            guest = self._guests.get(id(module))
            if guest is not None and self._dress(guest, module, patches):
                yield module
                return
            if guest is not None:
                self._dress(guest, module, NO_PATCHES)
            with patched_at_use(module, patches):
                yield module

    def free(self) -> int:
        """Send home everything that is not in use; returns the bytes of weights given back."""
        idle = [key for key, guest in self._guests.items() if not guest.users]
        freed = sum(self._evict(key) for key in idle)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return freed

    def at_home(self, tensor: Tensor) -> Tensor:
        """A parameter's values in main memory, as they were loaded, wherever it lies now."""
        for guest in self._guests.values():
            for own, home in guest.home:
                if own is tensor:
                    return home
        return tensor.data

    def memory_parts(self) -> tuple[()]:
        """What a value that refers to this object owns of it, for caches that add up bytes: nothing."""
        return ()

    def report(self) -> MemoryReport:
        """How full the device is."""
        if self.device.type != "cuda":
            return MemoryReport(0, 0, 0)
        free, total = torch.cuda.mem_get_info(self.device)
        cached = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
        return MemoryReport(total, free + cached, sum(guest.size for guest in self._guests.values()))

    def retry_smaller(self, whole: Callable[[], ResultT], smaller: Callable[[], ResultT]) -> ResultT:
        """The result of `whole`; if the device is out of memory, of `smaller` after evicting what is idle."""
        try:
            return whole()
        except torch.OutOfMemoryError:
            pass  # the handler must end first: it keeps the failed call's tensors alive
        self.free()
        return smaller()

    def _bring(self, module: nn.Module) -> _Guest:
        tensors = [tensor for tensor in (*module.parameters(), *module.buffers()) if tensor.device != self.device]
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        self._make_room(size)
        guest = _Guest(ref(module, self._forget(id(module))), [], size)
        self._guests[id(module)] = guest
        try:
            for tensor in tensors:
                self.interruption()
                home = tensor.data
                tensor.data = self._copy(home)
                guest.home.append((tensor, home))
        except BaseException:  # half a network is no guest
            self._evict(id(module))
            raise
        return guest

    def _dress(self, guest: _Guest, module: nn.Module, patches: Patches) -> bool:
        """Have the weights on the device changed by `patches` alone; False if some of them have no home to return to.

        Stopped in the middle, it leaves the rest to the next call.
        """
        if guest.wears is patches:
            return True
        home = {id(tensor): data for tensor, data in guest.home}
        if any(id(module.get_parameter(name)) not in home for name in patches.changes):
            return False
        guest.wears = None
        for name in guest.changed | patches.changes.keys():
            self.interruption()
            guest.changed.add(name)
            parameter = module.get_parameter(name)
            data = self._copy(home[id(parameter)])
            if name in patches.changes:
                parameter.data = patches.of(name, data)
            else:
                parameter.data = data
                guest.changed.remove(name)
        guest.wears = patches
        return True

    def _copy(self, home: Tensor) -> Tensor:
        return home.to(self.device, non_blocking=True)

    def _make_room(self, size: int) -> None:
        for key in list(self._guests):
            if self.report().free >= size + self.reserve:
                return
            if not self._guests[key].users:
                self._evict(key)

    def _evict(self, key: int) -> int:
        guest = self._guests.pop(key)
        for tensor, home in guest.home:
            tensor.data = home
        return guest.size

    def _forget(self, key: int) -> Callable[[ReferenceType[nn.Module]], None]:
        """What to do when a module on the device is no longer used by anybody: let go of its tensors."""
        guests = self._guests

        def forget(gone: ReferenceType[nn.Module]) -> None:
            if key in guests and guests[key].module is gone:
                del guests[key]

        return forget


def default_dtypes(device: torch.device) -> Dtypes:
    """Formats that are both safe and fast on a device.

    float32 on a CPU. On CUDA float16, where the card has it, for networks made for it; the autoencoder of SDXL
    overflows in float16 and therefore runs in bfloat16, or float32 where there is none.
    """
    if device.type != "cuda":
        return Dtypes(torch.float32, torch.float32, torch.float32)
    major, _ = torch.cuda.get_device_capability(device)
    half = torch.float16 if major >= 6 else torch.float32
    return Dtypes(half, half, torch.bfloat16 if major >= 8 else torch.float32)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":")
    if name == "cpu":
        return torch.device("cpu")
    if kind != "cuda" or (index and not index.isascii()) or not (index or "0").isdigit():
        raise DeviceError(f"{name!r} is no device that Weft runs on. Choose auto, cpu, cuda or cuda:N.")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(index or 0) >= count:
        there = f"{count} CUDA device(s), numbered from 0" if count else "no CUDA device"
        raise DeviceError(f"This machine has {there}, so {name!r} cannot be used. Choose auto or cpu.")
    return torch.device("cuda", int(index or 0))
