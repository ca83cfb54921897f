"""Several processes of one thread each learn as one: every step each takes a part of the batch.

On a few shared cores this beats one process of several threads, which wait for each other after every layer: here
they wait once a step.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, multiprocessing


def size() -> int:
    """Processes of the crew that this process is in; 1 outside of any."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """This process's number in its crew, 0 for the leader."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def leaders_word(number: float) -> float:
    """The leader's `number`, in every process."""
    if size() == 1:
        return number
    word = torch.tensor([number], dtype=torch.float64)
    distributed.broadcast(word, src=0)
    return word.item()


def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace each gradient by its mean over the crew. Raises RuntimeError when a member died."""
    if size() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= size()
    for gradient, mean in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def _join(number: int, members: int, meeting: str) -> None:
    torch.set_num_threads(1)
    if sys.platform == "linux":  # elsewhere the loopback device has other names
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=number, world_size=members)


def _member(number: int, members: int, meeting: str, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    _join(number, members, meeting)
    work(*arguments)
    distributed.destroy_process_group()


@contextmanager
def crew(members: int, folder: Path, work: Callable[..., object], arguments: tuple[Any, ...]) -> Iterator[None]:
    """Within, `members - 1` other processes run `work(*arguments)` and this one must do the same as their leader."""
    if members == 1:
        yield
        return
    threads = torch.get_num_threads()
    meeting = (folder / "meeting").resolve()
    meeting.unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_member, args=(number, members, str(meeting), work, arguments), daemon=True)
        for number in range(1, members)
    ]
    for other in others:
        other.start()
    _join(0, members, str(meeting))
    try:
        yield
        for other in others:
            other.join()
    finally:
        distributed.destroy_process_group()
        torch.set_num_threads(threads)
        for other in others:
            other.terminate()
