"""Arithmetic on pictures, held against definitions written out and against Pillow."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageChops, ImageFilter

from models.image_effects import arranging, coarse, gaussian, luma, morphology, porter_duff
from models.image_effects.blending import MODES, blend
from models.image_effects.lines import drawing, scribble
from models.image_effects.normals import normals
from models.image_effects.quantizing import bayer, quantize
from models.image_effects.soft_edges import soft_edges


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def numbers(mode, below, above):
    return blend(torch.tensor([below]), torch.tensor([above]), 1.0, mode).item()


@pytest.mark.parametrize(
    "mode, below, above, expected",
    [
        ("normal", 0.2, 0.7, 0.7),
        ("multiply", 0.2, 0.5, 0.1),
        ("screen", 0.2, 0.5, 0.6),
        ("overlay", 0.25, 0.5, 0.25),
        ("overlay", 0.75, 0.25, 0.625),
        ("soft_light", 0.25, 0.5, 0.25),  # one half changes nothing
        ("soft_light", 0.5, 0.0, 0.25),
        ("soft_light", 0.64, 1.0, 0.8),  # the root
        ("soft_light", 0.125, 1.0, ((16 * 0.125 - 12) * 0.125 + 4) * 0.125),
        ("difference", 0.7, 0.2, 0.5),
        ("difference", 0.2, 0.7, 0.0),  # with its sign, and then cut off
    ],
)
def test_blend_modes(mode, below, above, expected):
    assert numbers(mode, below, above) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_a_share_of_the_blend_mixes_before_it_is_cut_off(mode):
    a, b = random(1, 4, 4, 3), random(1, 4, 4, 3, seed=1)
    assert torch.equal(blend(a, b, 0.0, mode), a)
    whole = MODES[mode](a, b)
    assert torch.allclose(blend(a, b, 0.25, mode), (0.75 * a + 0.25 * whole).clamp(0, 1), atol=1e-6)


def test_screen_is_that_of_other_programs():
    a, b = random(9, 9, 3), random(9, 9, 3, seed=1)
    known = ImageChops.screen(*(Image.fromarray((x * 255).byte().numpy()) for x in (a, b)))
    ours = blend(a, b, 1.0, "screen")
    assert (ours * 255 - torch.from_numpy(np.array(known)).float()).abs().max() < 3


def layers():
    return [porter_duff.layer(random(3, 5, 3, seed=seed), random(3, 5, 1, seed=seed + 10)) for seed in (1, 2)]


def test_laying_one_over_the_other_is_that_of_other_programs():
    source, destination = layers()
    pictures = []
    for one in (destination, source):
        rgba = torch.cat((porter_duff.straight(one), one.opacity), -1)
        pictures.append(Image.fromarray((rgba * 255).round().byte().numpy()))
    known = torch.from_numpy(np.array(Image.alpha_composite(*pictures))).float() / 255
    made = porter_duff.composite(source, destination, "SRC_OVER")
    assert (made.opacity - known[..., 3:]).abs().max() < 0.01
    assert (made.colour - known[..., :3] * known[..., 3:]).abs().max() < 0.01


PAPER = {  # the shares of source and destination in figure 4 of Porter and Duff, as functions of the other's opacity
    "CLEAR": ("0", "0"), "SRC": ("1", "0"), "DST": ("0", "1"), "SRC_OVER": ("1", "1-s"), "DST_OVER": ("1-d", "1"),
    "SRC_IN": ("d", "0"), "DST_IN": ("0", "s"), "SRC_OUT": ("1-d", "0"), "DST_OUT": ("0", "1-s"),
    "SRC_ATOP": ("d", "1-s"), "DST_ATOP": ("1-d", "s"), "XOR": ("1-d", "1-s"),
}  # fmt: skip


@pytest.mark.parametrize("operator", PAPER)
def test_the_operators_of_the_paper(operator):
    source, destination = layers()
    shares = {"0": 0, "1": 1, "s": source.opacity, "1-s": 1 - source.opacity, "d": destination.opacity,
              "1-d": 1 - destination.opacity}  # fmt: skip
    a, b = (shares[word] for word in PAPER[operator])
    made = porter_duff.composite(source, destination, operator)
    assert torch.allclose(made.colour, a * source.colour + b * destination.colour + torch.zeros(3, 5, 3))
    assert torch.allclose(made.opacity, a * source.opacity + b * destination.opacity + torch.zeros(3, 5, 1))


@pytest.mark.parametrize(
    "operator, colour, opacity",
    [
        ("ADD", 0.25 * 0.5 + 0.5 * 0.8, 1.0),
        ("DARKEN", 0.2 * 0.125 + 0.5 * 0.4 + 0.125, 0.9),
        ("LIGHTEN", 0.2 * 0.125 + 0.5 * 0.4 + 0.4, 0.9),
        ("MULTIPLY", 0.125 * 0.4, 0.4),
        ("SCREEN", 0.125 + 0.4 - 0.125 * 0.4, 0.9),
        ("OVERLAY", 0.5 * 0.8 - 2 * (0.8 - 0.4) * (0.5 - 0.125), 0.9),
    ],
)
def test_the_other_operators(operator, colour, opacity):
    source = porter_duff.layer(torch.tensor([0.25]), torch.tensor([0.5]))
    destination = porter_duff.layer(torch.tensor([0.5]), torch.tensor([0.8]))
    made = porter_duff.composite(source, destination, operator)
    assert made.colour.item() == pytest.approx(colour, abs=1e-6)
    assert made.opacity.item() == pytest.approx(opacity, abs=1e-6)


def test_colours_of_clear_pixels_are_black():
    made = porter_duff.Layer(torch.tensor([[0.2, 0.1], [0.0, 0.0]]), torch.tensor([[0.4], [0.0]]))
    assert torch.allclose(porter_duff.straight(made), torch.tensor([[0.5, 0.25], [0.0, 0.0]]))


def known_blur(x, radius, sigma):
    """The definition: all pairs of pixels in the square, the distance in radii."""
    side = torch.linspace(-1, 1, 2 * radius + 1)
    kernel = torch.exp(-(side[:, None] ** 2 + side**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, -1, -1)
    return F.conv2d(F.pad(x, [radius] * 4, mode="reflect"), kernel, groups=x.shape[1])


@pytest.mark.parametrize("radius, sigma", [(1, 0.1), (1, 1.0), (5, 0.5), (9, 10.0)])
def test_blurring_and_sharpening(radius, sigma):
    x = random(2, 3, 12, 15)
    blurred = known_blur(x, radius, sigma)
    assert torch.allclose(gaussian.blur(x, radius, sigma), blurred, atol=1e-6)
    expected = (x + 10 * 0.3 * (x - blurred)).clamp(0, 1)
    assert torch.allclose(gaussian.sharpen(x, radius, sigma, 0.3), expected, atol=1e-5)


def test_blurring_what_is_smaller_than_the_blur():
    assert torch.allclose(gaussian.blur(torch.full((1, 1, 1, 3), 0.25), 31, 1.0), torch.full((1, 1, 1, 3), 0.25))
    x = torch.tensor([[[[0.0, 1.0]]]])
    assert gaussian.mirrored(x, 2)[0, 0, 0].tolist() == [0, 1, 0, 1, 0, 1]


def test_a_blur_counted_in_pixels_is_that_of_other_programs():
    x = (random(40, 40) > 0.5).byte().mul(255)
    known = Image.fromarray(x.numpy()).filter(ImageFilter.GaussianBlur(3))
    ours = gaussian.blur_by_pixels(x[None, None] / 255, 3.0)[0, 0]
    difference = (ours - torch.from_numpy(np.array(known)) / 255)[8:-8, 8:-8]  # beside the borders, treated unlike
    assert difference.abs().max() < 0.02


def test_bayer_patterns():
    assert bayer(2).tolist() == [[-0.375, 0.125], [0.375, -0.125]]
    four = (bayer(4) + 0.5) * 16 - 0.5
    assert four.tolist() == [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]


def slope():
    return torch.linspace(0, 1, 64).expand(64, 64)[..., None].expand(-1, -1, 3)


@pytest.mark.parametrize("dither", ["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"])
def test_few_colours(dither):
    made = quantize(slope(), 4, dither)
    assert len(made.reshape(-1, 3).unique(dim=0)) <= 4
    assert (made - slope()).abs().max() < 0.5
    if dither != "none":  # between the darkest and the brightest colour the average tone is kept
        assert tone_error(made) < 0.6 * tone_error(quantize(slope(), 4, "none"))


def tone_error(made):
    return F.avg_pool2d((made - slope()).movedim(-1, 0)[..., 12:52], (8, 4)).abs().mean()


def test_one_colour_is_left_of_one():
    assert len(quantize(slope(), 1, "bayer-4").reshape(-1, 3).unique(dim=0)) == 1


def known_extreme(x, size, before, best):
    padded = F.pad(x, (before, size - before - 1, before, size - before - 1), value=float("nan"))
    windows = padded.unfold(2, size, 1).unfold(3, size, 1).flatten(-2)
    return best(windows.nan_to_num(-math.inf if best is torch.amax else math.inf), dim=-1)


@pytest.mark.parametrize("size", [3, 4, 7, 8, 99])
def test_growing_and_shrinking(size):
    x = random(2, 3, 11, 14)
    grown = known_extreme(x, size, (size - 1) // 2, torch.amax)
    shrunk = known_extreme(x, size, size // 2, torch.amin)
    assert torch.equal(morphology.apply(x, "dilate", size), grown)
    assert torch.equal(morphology.apply(x, "erode", size), shrunk)
    assert torch.equal(morphology.apply(x, "gradient", size), grown - shrunk)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_opening_and_closing_take_out_what_is_small_and_shift_nothing(size):
    x = torch.zeros(1, 1, 24, 24)
    x[..., 6:16, 6:16] = 1
    speck = x.clone()
    speck[..., 20, 20] = 1
    hole = x.clone()
    hole[..., 9, 9] = 0
    assert torch.equal(morphology.apply(speck, "open", size), x)
    assert torch.equal(morphology.apply(speck, "top_hat", size), speck - x)
    assert torch.equal(morphology.apply(hole, "close", size), x)
    assert torch.equal(morphology.apply(hole, "bottom_hat", size), x - hole)


def test_brightness_and_colour_apart_and_together():
    x = random(2, 4, 5, 3)
    y, u, v = luma.to_yuv(x)
    assert torch.allclose(y[..., 0], 0.299 * x[..., 0] + 0.587 * x[..., 1] + 0.114 * x[..., 2])
    assert torch.allclose(luma.to_rgb(y, u, v), x, atol=2e-3)  # the coefficients are rounded
    grey = torch.full((1, 1, 1, 3), 0.3)
    assert [part.item() for part in luma.to_yuv(grey)] == pytest.approx([0.3, 0.5, 0.5])
    known = np.array(Image.fromarray((x[0] * 255).byte().numpy()).convert("YCbCr"))
    ours = torch.cat(luma.to_yuv((x[0] * 255).byte() / 255), -1) * 255
    assert (ours - torch.from_numpy(known)).abs().max() < 2


def test_frames():
    x = random(1, 4, 8, 3)
    framed = arranging.framed(x, 4, 5, 1.0, "nearest-exact")
    assert framed.shape == (1, 5, 4, 3)
    assert torch.equal(framed[:, 1:3], x[:, 1::2, 1::2])
    assert framed[:, [0, 3, 4]].eq(1).all()
    assert torch.equal(arranging.framed(x, 8, 4, 0.0, "bicubic"), x)
    assert arranging.framed(random(1, 1, 900, 3), 3, 3, 0.0, "area").shape == (1, 3, 3, 3)


RED = torch.tensor([1.0, 0.0, 0.0])


def test_stitching():
    a, b = random(1, 4, 6, 3), random(1, 4, 2, 3, seed=1)
    beside = arranging.stitched(a, b, "right", RED, 0, resized=False)
    assert torch.equal(beside, torch.cat((a, b), 2))
    gap = arranging.stitched(a, b, "left", RED, 2, resized=False)
    assert torch.equal(gap[:, :, :2], b) and torch.equal(gap[:, :, 4:], a)
    assert gap[:, :, 2:4].eq(RED).all()
    below = arranging.stitched(a, b, "down", RED, 0, resized=True)
    assert below.shape == (1, 4 + 12, 6, 3)  # 2 x 4 pixels become 6 x 12
    above = arranging.stitched(a, b, "up", torch.ones(3), 0, resized=False)
    assert torch.equal(above[:, :4, 2:4], b) and above[:, :4, [0, 1, 4, 5]].eq(1).all()
    dark = arranging.stitched(a, b, "up", RED, 0, resized=False)
    assert dark[:, :4, [0, 1, 4, 5]].eq(0).all()


def test_stitching_unlike_batches_and_channels():
    a, b = random(3, 2, 2, 4), random(2, 2, 2, 3, seed=1)
    made = arranging.stitched(a, b, "right", RED, 2, resized=True)
    assert made.shape == (3, 2, 6, 4)
    assert torch.equal(made[2, :, 4:, :3], b[1])
    assert made[:, :, 2:, 3].eq(1).all()


def disc(radius=20, side=64):
    at = torch.arange(side) - side / 2 + 0.5
    return (at[:, None] ** 2 + at**2 < radius**2).float()[None, None]


def test_soft_edges_follow_the_outline():
    edges = soft_edges(disc().expand(1, 3, -1, -1), 1.0)
    assert edges.shape == (1, 1, 64, 64)
    at = torch.arange(64) - 31.5
    distance = ((at[:, None] ** 2 + at**2).sqrt() - 20).abs()[None, None]
    assert edges[distance < 1].min() > 0.5
    assert edges[distance > 14].max() < 0.05
    assert soft_edges(torch.full((1, 3, 32, 32), 0.4), 1.0).max() < 1e-6


def test_soft_edges_see_colours_of_equal_brightness():
    x = torch.zeros(1, 3, 32, 32)
    x[:, 0, :, :16] = 0.5
    x[:, 1, :, 16:] = 0.5 * 0.299 / 0.587
    assert soft_edges(x, 1.0)[..., 15:17].min() > 0.5


@pytest.mark.parametrize("contrast", [1.0, 0.2])
def test_drawings_show_dark_lines(contrast):
    x = torch.full((1, 1, 40, 40), 0.9)
    x[..., 10, :] -= 0.8 * contrast
    x[..., 30, :] += 0.1 * contrast
    drawn = drawing(x, 1.0, 1.0)
    assert drawn[..., 10, :].min() > 0.9
    assert drawn[..., 28:33, :].max() == 0  # a bright line is none
    assert drawn[..., 18:24, :].max() == 0
    assert torch.equal(drawing(x, 1.0, 0.5)[..., 10, :], drawing(x, 1.0, 1.0)[..., 10, :] / 2) or contrast == 1.0
    assert drawing(torch.ones(1, 3, 16, 16), 1.0, 1.0).eq(0).all()


def test_scribbles_are_black_and_white_and_as_thick_as_asked():
    x = torch.ones(1, 3, 40, 40)
    x[..., 20, :] = 0
    thin, thick = (scribble(x, 1.0, 0.1, thickness)[0, 0, :, 5] for thickness in (1, 7))
    assert set(thin.tolist()) == {0.0, 1.0}
    assert thick.sum() == thin.sum() + 6
    assert thin[20] == 1


def test_normals_of_a_slope_and_of_a_plane():
    plane = normals(torch.full((1, 1, 8, 8), 0.3), 1.0, 2.0)
    assert torch.allclose(plane, torch.tensor([0.5, 0.5, 1.0])[None, :, None, None].expand(1, 3, 8, 8))
    right = torch.linspace(0, 1, 17).expand(1, 1, 17, 17)  # nearer to the right: faces left
    facing = normals(right, 1.0, 0.0)[0, :, 8, 8] * 2 - 1
    assert facing.norm().item() == pytest.approx(1, abs=1e-5)
    assert facing[0] < -0.5 and abs(facing[1]) < 1e-5
    assert facing[2] / -facing[0] == pytest.approx(16 / 17, rel=1e-4)
    up = normals(right.mT, 1.0, 0.0)[0, :, 8, 8] * 2 - 1  # nearer at the bottom: faces up
    assert up[1] > 0.5


def test_coarse_pictures():
    x = random(1, 3, 32, 48)
    assert torch.allclose(coarse.softened(x, 1.0), x, atol=1e-6)
    soft = coarse.softened(x, 8.0)
    assert soft.shape == x.shape and soft.std() < 0.3 * x.std()
    assert soft.mean() == pytest.approx(x.mean().item(), abs=0.02)
    blocks = coarse.blocks(x, 16)
    assert torch.allclose(blocks[..., :16, :16], x[..., :16, :16].mean((2, 3), keepdim=True).expand(1, 3, 16, 16))
    assert coarse.blocks(x, 512).flatten(2).std(-1).max() < 1e-6
