"""Nodes that make, resize, join and change pictures."""

import pytest
import torch
import torch.nn.functional as F

from execution.node import NodeInputError
from models.resize import resize
from nodes import alpha, image_batch, image_edit, image_scale


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def known(images, width, height, method):
    return F.interpolate(images.permute(0, 3, 1, 2), size=(height, width), mode=method).permute(0, 2, 3, 1)


def scale(image, width, height, method="bilinear", crop="disabled"):
    return image_scale.image_scale(image=image, upscale_method=method, width=width, height=height, crop=crop)


@pytest.mark.parametrize(
    "width, height, expected", [(0, 0, (10, 20)), (7, 3, (3, 7)), (0, 5, (5, 10)), (10, 0, (5, 10)), (1, 0, (1, 1))]
)
def test_resizing(width, height, expected):
    image = random(2, 10, 20, 3)
    result = scale(image, width, height)
    assert tuple(result.shape) == (2, *expected, 3)
    assert torch.equal(result, known(image, expected[1], expected[0], "bilinear"))


def test_resizing_in_the_middle():
    image = random(1, 10, 20, 3)
    assert torch.equal(scale(image, 10, 10, "nearest-exact", "center"), image[:, :, 5:15])


def test_resizing_by_a_factor_and_to_a_number_of_pixels():
    image = random(1, 10, 20, 3)
    by = image_scale.image_scale_by(image=image, upscale_method="area", scale_by=0.25)
    assert torch.equal(by, known(image, 5, 2, "area"))
    total = image_scale.image_scale_to_total_pixels(image=image, upscale_method="bicubic", megapixels=0.01)
    assert tuple(total.shape[1:3]) == (72, 145)  # 72.4 x 144.8
    tall = image_scale.image_scale_to_total_pixels(image=random(1, 333, 57, 3), upscale_method="area", megapixels=0.01)
    assert tuple(tall.shape[1:3]) == (247, 42)  # 247.495: of 10,485 whole pixels, not of 10,485.76
    lanczos = image_scale.image_scale_by(image=image, upscale_method="lanczos", scale_by=2.0)
    assert torch.equal(lanczos, resize(image.permute(0, 3, 1, 2), 40, 20, "lanczos").permute(0, 2, 3, 1))


def test_one_colour():
    image = image_batch.empty_image(width=3, height=2, batch_size=2, color=0xFF8000)
    assert image.shape == (2, 2, 3, 3)
    assert image[1, 1, 2].tolist() == pytest.approx([1, 128 / 255, 0])


def test_joining():
    a, b = random(1, 4, 4, 3), random(2, 4, 4, 3, seed=1)
    assert torch.equal(image_batch.image_batch(image1=a, image2=b), torch.cat((a, b)))
    wide = random(1, 4, 8, 3, seed=2)
    assert torch.equal(image_batch.image_batch(image1=a, image2=wide)[1:], wide[:, :, 2:6])
    clear = random(1, 4, 4, 4, seed=3)
    joined = image_batch.image_batch(image1=a, image2=clear)
    assert joined.shape == (2, 4, 4, 4)
    assert joined[0, ..., 3].eq(1).all() and torch.equal(joined[1], clear[0])


@pytest.mark.parametrize("index, length, expected", [(0, 1, [0]), (1, 9, [1, 2]), (4095, 1, [2])])
def test_taking_out(index, length, expected):
    images = torch.arange(3.0)[:, None, None, None].expand(3, 2, 2, 3)
    taken = image_batch.image_from_batch(image=images, batch_index=index, length=length)
    assert taken[:, 0, 0, 0].tolist() == expected


def test_repeating():
    images = torch.arange(2.0)[:, None, None, None].expand(2, 2, 2, 3)
    assert image_batch.repeat_image_batch(image=images, amount=2)[:, 0, 0, 0].tolist() == [0, 1, 0, 1]


def test_rebatching():
    images = [random(3, 2, 2, 3), random(2, 2, 2, 3, seed=1)]
    batches = image_batch.rebatch_images(images=images, batch_size=[2])
    assert [batch.shape[0] for batch in batches] == [2, 2, 1]
    assert torch.equal(torch.cat(batches), torch.cat(images))


def test_rebatching_unlike_sizes():
    images = [random(1, 2, 2, 3), random(1, 4, 2, 3)]
    assert len(image_batch.rebatch_images(images=images, batch_size=[1])) == 2
    with pytest.raises(NodeInputError, match="cannot share a batch"):
        image_batch.rebatch_images(images=images, batch_size=[2])


def test_sizes():
    assert image_batch.get_image_size(image=random(2, 5, 7, 3)) == (7, 5, 2)


def test_the_negative():
    image = random(1, 2, 2, 3)
    assert torch.equal(image_edit.image_invert(image=image), 1 - image)


@pytest.mark.parametrize(
    "x, y, width, height, rows, columns",
    [
        (1, 2, 3, 2, slice(2, 4), slice(1, 4)),
        (99, 99, 9, 9, slice(5, 6), slice(7, 8)),
        (0, 0, 99, 99, slice(6), slice(8)),
    ],
)
def test_cutting(x, y, width, height, rows, columns):
    image = random(2, 6, 8, 3)
    assert torch.equal(
        image_edit.image_crop(image=image, x=x, y=y, width=width, height=height), image[:, rows, columns]
    )


def test_mirroring_and_turning():
    image = torch.arange(6.0).reshape(1, 2, 3, 1)
    flip, turn = image_edit.image_flip, image_edit.image_rotate
    assert flip(image=image, flip_method="x-axis: vertically")[0, ..., 0].tolist() == [[3, 4, 5], [0, 1, 2]]
    assert flip(image=image, flip_method="y-axis: horizontally")[0, ..., 0].tolist() == [[2, 1, 0], [5, 4, 3]]
    assert turn(image=image, rotation="none")[0, ..., 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert turn(image=image, rotation="90 degrees")[0, ..., 0].tolist() == [[3, 0], [4, 1], [5, 2]]
    assert turn(image=image, rotation="270 degrees")[0, ..., 0].tolist() == [[2, 5], [1, 4], [0, 3]]


def test_borders_for_outpainting():
    image = random(2, 8, 8, 3)
    padded, mask = image_edit.image_pad_for_outpaint(image=image, left=8, top=0, right=0, bottom=16, feathering=0)
    assert padded.shape == (2, 24, 16, 3)
    assert torch.equal(padded[:, :8, 8:], image)
    assert mask.shape == (1, 24, 16)
    assert mask.sum() == 24 * 16 - 64


def test_laying_over():
    below, above = torch.zeros(1, 4, 4, 3), torch.ones(1, 2, 2, 3)
    result = image_edit.image_composite_masked(
        destination=below, source=above, x=1, y=2, mask=torch.tensor([[[1.0, 0.5], [0.0, 1.0]]])
    )
    assert result[0, ..., 0].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0.5, 0], [0, 0, 1, 0]]


def test_laying_over_with_other_channels():
    grey, clear = torch.zeros(1, 2, 2, 3), random(1, 2, 2, 4)
    assert torch.equal(image_edit.image_composite_masked(destination=grey, source=clear), clear[..., :3])
    filled = image_edit.image_composite_masked(destination=torch.zeros(1, 2, 2, 4), source=torch.ones(1, 1, 1, 3))
    assert filled[0, 0, 0].tolist() == [1, 1, 1, 1] and filled[0, 1, 1].tolist() == [0, 0, 0, 0]


def test_transparency():
    image = random(2, 4, 4, 4)
    colours, mask = alpha.split_image_with_alpha(image=image)
    assert torch.equal(colours, image[..., :3]) and torch.equal(mask, 1 - image[..., 3])
    assert alpha.split_image_with_alpha(image=colours).MASK.eq(0).all()
    assert torch.allclose(alpha.join_image_with_alpha(image=colours, alpha=mask), image)
    one = alpha.join_image_with_alpha(image=colours, alpha=torch.zeros(1, 8, 8))
    assert one.shape == (1, 4, 4, 4) and one[..., 3].eq(1).all()
