"""A pretended CUDA device, which shows on a CPU where tensors of two devices would meet.

Every tensor lies in main memory in truth. Which of them lie "on the device" is kept by their storage: what is sent
there, and all that is computed from it. Inside `pretending()` an operation with tensors of both kinds fails as it fails
on a graphics card; single numbers may come from main memory, as torch allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from models.memory import DeviceMemory, Dtypes, MemoryReport

DEVICE = torch.device("cuda", 0)
CPU = torch.device("cpu")
MOVES = {Tensor.to, Tensor.cpu, Tensor.cuda, Tensor.copy_, Tensor.type_as, Tensor.data.__set__, Tensor.set_}


class OtherDeviceError(RuntimeError):
    """Tensors of two devices met."""


class _Pretence(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.there: dict[int, Any] = {}  # address -> storage, kept alive so that no other takes the address

    def on_device(self, tensor: Tensor) -> bool:
        with torch._C.DisableTorchFunctionSubclass():
            return tensor.untyped_storage()._cdata in self.there if tensor.numel() else False

    def mark(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        self.there[storage._cdata] = storage

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        if func == Tensor.device.__get__:
            return DEVICE if self.on_device(args[0]) else func(*args)
        if func in (Tensor.to, Tensor.cpu, Tensor.cuda):
            return self._moved(func, args, kwargs)
        there = [one for one in given if self.on_device(one)]
        wanted = kwargs.pop("device", None)
        if func in (Tensor.numpy, Tensor.__array__) and there:
            raise OtherDeviceError("numpy reads main memory alone")
        if there and func not in MOVES:
            here = [one for one in given if one.ndim and one.numel() and not self.on_device(one)]
            if here and not self._indexing(func, args):
                shapes = [tuple(one.shape) for one in here]
                raise OtherDeviceError(f"{getattr(func, '__name__', func)}: {shapes} lie in main memory")
        if func == Tensor.copy_:
            return func(*args, **kwargs)  # lies where it lay
        result = func(*args, **kwargs)
        target = torch.device(wanted) if wanted is not None else None
        if (target.type == "cuda") if target is not None else bool(there):
            for one in tree_leaves(result):
                if isinstance(one, Tensor) and one.device.type == "cpu":
                    self.mark(one)
        return result

    @staticmethod
    def _indexing(func: Any, args: Any) -> bool:
        """Whether it is one of the few places where torch takes tensors (indices) of another device."""
        return func in (Tensor.__getitem__, torch.Tensor.__setitem__) and len(args) > 1

    def _moved(self, func: Any, args: Any, kwargs: Any) -> Any:
        source, rest = args[0], list(args[1:])
        target = DEVICE if self.on_device(source) else CPU
        if func == Tensor.cpu:
            target = CPU
        elif func == Tensor.cuda:
            target, rest = DEVICE, []
        for number, one in enumerate(rest):
            if isinstance(one, Tensor):
                target = DEVICE if self.on_device(one) else CPU
            elif isinstance(one, str | torch.device):
                target, rest[number] = torch.device(one), CPU
        if kwargs.get("device", 0) is None:
            del kwargs["device"]
        if "device" in kwargs:
            target = torch.device(kwargs.pop("device"))
        if isinstance(other := kwargs.get("other"), Tensor):
            target = DEVICE if self.on_device(other) else CPU
        stays = (target.type == "cuda") == self.on_device(source)
        moved = source if func in (Tensor.cpu, Tensor.cuda) else Tensor.to(source, *rest, **kwargs)
        if stays:
            if target.type == "cuda":
                self.mark(moved)
            return moved
        if moved.untyped_storage()._cdata == source.untyped_storage()._cdata:
            moved = moved.clone()
        if target.type == "cuda":
            self.mark(moved)
        return moved


class PretendMemory(DeviceMemory):
    """The memory of the pretended device, with the formats of a real one."""

    def report(self) -> MemoryReport:
        return MemoryReport(1 << 40, 1 << 40, 0)

    def free(self) -> int:
        idle = [key for key, guest in self._guests.items() if not guest.users]
        return sum(self._evict(key) for key in idle)


def pretend_memory(dtypes: Dtypes) -> PretendMemory:
    """Memory to load models into."""
    return PretendMemory(DEVICE, dtypes)


@contextmanager
def pretending() -> Iterator[_Pretence]:
    """Nodes are run so: in inference mode, on a device of its own."""
    with torch.inference_mode(), _Pretence() as mode:
        yield mode
