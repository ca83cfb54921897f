"""Nodes that blend, filter, arrange and draw pictures: sizes, channels, batches and what they refuse."""

import pytest
import torch

from execution.node import NodeInputError
from models.image_effects import blending as modes
from models.resize import resize
from nodes import preprocessors
from nodes.image_effects import arranging, blending, channels, filters


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def fitted(images, width, height):
    return resize(images.movedim(-1, 1), width, height, "bicubic", "center").movedim(1, -1)


def test_blending_fits_size_channels_and_batch_to_the_first():
    below, above = random(2, 8, 10, 3), random(1, 6, 6, 4, seed=1)
    made = blending.image_blend(image1=below, image2=above, blend_factor=0.5, blend_mode="screen")
    assert torch.equal(made, modes.blend(below, fitted(above[..., :3], 10, 8).expand(2, -1, -1, -1), 0.5, "screen"))
    clear = blending.image_blend(
        image1=random(1, 6, 6, 4), image2=above[..., :3], blend_factor=1.0, blend_mode="normal"
    )
    assert torch.equal(clear[..., :3], above[..., :3]) and clear[..., 3].eq(1).all()
    several = blending.image_blend(image1=below[:1], image2=below, blend_factor=1.0, blend_mode="normal")
    assert torch.equal(several, below)


def test_laying_over_by_porter_and_duff():
    source, destination = random(2, 4, 4, 3), random(3, 4, 4, 3, seed=1)
    left = torch.zeros(1, 4, 4)
    left[..., 2:] = 1  # opaque at the left
    made = blending.porter_duff_image_composite(
        source=source, source_alpha=left.expand(2, -1, -1), destination=destination,
        destination_alpha=torch.zeros(2, 4, 4), mode="SRC_OVER",
    )  # fmt: skip
    assert made.IMAGE.shape == (2, 4, 4, 3)
    assert torch.equal(made.IMAGE[:, :, :2], source[:, :, :2])
    assert torch.allclose(made.IMAGE[:, :, 2:], destination[:2, :, 2:])
    assert made.MASK.eq(0).all()
    cut = blending.porter_duff_image_composite(
        source=source[:1], source_alpha=left, destination=destination[:1], destination_alpha=torch.zeros(1, 4, 4),
        mode="DST_IN",
    )  # fmt: skip
    assert torch.equal(cut.MASK, left)
    assert cut.IMAGE[:, :, 2:].eq(0).all()


def test_the_source_is_fitted_to_the_destination():
    made = blending.porter_duff_image_composite(
        source=random(1, 4, 6, 3), source_alpha=torch.zeros(1, 5, 5), destination=random(1, 8, 8, 3),
        destination_alpha=torch.ones(1, 2, 2), mode="SRC",
    )  # fmt: skip
    assert torch.allclose(made.IMAGE, fitted(random(1, 4, 6, 3), 8, 8).clamp(0, 1), atol=1e-6)
    assert made.MASK.shape == (1, 8, 8) and made.MASK.eq(0).all()


def test_filters_leave_what_came_in_alone_and_keep_channels():
    image = random(2, 9, 11, 4)
    before = image.clone()
    for made in (
        filters.image_blur(image=image, blur_radius=2, sigma=1.0),
        filters.image_sharpen(image=image, sharpen_radius=2, sigma=1.0, alpha=0.5),
        filters.image_morphology(image=image, operation="dilate", kernel_size=3),
        filters.image_add_noise(image=image, seed=1, strength=0.1),
    ):
        assert made.shape == image.shape
        assert not torch.equal(made, image)
        assert made.min() >= 0 and made.max() <= 1
    assert torch.equal(image, before)


def test_few_colours_of_each_picture():
    image = random(2, 16, 16, 4)
    made = filters.image_quantize(image=image, colors=5, dither="bayer-4")
    assert made.shape == (2, 16, 16, 3)
    assert all(len(one.reshape(-1, 3).unique(dim=0)) <= 5 for one in made)
    assert filters.image_quantize(image=image[..., :1], colors=5, dither="none").shape == (2, 16, 16, 3)


def test_noise_is_that_of_its_seed():
    grey = torch.full((2, 32, 32, 3), 0.5)
    made = filters.image_add_noise(image=grey, seed=2**64 - 1, strength=0.1)
    assert torch.equal(made, filters.image_add_noise(image=grey, seed=2**64 - 1, strength=0.1))
    assert not torch.equal(made, filters.image_add_noise(image=grey, seed=1, strength=0.1))
    assert (made - 0.5).std() == pytest.approx(0.1, rel=0.1)
    drawn = torch.randn(grey.shape, generator=torch.Generator().manual_seed(7))
    known = (grey + 0.1 * drawn).clamp(0, 1)
    assert torch.equal(filters.image_add_noise(image=grey, seed=7, strength=0.1), known)
    assert torch.equal(filters.image_add_noise(image=grey, seed=7, strength=0.0), grey)
    with pytest.raises(NodeInputError, match="no pictures"):
        filters.image_add_noise(image=grey[:0], seed=7, strength=0.1)


def test_brightness_and_colour_travel_as_grey_pictures():
    image = random(2, 4, 5, 4)
    parts = channels.image_rgb_to_yuv(image=image)
    assert all(part.shape == (2, 4, 5, 3) for part in parts)
    again = channels.image_yuv_to_rgb(Y=parts.Y, U=parts.U, V=parts.V)
    assert torch.allclose(again, image[..., :3], atol=2e-3)
    with pytest.raises(NodeInputError, match="U is 2 pictures of 4 x 4 pixels and Y is 2 pictures of 5 x 4"):
        channels.image_yuv_to_rgb(Y=parts.Y, U=parts.U[:, :, :4], V=parts.V)
    with pytest.raises(NodeInputError, match="no colours"):
        channels.image_rgb_to_yuv(image=image[..., :1])


def test_stitching_one_picture_or_two():
    a, b = random(1, 4, 4, 3), random(1, 8, 8, 3, seed=1)
    stitch = arranging.image_stitch
    assert stitch(image1=a, direction="right", match_image_size=True, spacing_width=0, spacing_color="red") is a
    made = stitch(image1=a, direction="right", match_image_size=True, spacing_width=3, spacing_color="green", image2=b)
    assert made.shape == (1, 4, 4 + 4 + 4, 3)
    assert made[:, :, 4:8].eq(torch.tensor([0.0, 1.0, 0.0])).all()


def test_the_longer_side():
    scale = arranging.image_scale_to_max_dimension
    wide = random(1, 20, 50, 3)
    assert scale(image=wide, upscale_method="area", largest_size=25).shape == (1, 10, 25, 3)
    assert scale(image=wide.transpose(1, 2), upscale_method="lanczos", largest_size=100).shape == (1, 100, 40, 3)
    assert scale(image=random(1, 7, 7, 3), upscale_method="bilinear", largest_size=9).shape == (1, 9, 9, 3)
    assert scale(image=wide, upscale_method="area", largest_size=0) is wide


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    "node",
    [
        preprocessors.canny_edges, preprocessors.preprocess_soft_edges, preprocessors.preprocess_lineart,
        preprocessors.preprocess_scribble, preprocessors.preprocess_tile, preprocessors.preprocess_gray,
        preprocessors.preprocess_color_blocks,
    ],
)  # fmt: skip
def test_preprocessors_give_colour_pictures_of_any(node, channels):
    image = random(2, 33, 40, channels)
    made = node(image=image)
    assert made.shape == (2, 33, 40, 3)
    assert made.min() >= 0 and made.max() <= 1
    assert torch.allclose(node(image=image[1:]), made[1:], atol=1e-6)  # each picture by itself


def test_gray_pictures():
    image = random(1, 4, 4, 3)
    made = preprocessors.preprocess_gray(image=image, gamma=2.0)
    assert torch.equal(made[..., 0], made[..., 2])
    expected = (image * torch.tensor([0.299, 0.587, 0.114])).sum(-1) ** 2
    assert torch.allclose(made[..., 1], expected)


def test_normals_of_a_depth_map():
    made = preprocessors.preprocess_normals(depth=torch.full((1, 16, 16, 3), 0.5))
    assert torch.allclose(made, torch.tensor([0.5, 0.5, 1.0]).expand(1, 16, 16, 3))
