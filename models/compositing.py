"""Putting pictures, masks and latents over one another, and shaping masks."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def fit_batch(x: torch.Tensor, count: int) -> torch.Tensor:
    """`x` [B, ...] with `count` entries: cut, or repeated from its start."""
    if x.shape[0] < count:
        x = x.repeat(-(-count // x.shape[0]), *[1] * (x.ndim - 1))
    return x[:count]


def as_mask(mask: torch.Tensor, size: tuple[int, int] | None = None) -> torch.Tensor:
    """A mask of any rank [..., H, W] as [B, 1, H, W], resized to `size` (height, width) if given."""
    mask = mask.reshape(-1, 1, *mask.shape[-2:])
    return mask if size is None or mask.shape[-2:] == size else F.interpolate(mask, size=size, mode="bilinear")


def composite(
    destination: torch.Tensor,
    source: torch.Tensor,
    x: int,
    y: int,
    mask: torch.Tensor | None = None,
    *,
    unit: int = 1,
    resize_source: bool = False,
) -> torch.Tensor:
    """`destination` with `source` (both [B, C, H, W]) laid over it where `mask` is 1.

    `x`, `y` is where the source's corner goes, in pixels of `unit` to an entry (8 for latents); it may lie outside
    and what sticks out is cut. `mask` [..., H, W] is stretched over the source; without it all of the source counts.
    """
    result = destination.clone()
    source = source.to(result)
    height, width = result.shape[-2:]
    if resize_source:
        source = F.interpolate(source, size=(height, width), mode="bilinear")
    source = fit_batch(source, result.shape[0])
    own_height, own_width = source.shape[-2:]
    left = max(-own_width * unit, min(x, width * unit)) // unit
    top = max(-own_height * unit, min(y, height * unit)) // unit
    rows = slice(max(top, 0), max(0, min(top + own_height, height)))
    columns = slice(max(left, 0), max(0, min(left + own_width, width)))
    patch = source[..., rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if mask is None:
        result[..., rows, columns] = patch
        return result
    weights = fit_batch(as_mask(mask.to(result), (own_height, own_width)), result.shape[0])
    weights = weights[..., rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    result[..., rows, columns] = weights * patch + (1 - weights) * result[..., rows, columns]
    return result


def paste_feathered(destination: torch.Tensor, source: torch.Tensor, x: int, y: int, feather: int) -> torch.Tensor:
    """`destination` [B, C, H, W] with `source` at (x, y), blended in over `feather` entries from each side.

    A side that lies on the destination's own edge is not blended. All lengths are entries of the tensors.
    """
    height, width = destination.shape[-2:]
    patch = fit_batch(source[..., : max(0, height - y), : max(0, width - x)].to(destination), destination.shape[0])
    rows, columns = patch.shape[-2:]
    result = destination.clone()
    if not feather:
        result[..., y : y + rows, x : x + columns] = patch
        return result
    down = ramp(rows, feather if y else 0, feather if y + rows < height else 0)
    across = ramp(columns, feather if x else 0, feather if x + columns < width else 0)
    weights = (down[:, None] * across).to(destination)
    under = result[..., y : y + rows, x : x + columns]
    result[..., y : y + rows, x : x + columns] = patch * weights + under * (1 - weights)
    return result


def ramp(length: int, start: int, end: int) -> torch.Tensor:
    """Weights [length] that rise as 1/start, 2/start ... 1 from the start, and so to the end; 0 means no rise."""
    weights = torch.ones(length)
    numbers = torch.arange(1, length + 1, dtype=torch.float32)
    if start:
        weights *= (numbers / start).clamp(max=1)
    if end:
        weights *= (numbers.flip(0) / end).clamp(max=1)
    return weights


def grow(mask: torch.Tensor, amount: int, *, tapered: bool = True) -> torch.Tensor:
    """`mask` [B, H, W] with its bright parts grown by `amount` entries, or shrunk by a negative one.

    `tapered` grows in the four directions of the axes, so corners come out as slopes; otherwise in all eight.
    Grey dilation and erosion (Serra 1982); what lies beyond the border does not count.
    """
    if amount < 0:
        return -grow(-mask, -amount, tapered=tapered)
    steps = min(amount, mask.shape[-1] + mask.shape[-2])  # after so many nothing is left to change
    grown = mask[:, None]
    for _ in range(steps):
        across = F.max_pool2d(grown, (1, 3), stride=1, padding=(0, 1))
        if tapered:
            grown = torch.maximum(across, F.max_pool2d(grown, (3, 1), stride=1, padding=(1, 0)))
        else:
            grown = F.max_pool2d(across, (3, 1), stride=1, padding=(1, 0))
    return grown[:, 0]


def grow_by_box(mask: torch.Tensor, size: int) -> torch.Tensor:
    """`mask` [B, 1, H, W], rounded to 0 and 1, with every 1 grown to a box of `size` x `size`; 0 leaves it alone.

    A box with an even side cannot have its middle on an entry: it reaches one further down and to the right.
    """
    if size == 0:
        return mask
    before = size // 2
    padded = F.pad(mask.round(), (before, before, before, before))
    height, width = mask.shape[-2:]
    return F.max_pool2d(padded, size, stride=1)[..., :height, :width]
