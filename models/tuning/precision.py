"""The numbers' formats: what is learned is float32; the rest is computed in half the bits where that is wanted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Literal

import torch

Precision = Literal["auto", "fp32", "bf16", "fp16"]
FORMATS: dict[str, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def chosen_format(wanted: Precision, device: torch.device) -> torch.dtype:
    """The format of the computation; "auto": float32 on a CPU, on CUDA bfloat16 where the card has it, else float16."""
    if wanted != "auto":
        return FORMATS[wanted]
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float16


class MixedPrecision:
    """Autocast, and for float16 a scale that keeps small gradients from vanishing (arXiv 1710.03740)."""

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self._dtype, self._device = dtype, device
        self.scaler: Any = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)

    @property
    def skips_overflow(self) -> bool:
        """Whether a step whose gradients overflow is left out and the scale lowered: no fault of the training."""
        return self._dtype == torch.float16

    def computing(self) -> AbstractContextManager[Any]:
        """What a prediction is computed in."""
        return torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32)
