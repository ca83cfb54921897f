"""Nodes that make and change masks."""

import pytest
import torch

from execution.node import NodeInputError
from nodes import mask as nodes


def test_masks_as_pictures_and_back():
    mask = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(0))
    image = nodes.mask_to_image(mask=mask)
    assert image.shape == (2, 3, 4, 3)
    for channel in ("red", "green", "blue"):
        assert torch.equal(nodes.image_to_mask(image=image, channel=channel), mask)
    assert nodes.mask_to_image(mask=mask[0]).shape == (1, 3, 4, 3)


def test_a_channel_that_is_not_there():
    clear = torch.rand(1, 2, 2, 4)
    assert torch.equal(nodes.image_to_mask(image=clear, channel="alpha"), clear[..., 3])
    with pytest.raises(NodeInputError, match="no alpha") as error:
        nodes.image_to_mask(image=clear[..., :3], channel="alpha")
    assert error.value.input_name == "channel"


def test_a_colour_as_a_mask():
    image = torch.tensor([[[[1.0, 128 / 255, 0], [1, 127 / 255, 0], [1.2, 128.4 / 255, -3], [0, 0, 1]]]])
    assert nodes.image_color_to_mask(image=image, color=0xFF8000)[0, 0].tolist() == [1, 0, 1, 0]
    assert nodes.image_color_to_mask(image=image, color=0x0000FF)[0, 0].tolist() == [0, 0, 0, 1]


def test_the_same_everywhere_inverted_and_cut():
    solid = nodes.solid_mask(value=0.25, width=6, height=4)
    assert solid.shape == (1, 4, 6) and solid.eq(0.25).all()
    assert nodes.invert_mask(mask=solid).eq(0.75).all()
    numbered = torch.arange(12.0).reshape(3, 4)
    assert nodes.crop_mask(mask=numbered, x=1, y=1, width=2, height=9).tolist() == [[[5, 6], [9, 10]]]
    with pytest.raises(NodeInputError, match="outside") as error:
        nodes.crop_mask(mask=numbered, x=1, y=3, width=1, height=1)
    assert error.value.input_name == "y"


def test_combining():
    a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0]])
    assert nodes.mask_composite(destination=a, source=b, x=1, y=0, operation="add").tolist() == [[[1, 1]]]
    assert nodes.mask_composite(destination=a, source=b, x=0, y=0, operation="subtract").tolist() == [[[0, 0]]]


def test_soft_edges():
    soft = nodes.feather_mask(mask=torch.ones(1, 1, 6), left=2, right=4)
    assert soft[0, 0].tolist() == pytest.approx([0.5, 1, 1, 0.75, 0.5, 0.25])
    wide = nodes.feather_mask(mask=torch.ones(1, 4, 1), top=100, bottom=0)
    assert wide[0, :, 0].tolist() == [0.25, 0.5, 0.75, 1]


def test_growing_and_shrinking():
    dot = torch.zeros(1, 5, 5)
    dot[0, 2, 2] = 1
    assert nodes.grow_mask(mask=dot, expand=1).sum() == 5
    assert nodes.grow_mask(mask=dot, expand=1, tapered_corners=False).sum() == 9
    assert nodes.grow_mask(mask=nodes.grow_mask(mask=dot, expand=1), expand=-1).tolist() == dot.tolist()


def test_black_and_white():
    mask = torch.tensor([[[0.4, 0.5, 0.6]]])
    assert nodes.threshold_mask(mask=mask, value=0.5).tolist() == [[[0, 0, 1]]]
