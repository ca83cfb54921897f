"""The one place that chooses how attention is computed.

softmax(q k^T / sqrt(d)) v (Vaswani et al., arXiv 1706.03762), by xFormers on CUDA where it is installed, else by
torch's own kernels, else in slices of the queries when even those run out of device memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_HALF = (torch.float16, torch.bfloat16)
_XFORMERS_WIDEST = 128  # width of a head; wider ones have no fast kernel there
_SMALLEST_SLICE = 64  # queries; below this another cut saves nothing worth having


@cache
def _xformers_attention() -> Callable[..., Tensor] | None:
    """xFormers' kernel, or None where it cannot be imported. Asked for CUDA tensors only, so that a machine
    without CUDA neither imports it nor sees its warnings."""
    try:
        from xformers import ops  # pyright: ignore[reportMissingImports]
    except (ImportError, OSError, RuntimeError):  # absent, or built for another torch or driver
        return None
    kernel: Any = ops.memory_efficient_attention
    return kernel


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Multi-head attention without masks.

    q `[B, n, heads*d]`, k and v `[B, m, heads*d]`, all of one dtype and device; returns `[B, n, heads*d]`.
    """
    kernel = _xformers_attention() if q.is_cuda and q.dtype in _HALF else None
    if kernel is not None and q.shape[-1] // heads <= _XFORMERS_WIDEST:
        q, k, v = (tensor.unflatten(-1, (heads, -1)) for tensor in (q, k, v))  # [B, n, heads, d]
        return kernel(q, k, v).flatten(2)
    q, k, v = (tensor.unflatten(-1, (heads, -1)).transpose(1, 2) for tensor in (q, k, v))  # [B, heads, n, d]
    try:
        out = F.scaled_dot_product_attention(q, k, v)
    except torch.OutOfMemoryError:
        out = sliced_attention(q, k, v, q.shape[2] // 2)
    return out.transpose(1, 2).flatten(2)


def sliced_attention(q: Tensor, k: Tensor, v: Tensor, slice_size: int) -> Tensor:
    """Exact attention over `slice_size` queries at a time, halving the slices until they fit.

    q `[B, heads, n, d]`, k and v `[B, heads, m, d]`; returns `[B, heads, n, d]`. Raises torch.OutOfMemoryError when
    the smallest slice does not fit either.
    """
    while True:
        try:
            return torch.cat([F.scaled_dot_product_attention(part, k, v) for part in q.split(slice_size, 2)], 2)
        except torch.OutOfMemoryError:
            if slice_size <= _SMALLEST_SLICE:
                raise
            slice_size //= 2


def attention_received(q: Tensor, k: Tensor, heads: int) -> Tensor:
    """How much attention each key gets from all queries together, the mean of all heads: 1 where all get the same.

    q `[B, n, heads*d]`, k `[B, m, heads*d]`; returns `[B, m]`, which sums to n. One head's matrix of weights is held
    at a time.
    """
    total = q.new_zeros(k.shape[:2])
    split = (tensor.unflatten(-1, (heads, -1)).unbind(2) for tensor in (q, k))
    for query, key in zip(*split, strict=True):  # [B, n, d]
        scores = query @ key.mT * query.shape[-1] ** -0.5
        total += scores.softmax(dim=-1).sum(dim=1)
    return total / heads
