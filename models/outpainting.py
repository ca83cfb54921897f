"""Room around a picture for what is yet to be drawn."""

from __future__ import annotations

import torch


def pad_for_outpaint(
    image: torch.Tensor, left: int, top: int, right: int, bottom: int, feathering: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """`image` [B, H, W, C] with mid-grey borders, and the mask [H', W'] of what to draw: 1 border, 0 picture.

    Inside the picture the mask falls as a parabola over `feathering` pixels from each side that has a border; not at
    all where the picture is smaller than two such distances.
    """
    batch, height, width, channels = image.shape
    padded = image.new_full((batch, top + height + bottom, left + width + right, channels), 0.5)
    padded[:, top : top + height, left : left + width] = image
    mask = torch.ones(top + height + bottom, left + width + right)
    inner = torch.zeros(height, width)
    if 0 < feathering * 2 < min(height, width):
        down = _distance(height, top > 0, bottom > 0, feathering)
        across = _distance(width, left > 0, right > 0, feathering)
        inner = ((feathering - torch.minimum(down[:, None], across)) / feathering).clamp(min=0) ** 2
    mask[top : top + height, left : left + width] = inner
    return padded, mask


def _distance(length: int, from_start: bool, from_end: bool, far: int) -> torch.Tensor:
    """Pixels [length] to the nearer of the ends that count, `far` if none does."""
    position = torch.arange(length, dtype=torch.float32)
    distance = torch.full((length,), float(far))
    if from_start:
        distance = torch.minimum(distance, position)
    if from_end:
        distance = torch.minimum(distance, length - position)
    return distance
