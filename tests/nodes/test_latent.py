"""Nodes that make and change latents."""

import pytest
import torch
import torch.nn.functional as F

from execution.node import Context, NodeInputError
from models.resize import bislerp
from nodes import latent as nodes
from nodes import latent_math as arithmetic


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_blank_latents_have_an_eighth_of_the_pixels():
    samples = nodes.empty_latent_image(width=520, height=264, batch_size=3)["samples"]
    assert samples.shape == (3, 4, 33, 65)
    assert samples.dtype == torch.float32
    assert samples.eq(0).all()


@pytest.mark.parametrize(
    "width, height, expected",
    [(0, 0, (8, 16)), (256, 128, (16, 32)), (0, 128, (16, 32)), (256, 0, (16, 32)), (8, 8, (8, 8)), (0, 8, (8, 16))],
)
def test_upscaling_to_pixels(width, height, expected):
    given = {"samples": random(1, 4, 8, 16), "noise_mask": torch.ones(1, 1, 8, 8)}
    result = nodes.latent_upscale(samples=given, upscale_method="bilinear", width=width, height=height, crop="disabled")
    assert tuple(result["samples"].shape[-2:]) == expected
    assert torch.equal(result["samples"], F.interpolate(given["samples"], size=expected, mode="bilinear"))
    assert result["noise_mask"] is given["noise_mask"]


def test_upscaling_cuts_the_middle_out_when_asked():
    x = random(1, 4, 8, 16)
    result = nodes.latent_upscale(
        samples={"samples": x}, upscale_method="nearest-exact", width=64, height=64, crop="center"
    )
    assert torch.equal(result["samples"], x[..., 4:12])


def test_upscaling_by_a_factor():
    x = random(1, 4, 8, 6)
    result = nodes.latent_upscale_by(samples={"samples": x}, upscale_method="bislerp", scale_by=1.75)
    assert result["samples"].shape == (1, 4, 14, 10)  # 10.5 rounds to even
    assert torch.equal(result["samples"], bislerp(x, 10, 14))
    tiny = nodes.latent_upscale_by(samples={"samples": x}, upscale_method="area", scale_by=0.01)
    assert tiny["samples"].shape == (1, 4, 1, 1)


def test_composite_counts_in_pixels():
    below, above = {"samples": torch.zeros(1, 4, 8, 8), "batch_index": [3]}, {"samples": torch.ones(1, 4, 4, 4)}
    hard = nodes.latent_composite(samples_to=below, samples_from=above, x=16, y=24, feather=0)
    assert hard["samples"][0, 0, 3:7, 2:6].eq(1).all()
    assert hard["samples"].sum() == 4 * 16
    assert hard["batch_index"] == [3]
    soft = nodes.latent_composite(samples_to=below, samples_from=above, x=16, y=0, feather=16)
    assert soft["samples"][0, 0, 0, 2:6].tolist() == [0.5, 1, 1, 0.5]
    assert soft["samples"][0, 0, 3, 2:6].tolist() == [0.25, 0.5, 0.5, 0.25]


def test_composite_through_a_mask():
    below, above = {"samples": torch.zeros(2, 4, 8, 8)}, {"samples": torch.ones(1, 4, 2, 2)}
    mask = torch.tensor([[[1.0, 0.0], [0.0, 0.5]]])
    result = nodes.latent_composite_masked(destination=below, source=above, x=8, y=8, mask=mask)["samples"]
    assert result[1, 2, 1:3, 1:3].tolist() == [[1, 0], [0, 0.5]]
    assert result.sum() == 2 * 4 * 1.5
    stretched = nodes.latent_composite_masked(destination=below, source=above, resize_source=True)["samples"]
    assert stretched.eq(1).all()


def test_a_noise_mask_gets_four_sides():
    mask = random(2, 16, 16)
    result = nodes.set_latent_noise_mask(samples={"samples": random(2, 4, 2, 2)}, mask=mask, ctx=Context())
    assert torch.equal(result["noise_mask"], mask[:, None])


def test_mirroring_and_turning():
    x = torch.arange(6.0).reshape(1, 1, 2, 3)  # 0 1 2 / 3 4 5
    given = {"samples": x}
    flip, turn = nodes.latent_flip, nodes.latent_rotate
    assert flip(samples=given, flip_method="x-axis: vertically")["samples"][0, 0].tolist() == [[3, 4, 5], [0, 1, 2]]
    assert flip(samples=given, flip_method="y-axis: horizontally")["samples"][0, 0].tolist() == [[2, 1, 0], [5, 4, 3]]
    assert turn(samples=given, rotation="none")["samples"][0, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert turn(samples=given, rotation="90 degrees")["samples"][0, 0].tolist() == [[3, 0], [4, 1], [5, 2]]
    assert turn(samples=given, rotation="180 degrees")["samples"][0, 0].tolist() == [[5, 4, 3], [2, 1, 0]]
    assert turn(samples=given, rotation="270 degrees")["samples"][0, 0].tolist() == [[2, 5], [1, 4], [0, 3]]


@pytest.mark.parametrize(
    "width, height, x, y, rows, columns",
    [
        (64, 64, 16, 8, slice(1, 9), slice(2, 10)),
        (512, 512, 0, 0, slice(0, 12), slice(0, 16)),
        (64, 64, 4096, 4096, slice(4, 12), slice(8, 16)),
    ],
)
def test_cropping(width, height, x, y, rows, columns):
    whole = random(1, 4, 12, 16)
    result = nodes.latent_crop(samples={"samples": whole}, width=width, height=height, x=x, y=y)
    assert torch.equal(result["samples"], whole[..., rows, columns])


def test_arithmetic():
    a, b = random(2, 4, 8, 8), random(1, 4, 8, 8, seed=1)
    first, second = {"samples": a, "batch_index": [1, 2]}, {"samples": b}
    total = arithmetic.latent_add(samples1=first, samples2=second)
    assert torch.equal(total["samples"], a + b)
    assert total["batch_index"] == [1, 2]
    assert torch.equal(arithmetic.latent_subtract(samples1=first, samples2=second)["samples"], a - b)
    assert torch.equal(arithmetic.latent_multiply(samples=first, multiplier=-2.5)["samples"], a * -2.5)
    assert torch.allclose(
        arithmetic.latent_blend(samples1=second, samples2=second, blend_factor=0.3)["samples"], b, atol=1e-6
    )
    quarter = arithmetic.latent_blend(samples1=first, samples2={"samples": a * 5}, blend_factor=0.25)
    assert torch.allclose(quarter["samples"], a * 4)


def test_latents_of_another_size_are_made_to_fit():
    a, b = random(1, 4, 8, 8), random(1, 4, 4, 8, seed=1)
    fitted = F.interpolate(b[..., 2:6], size=(8, 8), mode="bilinear")
    assert torch.equal(arithmetic.latent_add(samples1={"samples": a}, samples2={"samples": b})["samples"], a + fitted)


def test_interpolating_keeps_lengths():
    a = torch.tensor([3.0, 0, 0, 0]).reshape(1, 4, 1, 1)
    b = torch.tensor([0, 1.0, 0, 0]).reshape(1, 4, 1, 1)
    half = arithmetic.latent_interpolate(samples1={"samples": a}, samples2={"samples": b}, ratio=0.5)["samples"]
    assert half.flatten().tolist() == pytest.approx([2 * 2**-0.5, 2 * 2**-0.5, 0, 0])
    for ratio, expected in ((1.0, a), (0.0, b)):
        end = arithmetic.latent_interpolate(samples1={"samples": a}, samples2={"samples": b}, ratio=ratio)["samples"]
        assert torch.allclose(end, expected)
    nothing = {"samples": torch.zeros(1, 4, 1, 1)}
    assert arithmetic.latent_interpolate(samples1=nothing, samples2=nothing, ratio=0.5)["samples"].eq(0).all()


def strips(width=5, height=4, **more):
    return {"samples": torch.arange(width * height, dtype=torch.float32).view(1, 1, height, width), **more}


@pytest.mark.parametrize(
    "dim, index, amount, expected",
    [
        ("x", 1, 2, (slice(None), slice(1, 3))),
        ("x", 3, 9, (slice(None), slice(3, 5))),
        ("x", 99, 1, (slice(None), slice(4, 5))),
        ("x", -2, 1, (slice(None), slice(3, 4))),
        ("x", -99, 2, (slice(None), slice(0, 2))),
        ("y", -1, 5, (slice(3, 4), slice(None))),
        ("y", 0, 1, (slice(0, 1), slice(None))),
    ],
)
def test_cutting_strips(dim, index, amount, expected):
    whole = strips(noise_mask=torch.rand(1, 1, 4, 5), batch_index=[3])
    cut = arithmetic.latent_cut(samples=whole, dim=dim, index=index, amount=amount)
    assert torch.equal(cut["samples"], whole["samples"][..., *expected])
    assert torch.equal(cut["noise_mask"], whole["noise_mask"][..., *expected])
    assert cut["batch_index"] == [3]


@pytest.mark.parametrize("dim", ["x", "-x", "y", "-y"])
def test_joining_what_was_cut_gives_the_whole(dim):
    whole = strips(noise_mask=torch.rand(1, 1, 4, 5))
    one, rest = (
        arithmetic.latent_cut(samples=whole, dim=dim[-1], index=index, amount=amount)
        for index, amount in ((0, 1), (1, 9))
    )
    first, second = (rest, one) if dim.startswith("-") else (one, rest)
    joined = arithmetic.latent_concat(samples1=first, samples2=second, dim=dim)
    assert torch.equal(joined["samples"], whole["samples"])
    assert torch.equal(joined["noise_mask"], whole["noise_mask"])


def test_joining_unlike_batches_and_masks():
    mask = torch.zeros(1, 1, 8, 8)
    first, second = {"samples": torch.zeros(2, 4, 8, 8)}, {"samples": torch.ones(1, 4, 8, 4), "noise_mask": mask}
    joined = arithmetic.latent_concat(samples1=first, samples2=second, dim="x")
    assert joined["samples"].shape == (2, 4, 8, 12)
    assert joined["noise_mask"][..., :8].eq(1).all() and joined["noise_mask"][..., 8:].eq(0).all()
    assert joined["samples"][1, 0, 0].tolist() == [0] * 8 + [1] * 4


def test_what_cannot_be_joined_or_cut():
    with pytest.raises(NodeInputError, match="do not fit beside one another along x"):
        arithmetic.latent_concat(samples1=strips(), samples2=strips(height=3), dim="x")
    for call in (
        lambda: arithmetic.latent_concat(samples1=strips(), samples2=strips(), dim="-t"),
        lambda: arithmetic.latent_cut(samples=strips(), dim="t", index=0, amount=1),
    ):
        with pytest.raises(NodeInputError, match="no time"):
            call()
