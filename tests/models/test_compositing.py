"""Laying pictures over one another, and shaping masks: small cases worked out by hand."""

import pytest
import torch

from models.compositing import as_mask, composite, fit_batch, grow, grow_by_box, paste_feathered, ramp
from models.mask_operations import combine
from models.outpainting import pad_for_outpaint

ZEROS, ONES = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 2, 2)


def ones_at(rows, columns, side=4):
    expected = torch.zeros(1, 1, side, side)
    expected[..., rows, columns] = 1
    return expected


@pytest.mark.parametrize(
    "x, y, rows, columns",
    [
        (1, 2, slice(2, 4), slice(1, 3)),
        (3, 3, slice(3, 4), slice(3, 4)),
        (-1, -1, slice(0, 1), slice(0, 1)),
        (4, 0, slice(0, 0), slice(0, 0)),
        (100, 100, slice(0, 0), slice(0, 0)),
        (-100, 0, slice(0, 0), slice(0, 0)),
    ],
)
@pytest.mark.parametrize("mask", [None, torch.ones(1, 2, 2), torch.ones(1, 8, 8)])
def test_what_sticks_out_is_cut(x, y, rows, columns, mask):
    assert torch.equal(composite(ZEROS, ONES, x, y, mask), ones_at(rows, columns))


def test_the_destination_is_not_changed():
    destination = ZEROS.clone()
    composite(destination, ONES, 0, 0)
    assert torch.equal(destination, ZEROS)


def test_a_mask_blends_and_belongs_to_the_source():
    mask = torch.tensor([[[0.0, 0.25], [0.5, 1.0]]])
    result = composite(torch.full((1, 1, 4, 4), 2.0), ONES * 4, 3, 0, mask)
    assert result[0, 0, :2, 3].tolist() == [2, 3]
    assert result[0, 0, :, :3].eq(2).all()


def test_latents_are_placed_in_pixels():
    assert torch.equal(composite(ZEROS, ONES, 15, 8, unit=8), ones_at(slice(1, 3), slice(1, 3)))


def test_a_source_can_be_stretched():
    assert torch.equal(composite(ZEROS, ONES, 0, 0, resize_source=True), torch.ones(1, 1, 4, 4))


def test_batches_of_unlike_sizes():
    assert composite(ZEROS.repeat(3, 1, 1, 1), ONES, 0, 0).sum() == 12
    assert composite(ZEROS, torch.cat((ONES, ONES * 5)), 0, 0).sum() == 4
    masks = torch.stack((torch.ones(2, 2), torch.zeros(2, 2)))
    assert composite(ZEROS.repeat(3, 1, 1, 1), ONES, 0, 0, masks).sum(dim=(1, 2, 3)).tolist() == [4, 0, 4]


def test_fitting_a_batch():
    x = torch.arange(3)[:, None]
    assert fit_batch(x, 2)[:, 0].tolist() == [0, 1]
    assert fit_batch(x, 7)[:, 0].tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_masks_of_any_rank():
    assert as_mask(torch.zeros(4, 6)).shape == (1, 1, 4, 6)
    assert as_mask(torch.zeros(3, 1, 4, 6), (8, 12)).shape == (3, 1, 8, 12)


def test_feathering_rises_from_sides_inside_the_picture_only():
    result = paste_feathered(torch.zeros(1, 1, 1, 8), torch.ones(1, 1, 1, 4), 2, 0, 2)
    assert result[0, 0, 0].tolist() == [0, 0, 0.5, 1, 1, 0.5, 0, 0]
    at_the_edge = paste_feathered(torch.zeros(1, 1, 1, 8), torch.ones(1, 1, 1, 4), 0, 0, 2)
    assert at_the_edge[0, 0, 0].tolist() == [1, 1, 1, 0.5, 0, 0, 0, 0]
    cut = paste_feathered(torch.zeros(1, 1, 1, 8), torch.ones(1, 1, 1, 4), 6, 0, 2)
    assert cut[0, 0, 0].tolist() == [0, 0, 0, 0, 0, 0, 0.5, 1]
    beyond = paste_feathered(torch.zeros(1, 1, 1, 8), torch.ones(1, 1, 1, 4), 9, 0, 2)
    assert beyond.sum() == 0


@pytest.mark.parametrize("feather", [0, 1])
def test_feathering_fits_batches_of_unlike_sizes(feather):
    both = torch.stack((torch.full((1, 2, 2), 2.0), torch.full((1, 2, 2), 3.0)))
    assert paste_feathered(ZEROS, both, 0, 0, feather).amax(dim=(1, 2, 3)).tolist() == [2]
    assert paste_feathered(ZEROS.repeat(3, 1, 1, 1), both, 0, 0, feather).amax(dim=(1, 2, 3)).tolist() == [2, 3, 2]


def test_feathering_multiplies_in_corners():
    result = paste_feathered(torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 4, 4), 2, 2, 2)
    assert result[0, 0, 2, 2] == 0.25
    assert result[0, 0, 3, 3] == 1


def test_ramps():
    assert ramp(5, 4, 0).tolist() == [0.25, 0.5, 0.75, 1, 1]
    assert ramp(5, 0, 2).tolist() == [1, 1, 1, 1, 0.5]
    assert ramp(3, 3, 3).tolist() == pytest.approx([1 / 3, 4 / 9, 1 / 3])


def brightest_near(mask, amount, tapered):
    """Growing by its definition: the largest value within `amount`, counted along the axes or like a king at chess."""
    height, width = mask.shape
    grown = mask.clone()
    for y in range(height):
        for x in range(width):
            down, across = (torch.arange(height) - y).abs()[:, None], (torch.arange(width) - x).abs()[None]
            distance = down + across if tapered else torch.maximum(down, across)
            grown[y, x] = mask[distance <= amount].max()
    return grown


@pytest.mark.parametrize("tapered", [True, False])
@pytest.mark.parametrize("amount", [-3, -1, 0, 1, 2, 5, 16384])
def test_growing_takes_the_brightest_and_shrinking_the_darkest_nearby(amount, tapered):
    masks = torch.rand(2, 12, 9, generator=torch.Generator().manual_seed(1))
    for grown, mask in zip(grow(masks, amount, tapered=tapered), masks, strict=True):
        sign = -1 if amount < 0 else 1
        assert torch.equal(grown, sign * brightest_near(sign * mask, abs(amount), tapered))


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_growing_by_a_box_is_a_convolution(size):
    mask = (torch.rand(1, 1, 12, 9, generator=torch.Generator().manual_seed(2)) > 0.9).float()
    padding = -(-(size - 1) // 2)
    summed = torch.nn.functional.conv2d(mask, torch.ones(1, 1, size, size), padding=padding)
    assert torch.equal(grow_by_box(mask, size), summed.clamp(0, 1)[..., :12, :9])


def test_growing_by_no_box_leaves_grey_alone():
    mask = torch.full((1, 1, 2, 2), 0.3)
    assert torch.equal(grow_by_box(mask, 0), mask)


@pytest.mark.parametrize(
    "operation, expected",
    [
        ("multiply", [0, 0, 0.4, 0.16]),
        ("add", [0, 0.4, 1, 0.8]),
        ("subtract", [0, 0, 0.6, 0]),
        ("and", [0, 0, 0, 0]),
        ("or", [0, 0, 1, 0]),
        ("xor", [0, 0, 1, 0]),
    ],
)
def test_combining_masks(operation, expected):
    a, b = torch.tensor([[[0, 0, 1, 0.4]]]), torch.tensor([[[0, 0.4, 0.4, 0.4]]])
    assert combine(a, b, 0, 0, operation)[0, 0].tolist() == pytest.approx(expected)


def test_combining_black_and_white_masks_in_part():
    a, b = torch.tensor([[[0.0, 0, 1, 1]]]), torch.tensor([[[0.0, 1, 0, 1]]])
    results = {name: combine(a, b, 0, 0, name)[0, 0].tolist() for name in ("and", "or", "xor")}
    assert results == {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}
    assert combine(a, torch.ones(1, 3, 3), 3, 0, "subtract")[0, 0].tolist() == [0, 0, 1, 0]
    assert torch.equal(combine(a, torch.ones(1, 1, 1), 9, 9, "add"), a)


def test_padding_for_outpainting():
    image = torch.rand(2, 6, 5, 3, generator=torch.Generator().manual_seed(0))
    padded, mask = pad_for_outpaint(image, 8, 0, 0, 16, 0)
    assert padded.shape == (2, 22, 13, 3)
    assert torch.equal(padded[:, :6, 8:], image)
    assert padded[:, 6:].eq(0.5).all() and padded[:, :, :8].eq(0.5).all()
    assert mask[:6, 8:].eq(0).all() and mask[6:].eq(1).all() and mask[:, :8].eq(1).all()


def test_the_mask_for_outpainting_falls_as_a_parabola_from_new_sides():
    _, mask = pad_for_outpaint(torch.zeros(1, 10, 10, 3), 8, 0, 0, 0, 4)
    assert mask[5, 8:].tolist() == pytest.approx([1, 9 / 16, 4 / 16, 1 / 16, 0, 0, 0, 0, 0, 0])
    assert mask[0, 8:].tolist() == mask[5, 8:].tolist()
    _, right = pad_for_outpaint(torch.zeros(1, 10, 10, 3), 0, 0, 8, 0, 4)
    assert right[5, :10].tolist() == pytest.approx([0, 0, 0, 0, 0, 0, 0, 1 / 16, 4 / 16, 9 / 16])
    _, small = pad_for_outpaint(torch.zeros(1, 8, 10, 3), 8, 0, 0, 0, 4)
    assert small[:, 8:].eq(0).all()
