"""Resizing: known values, and what each method promises."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from models.resize import bislerp, crop_to_aspect, resize


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic"])
def test_methods_of_torch(method):
    x = random(2, 3, 5, 7)
    assert torch.equal(resize(x, 9, 4, method), F.interpolate(x, size=(4, 9), mode=method))


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic", "lanczos", "bislerp"])
def test_a_flat_picture_stays_flat(method):
    x = torch.full((1, 3, 6, 6), 0.2)
    assert torch.allclose(resize(x, 9, 3, method), torch.full((1, 3, 3, 9), 0.2), atol=1e-6)


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="no way to resize"):
        resize(random(1, 3, 2, 2), 4, 4, "magic")


@pytest.mark.parametrize(
    "height, width, aspect, rows, columns",
    [
        (4, 8, 1.0, slice(0, 4), slice(2, 6)),
        (8, 4, 1.0, slice(2, 6), slice(0, 4)),
        (4, 8, 2.0, slice(0, 4), slice(0, 8)),
    ],
)
def test_cropping_keeps_the_middle(height, width, aspect, rows, columns):
    x = random(1, 1, height, width)
    assert torch.equal(crop_to_aspect(x, aspect), x[..., rows, columns])
    assert torch.equal(resize(x, round(4 * aspect), 4, "nearest-exact", "center"), x[..., rows, columns])


@pytest.mark.parametrize(
    "height, width, aspect, left, top",
    [(513, 64, 64 / 512, 0, 0), (1025, 64, 64 / 1024, 0, 0), (333, 64, 512 / 768, 0, 118), (333, 96, 1.0, 0, 118)],
)
def test_halves_of_a_pixel_are_cut_as_in_saved_graphs(height, width, aspect, left, top):
    x = torch.arange(height * width).reshape(1, 1, height, width)
    assert torch.equal(crop_to_aspect(x, aspect), x[..., top : height - top, left : width - left])


@pytest.mark.parametrize("height, width, aspect", [(1, 10, 0.01), (10, 1, 100.0)])
def test_cropping_leaves_something(height, width, aspect):
    assert 0 not in crop_to_aspect(random(1, 1, height, width), aspect).shape


@pytest.mark.parametrize("channels, mode", [(3, "RGB"), (4, "RGBA"), (1, "L")])
def test_lanczos_is_that_of_pillow_in_eight_bits(channels, mode):
    x = random(2, channels, 8, 6)
    values = (x * 255).to(torch.uint8)
    for picture, expected in zip(resize(x, 9, 12, "lanczos"), values, strict=True):
        pixels = expected.permute(1, 2, 0).numpy()
        image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if channels == 1 else pixels))
        assert image.mode == mode
        known = np.asarray(image.resize((9, 12), Image.Resampling.LANCZOS)).reshape(12, 9, channels)
        assert np.array_equal((picture.permute(1, 2, 0) * 255).round().numpy(), known)


def test_lanczos_of_other_numbers_of_channels_goes_one_by_one():
    x = random(1, 5, 8, 6)
    together = resize(x, 9, 12, "lanczos")
    assert torch.equal(together[:, 3:4], resize(x[:, 3:4], 9, 12, "lanczos"))


def test_bislerp_turns_vectors_along_the_arc():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 2, 1, 2)  # two pixels: along x, along y
    middle = bislerp(x, 3, 1)[0, :, 0, 1]
    assert torch.allclose(middle, torch.full((2,), 2**-0.5))  # 45 degrees, still of length 1
    quarter = bislerp(x, 4, 1)[0, :, 0, 1]  # a quarter of the way
    angle = torch.tensor(torch.pi / 2 * 0.25)
    assert torch.allclose(quarter, torch.stack((angle.cos(), angle.sin())))


def test_bislerp_interpolates_lengths_by_themselves():
    x = torch.tensor([[2.0, 0.0], [0.0, 4.0]]).reshape(1, 2, 1, 2)
    assert bislerp(x, 3, 1)[0, :, 0, 1].norm() == pytest.approx(3)


def test_bislerp_of_equal_opposite_and_zero_vectors():
    equal = torch.tensor([[1.0, 1.0], [2.0, 2.0]]).reshape(1, 2, 1, 2)
    assert torch.equal(bislerp(equal, 3, 1)[0, :, 0, 1], torch.tensor([1.0, 2.0]))
    opposite = torch.tensor([[1.0, -1.0], [0.0, 0.0]]).reshape(1, 2, 1, 2)
    assert torch.equal(bislerp(opposite, 3, 1)[0, :, 0, 1], torch.tensor([0.0, 0.0]))
    zero = torch.tensor([[0.0, 1.0], [0.0, 1.0]]).reshape(1, 2, 1, 2)
    assert torch.isfinite(bislerp(zero, 5, 5)).all()


def test_bislerp_to_the_same_size_changes_nothing():
    x = random(2, 4, 5, 7) - 0.5
    assert torch.allclose(bislerp(x, 7, 5), x, atol=1e-6)


def test_bislerp_keeps_contrast_where_bilinear_loses_it():
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    assert bislerp(x, 24, 24).std() > 1.1 * resize(x, 24, 24, "bilinear").std()


def test_bislerp_keeps_the_format_of_numbers():
    assert bislerp(random(1, 4, 4, 4).half(), 8, 8).dtype == torch.float16
