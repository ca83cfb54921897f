"""Taking a part out of pictures at a size of its own, and laying what was drawn there back over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from models.compositing import fit_batch
from models.inpainting.mask_shapes import Bounds, depth

if TYPE_CHECKING:
    from models.inpainting.region import Region


@dataclass(frozen=True, eq=False)
class Crop:
    """Where a part came from, for putting it back."""

    pictures: torch.Tensor  # [B, H, W, C] in 0..1, whole
    masks: torch.Tensor  # [B, H, W], 1 where the pictures may change
    region: Region

    def pixels(self) -> torch.Tensor:
        """Return the part of the pictures [B, h, w, C], at the size at which it is drawn."""
        part = _cut(self.pictures, self.region.place)
        return resampled(part.movedim(-1, 1), self.region.width, self.region.height).movedim(1, -1).contiguous()

    def mask(self) -> torch.Tensor:
        """Return the masks of the part [B, h, w]."""
        part = _cut(self.masks[..., None], self.region.place).movedim(-1, 1)
        return resampled(part, self.region.width, self.region.height)[:, 0]


def stitch(crop: Crop, drawn: torch.Tensor, feather: int) -> torch.Tensor:
    """Return the pictures [N, H, W, C] with `drawn` [n, h, w, c], of any size, in place of the part.

    What is drawn fades in over `feather` pixels from the mask's rim inwards, or over half of the mask where that is
    less. Where the mask is 0 every value stays what it was to the last bit, and so does a fourth channel. There are as
    many pictures as parts drawn: further ones, as a larger batch of latents gives, go over the same pictures again.
    """
    place = crop.region.place
    colours = min(crop.pictures.shape[-1], 3)
    count = len(drawn)
    result = fit_batch(crop.pictures, count).clone()
    under = _cut(result, place)[..., :colours]
    over = resampled(drawn[..., :3].movedim(-1, 1).to(result), place.width, place.height).movedim(1, -1)
    if colours == 1:
        over = over.mean(dim=-1, keepdim=True)
    weights = fit_batch(blending(crop, feather), count)[..., None].to(result)
    under.copy_(torch.where(weights > 0, torch.lerp(under, over.expand_as(under), weights), under))
    return result


def blending(crop: Crop, feather: int) -> torch.Tensor:
    """Return how much of the drawn part shows at each pixel of its place, [B, h, w]; 0 wherever the mask is."""
    place = crop.region.place
    if not feather:
        return _cut(crop.masks[..., None], place)[..., 0]
    high, wide = crop.masks.shape[-2:]
    left, top = min(place.x, 1), min(place.y, 1)  # a pixel more on each side: beyond the part the mask has its rim
    around = Bounds(
        place.x - left,
        place.y - top,
        min(place.x + place.width + 1, wide) - place.x + left,
        min(place.y + place.height + 1, high) - place.y + top,
    )
    masks = _cut(crop.masks[..., None], around)[..., 0]
    inside = depth(masks, 2 * feather + 2)
    deepest = inside.amax(dim=(-2, -1), keepdim=True)
    share = (inside / (deepest / 2).clamp(1, feather + 1)).clamp(max=1)
    smooth = share**2 * (3 - 2 * share)
    return (masks * smooth)[:, top : top + place.height, left : left + place.width]


def resampled(x: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """`x` [B, C, H, W] in 0..1 at another size, by cubics that are as wide as the coarser of both grids of pixels."""
    if x.shape[-2:] == (height, width):
        return x
    return F.interpolate(x.float(), size=(height, width), mode="bicubic", antialias=True).clamp(0, 1)


def _cut(x: torch.Tensor, place: Bounds) -> torch.Tensor:
    return x[:, place.y : place.y + place.height, place.x : place.x + place.width]
