"""Shapes of masks, held against what plain loops find."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from models.inpainting.mask_shapes import Bounds, blur, bounds, depth, fill_holes


def random_mask(seed, height=13, width=17, filled=0.6):
    return (torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed)) < filled).float()


def drawn(*rows):
    """A mask from rows of characters: # is 1."""
    return torch.tensor([[[float(one == "#") for one in row] for row in rows]])


def test_bounds_hold_everything_above_zero_of_all_masks():
    masks = torch.zeros(2, 9, 12)
    masks[0, 2, 3], masks[1, 6, 8] = 0.01, 1
    assert bounds(masks) == Bounds(3, 2, 6, 5)
    assert bounds(torch.zeros(2, 9, 12)) is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("filled", [0.6, 0.95])
def test_depth_is_the_distance_to_the_nearest_pixel_outside(seed, filled):
    mask, most = random_mask(seed, filled=filled), 6
    outside = (mask[0] == 0).nonzero().tolist()
    for y in range(mask.shape[1]):
        for x in range(mask.shape[2]):
            known = min([math.hypot(y - v, x - u) for v, u in outside] + [most])
            assert depth(mask, most)[0, y, x].item() == pytest.approx(known)


def test_the_border_of_a_picture_is_no_rim():
    mask = torch.ones(1, 5, 20)
    mask[..., 0] = 0
    assert depth(mask, 7)[0, 2].tolist() == [*range(8), *[7] * 12]
    assert depth(torch.ones(1, 5, 20), 7).eq(7).all()


def test_holes_are_filled_and_bays_are_not():
    mask = drawn(
        ".........",
        ".#####.#.",
        ".#...#.#.",
        ".#.#.#.#.",
        ".#...###.",
        ".####....",
        "...#.###.",
        "...#.#.#.",
        ".....#.#.",
    )
    mask[0, 1, 1] = 0.5  # grey encloses as well, and stays grey
    wanted = drawn(
        ".........",
        ".#####.#.",
        ".#####.#.",
        ".#####.#.",
        ".#######.",
        ".####....",
        "...#.###.",
        "...#.#.#.",
        ".....#.#.",
    )
    wanted[0, 1, 1] = 0.5
    assert torch.equal(fill_holes(mask), wanted)


@pytest.mark.parametrize("seed", range(8))
def test_what_can_be_reached_from_the_border_stays_free(seed):
    mask = random_mask(seed, filled=0.5)
    free = mask[0] == 0
    height, width = free.shape
    queue = [(y, x) for y in range(height) for x in range(width) if y in (0, height - 1) or x in (0, width - 1)]
    reached = set()
    while queue:
        y, x = queue.pop()
        if 0 <= y < height and 0 <= x < width and free[y, x] and (y, x) not in reached:
            reached.add((y, x))
            queue += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
    known = torch.ones(1, height, width)
    for y, x in reached:
        known[0, y, x] = 0
    assert torch.equal(fill_holes(mask), known)
    assert torch.equal(fill_holes(torch.cat([mask, 1 - mask]))[:1], known)


@settings(max_examples=20, deadline=None)
@given(some.floats(0.5, 6), some.integers(0, 99))
def test_blurring_spreads_and_keeps_how_much_there_is(radius, seed):
    mask = torch.zeros(1, 80, 80)
    mask[:, 36:44, 36:44] = random_mask(seed, 8, 8)
    soft = blur(mask, radius)
    assert soft.sum().item() == pytest.approx(mask.sum().item(), rel=1e-3)
    assert soft.max() < 1 and soft.min() >= 0
    assert blur(torch.full((1, 9, 9), 0.7), radius).allclose(torch.tensor(0.7))


def test_a_blurred_edge_is_the_gaussian_s_integral():
    mask = torch.zeros(1, 4, 64)
    mask[..., 32:] = 1
    soft = blur(mask, 3.0)[0, 0]
    for x in range(20, 44):
        known = 0.5 * (1 + math.erf((x - 31.5) / (3 * 2**0.5)))
        assert soft[x].item() == pytest.approx(known, abs=4e-3)
    assert torch.equal(blur(mask, 0), mask)
