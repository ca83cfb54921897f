"""A network compiled by torch for one handle; the network itself, which other handles share, stays as it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

Backend = Literal["inductor", "cudagraphs"]

LOG = logging.getLogger(__name__)


def why_not_compile(backend: Backend, device: torch.device) -> str | None:
    """Return why torch cannot compile for a device, in a sentence for people, or None: a small program was compiled.

    What compiling needs besides torch (a C++ compiler, Triton) shows only when it is used.
    """
    if backend == "cudagraphs" and device.type != "cuda":
        return f"The backend cudagraphs works on CUDA devices alone, and this one is {device.type}."
    try:
        torch.compile(_small_program, backend=backend)(torch.ones(2, device=device))
    except Exception as error:  # noqa: BLE001  # whatever the missing part makes the compiler raise
        return f"torch cannot compile here: {str(error).strip().partition(chr(10))[0][:200]}"
    return None


def _small_program(x: Tensor) -> Tensor:
    return x * 2 + 1


class CompiledNetwork:
    """A `NetworkCaller`: compiles a network when it is first called, and calls that in its place.

    Calls with patches inside the network, and networks whose weights are changed while they are used (LoRAs on a CPU,
    another format), run as they are: a program compiled for them would be compiled anew for every step. If compiling
    fails the network runs as it is from then on.
    """

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self._programs: WeakKeyDictionary[nn.Module, Callable[..., Tensor] | None] = WeakKeyDictionary()

    def __call__(self, network: nn.Module, run: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """See `NetworkCaller`."""

        def compiled(*inputs: Any, **named: Any) -> Tensor:
            program = None
            if run is network and "call" not in named and not _is_changed(network):
                program = self._program(network)
            if program is None:
                return run(*inputs, **named)
            try:
                return program(*inputs, **named)
            except torch.OutOfMemoryError:
                raise
            except torch._dynamo.exc.TorchDynamoException as error:  # pyright: ignore[reportAttributeAccessIssue]
                LOG.warning("Compiling failed, the network runs uncompiled: %s", str(error).partition("\n")[0])
                self._programs[network] = None
                return run(*inputs, **named)

        return compiled

    def _program(self, network: nn.Module) -> Callable[..., Tensor] | None:
        if network not in self._programs:
            self._programs[network] = torch.compile(network.forward, backend=self.backend)
        return self._programs[network]


def _is_changed(network: nn.Module) -> bool:
    """Whether a layer has a `forward` of its own, which it has only while its weights are changed at use."""
    return any("forward" in layer.__dict__ for layer in network.modules())
