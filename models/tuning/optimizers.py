"""AdamW (Loshchilov & Hutter, arXiv 1711.05101), also with eight-bit moments where bitsandbytes is installed."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from models.tuning.errors import TuningError
from models.tuning.settings import TrainSettings


class Group(dict[str, Any]):
    """Parameters that share a rate, as torch's optimizers take them; `full_rate` is the rate at its highest."""


def make_optimizer(settings: TrainSettings, own: Sequence[nn.Parameter], text: Sequence[nn.Parameter]) -> Any:
    """The optimizer of the network's parameters, and of the text encoders' at their own rate.

    Raises:
        TuningError: bitsandbytes is wanted and not installed.
    """
    rates = ((own, settings.rate), (text, settings.text_rate or settings.rate))
    groups = [Group(params=list(params), lr=rate, full_rate=rate) for params, rate in rates if params]
    kind: Any = torch.optim.AdamW if settings.optimizer == "adamw" else _eight_bit()
    return kind(groups, lr=settings.rate, weight_decay=settings.weight_decay)


def _eight_bit() -> Any:
    try:
        module: Any = importlib.import_module("bitsandbytes.optim")
    except (ImportError, OSError, RuntimeError) as error:
        raise TuningError(
            "train.optimizer is adamw8bit, which needs the package bitsandbytes and a CUDA device. Install it (pip "
            "install bitsandbytes), or set train.optimizer to adamw."
        ) from error
    return module.AdamW8bit


def set_rates(optimizer: Any, share: float) -> float:
    """Give each group its share of its full rate; returns the first group's."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * share
    return optimizer.param_groups[0]["lr"]
