"""Where crops lie, and that what comes back changes nothing but what is masked."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from models.inpainting.crop_and_stitch import Crop, blending, stitch
from models.inpainting.mask_shapes import Bounds
from models.inpainting.region import Region, Wanted, region_around

SIDES = some.integers(9, 300)


@settings(max_examples=300, deadline=None)
@given(some.data())
def test_a_region_lies_in_the_picture_around_the_mask(data):
    high, wide = data.draw(SIDES), data.draw(SIDES)
    x, y = data.draw(some.integers(0, wide - 1)), data.draw(some.integers(0, high - 1))
    mask = Bounds(x, y, data.draw(some.integers(1, wide - x)), data.draw(some.integers(1, high - y)))
    drawn = some.sampled_from([0, 64, 96, 128])
    wanted = Wanted(data.draw(some.floats(1, 4)), data.draw(some.integers(0, 64)), data.draw(drawn), data.draw(drawn))
    region = region_around(mask, (high, wide), wanted)
    place = region.place
    assert place.x >= 0 and place.y >= 0
    assert place.x + place.width <= wide and place.y + place.height <= high
    assert place.x <= mask.x and place.x + place.width >= mask.x + mask.width
    assert place.y <= mask.y and place.y + place.height >= mask.y + mask.height
    assert place.width >= min(wide, mask.width + 2 * wanted.margin - 1)
    assert place.height >= min(high, mask.height + 2 * wanted.margin - 1)
    assert region.width % 8 == 0 and region.height % 8 == 0 and min(region.width, region.height) >= 8


def test_the_part_has_the_shape_that_is_drawn_and_surrounds_the_mask_evenly():
    region = region_around(Bounds(100, 120, 40, 20), (400, 600), Wanted(factor=2.0, width=128, height=128))
    assert region == Region(Bounds(80, 90, 80, 80), 128, 128)
    wide = region_around(Bounds(100, 120, 40, 20), (400, 600), Wanted(factor=2.0, width=256, height=128))
    assert wide == Region(Bounds(80, 110, 80, 40), 256, 128)


def test_a_part_at_the_border_is_moved_inside():
    region = region_around(Bounds(0, 380, 40, 20), (400, 600), Wanted(factor=2.0, width=128, height=128))
    assert region == Region(Bounds(0, 320, 80, 80), 128, 128)


def test_a_picture_too_small_for_the_shape_gives_its_own_with_as_many_pixels():
    region = region_around(Bounds(10, 10, 180, 80), (100, 400), Wanted(factor=1.5, width=128, height=128))
    assert region.place == Bounds(0, 0, 270, 100)
    assert (region.width, region.height) == (208, 80)  # 128 * 128 pixels, 2.7 times as wide as high


def test_without_a_size_nothing_is_resampled():
    region = region_around(Bounds(33, 21, 30, 19), (200, 200), Wanted(margin=8))
    assert (region.place.width, region.place.height) == (region.width, region.height) == (48, 40)
    half = region_around(Bounds(33, 21, 30, 19), (200, 200), Wanted(margin=8, width=96))
    assert (half.width, half.height) == (96, 80)


def pictures(batch=1, channels=3, seed=0):
    return torch.rand(batch, 60, 70, channels, generator=torch.Generator().manual_seed(seed))


def blob(batch=1):
    """Soft masks, differing through the batch."""
    mask = torch.zeros(batch, 60, 70)
    for number in range(batch):
        mask[number, 20 : 40 + number, 22:45] = 1
        mask[number, 30, 45:48] = 0.4
    return mask


def crop(batch=1, channels=3, drawn=(64, 64)):
    place = Bounds(12, 10, 48, 48)
    return Crop(pictures(batch, channels), blob(batch), Region(place, *drawn))


@pytest.mark.parametrize("feather", [0, 1, 5, 40])
@pytest.mark.parametrize("drawn", [(48, 48), (64, 64), (24, 40)])
def test_what_is_not_masked_stays_to_the_last_bit(feather, drawn):
    whole = crop(2, drawn=drawn)
    part = torch.rand(2, drawn[1], drawn[0], 3, generator=torch.Generator().manual_seed(1))
    result = stitch(whole, part, feather)
    kept = blob(2) == 0
    assert torch.equal(result[kept], whole.pictures[kept])
    assert (result[~kept] != whole.pictures[~kept]).any(dim=-1).float().mean() > 0.95
    assert torch.equal(whole.pictures, pictures(2))  # what came in is not written to


def test_the_part_itself_changes_nothing_when_it_comes_back_as_it_was():
    whole = crop(drawn=(48, 48))
    assert torch.equal(stitch(whole, whole.pixels(), 4), whole.pictures)


def test_without_feather_the_drawn_part_is_all_that_shows_where_the_mask_is_1():
    whole = crop(drawn=(48, 48))
    part = torch.rand(1, 48, 48, 3)
    result = stitch(whole, part, 0)
    inside = blob()[0] == 1
    back = torch.zeros(60, 70, 3)
    back[10:58, 12:60] = part[0]
    assert torch.equal(result[0][inside], back[inside])


def test_it_fades_in_from_the_rim_and_more_slowly_with_more_feather():
    weights = {feather: blending(crop(), feather)[0, 20] for feather in (0, 2, 4)}
    row = slice(10, 33)  # the masked part of the row, in the crop
    for feather in (2, 4):
        ramp = weights[feather][row][: feather + 1]
        assert (ramp.diff() > 0).all() and 0 < ramp[0] < 0.4
        assert weights[feather][row][feather] == 1
    assert (weights[0][row] == 1).all()


def test_narrow_masks_still_show_what_was_drawn():
    thin = torch.zeros(1, 60, 70)
    thin[:, 30:34, 20:50] = 1
    whole = Crop(pictures(), thin, Region(Bounds(12, 10, 48, 48), 48, 48))
    assert blending(whole, 40).max() == 1


def test_a_mask_at_the_picture_s_border_does_not_fade_there():
    side = torch.zeros(1, 60, 70)
    side[..., :20] = 1
    whole = Crop(pictures(), side, Region(Bounds(0, 0, 40, 60), 40, 64))
    weights = blending(whole, 5)
    assert weights[0, :, :13].eq(1).all() and weights[0, 30, 19] < 0.2


def test_a_mask_that_ends_with_the_part_fades_there():
    whole = Crop(pictures(), blob(), Region(Bounds(22, 20, 23, 20), 24, 24))
    weights = blending(whole, 5)
    assert weights[0, 10, 0] < 0.2 and weights[0, 0, 10] < 0.2


def test_more_parts_than_pictures_go_over_the_same_pictures():
    whole = crop(2)
    parts = torch.rand(5, 64, 64, 3)
    result = stitch(whole, parts, 3)
    assert len(result) == 5
    kept = blob(1)[0] == 0
    assert torch.equal(result[4][kept], whole.pictures[0][kept])
    assert torch.equal(stitch(whole, parts[4:], 3)[0], result[4])


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_pictures_and_transparency(channels):
    whole = crop(channels=channels)
    assert whole.pixels().shape == (1, 64, 64, channels)
    result = stitch(whole, torch.rand(1, 64, 64, 3), 2)
    assert result.shape == whole.pictures.shape
    assert not torch.equal(result[..., :1], whole.pictures[..., :1])
    if channels == 4:
        assert torch.equal(result[..., 3], whole.pictures[..., 3])


def test_making_parts_smaller_averages():
    stripes = torch.zeros(1, 64, 64, 3)
    stripes[:, :, ::2] = 1
    whole = Crop(stripes, torch.ones(1, 64, 64), Region(Bounds(0, 0, 64, 64), 16, 16))
    assert whole.pixels()[:, 2:-2, 2:-2].sub(0.5).abs().max() < 0.02
