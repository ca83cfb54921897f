"""Embedding and detecting the invisible watermark: what it does to pictures, what it survives, and what it refuses."""

import math

import numpy as np
import pytest
import torch

from execution.node import NodeInputError
from models.watermark.detect import matching, readings
from models.watermark.embed import embed
from models.watermark.message import SDXL_MESSAGE, bits_of_hex, bytes_of
from nodes.pictures import to_bytes
from nodes.watermark import detect_watermark, embed_watermark


def noise(height, width):
    return torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(7))


def smooth(height, width):
    down, across = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    return torch.stack([across, down, (across + down) / 2], dim=-1)[None]


def flat(*colour):
    return torch.tensor(colour).expand(1, 256, 256, 3) / 255


PICTURES = {
    "noise": noise(256, 256),
    "smooth": smooth(256, 320),
    "odd": smooth(301, 415),
    "wide": noise(13, 6000),
    "grey": flat(128, 128, 128),
    "black": flat(0, 0, 0),
    "white": flat(255, 255, 255),
    "red": flat(255, 0, 0),
    "blue": flat(0, 0, 255),
    "yellow": flat(255, 255, 0),
}


def saved(pictures):
    """The pictures as they come back from an 8-bit file."""
    return torch.stack([torch.as_tensor(to_bytes(one).astype(np.float32)) / 255 for one in pictures])


def psnr(a, b):
    return -10 * math.log10(float(((a - b) ** 2).mean()))


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_embedded_is_found_after_saving_and_hardly_to_be_seen(name):
    plain = PICTURES[name]
    before = plain.clone()
    marked = embed_watermark(image=plain)
    assert torch.equal(plain, before)
    assert marked.shape == plain.shape and marked.min() >= 0 and marked.max() <= 1
    found = detect_watermark(image=saved(marked))
    assert found == ([True], ["b3ec907bb19e"], [1.0])
    assert psnr(saved(plain), saved(marked)) > (31 if name == "blue" else 35)  # full blue can only become darker
    assert detect_watermark(image=saved(plain)).found == [False]


def test_only_blue_and_green_change_and_the_brightness_stays():
    plain = 0.25 + noise(256, 256) / 2
    change = embed_watermark(image=plain) - plain
    assert torch.equal(change[..., 0], torch.zeros(1, 256, 256))
    brightness = change[..., 1] * 0.587 + change[..., 2] * 0.114
    assert brightness.abs().max() < 1e-6 and change[..., 2].abs().max() > 0.02


def test_what_whole_blocks_do_not_cover_and_transparency_stay():
    plain = torch.cat([smooth(261, 300), torch.rand(1, 261, 300, 1)], dim=-1)
    marked = embed_watermark(image=plain)
    assert torch.equal(marked[..., 3], plain[..., 3])
    assert torch.equal(marked[:, 256:], plain[:, 256:]) and torch.equal(marked[:, :, 296:], plain[:, :, 296:])
    assert not torch.equal(marked[:, 248:256, :, 2], plain[:, 248:256, :, 2])


def test_each_picture_of_a_batch_is_judged_by_itself():
    pictures = torch.cat([embed_watermark(image=noise(256, 256)), noise(256, 256)])
    found = detect_watermark(image=pictures)
    assert found.found == [True, False]
    assert found.share[0] == 1.0 and found.share[1] < 0.8


@pytest.mark.parametrize(
    ("kind", "message", "told"),
    [
        ("text", "Weft 1", "Weft 1"),
        ("text", "Grüße", "Grüße"),
        ("hex", "DE AD be ef", "deadbeef"),
        ("bits", "1" * 30 + "0 0 0 1", "1" * 30 + "0001"),
        ("hex", "0123456789abcdef" * 4, "0123456789abcdef" * 4),
    ],
)
def test_own_messages_are_told_whether_they_are_expected_or_not(kind, message, told):
    marked = saved(embed_watermark(image=smooth(256, 256), kind=kind, message=message))
    assert detect_watermark(image=marked, kind=kind, message=message) == ([True], [told], [1.0])
    bits = len(told) if kind == "bits" else 4 * len(told) if kind == "hex" else 8 * len(told.encode())
    unexpected = detect_watermark(image=marked, kind=kind, length=bits)
    assert (unexpected.found, unexpected.message) == ([True], [told])
    assert detect_watermark(image=marked).found == [False]  # it is not SDXL's


@pytest.mark.parametrize("name", ["noise", "smooth", "grey", "red"])
def test_nothing_unexpected_is_found_where_nothing_is(name):
    assert detect_watermark(image=saved(PICTURES[name]), kind="hex").found == [False]


def test_a_few_wrong_bits_do_not_matter_and_many_do():
    def found(wrong):
        bits = [1 - bit if place < wrong else bit for place, bit in enumerate(SDXL_MESSAGE)]
        return detect_watermark(image=saved(embed(smooth(256, 256), tuple(bits))))

    assert found(8).found == [True] and found(8).share == [40 / 48]
    assert found(9).found == [False] and found(9).share == [39 / 48]


def test_it_survives_a_cut_at_the_bottom_and_parts_painted_over_and_no_other_cut():
    marked = embed_watermark(image=smooth(512, 512))
    marked[:, 100:300, 50:250] = 0.5
    assert detect_watermark(image=saved(marked)).found == [True]
    marked = embed_watermark(image=smooth(512, 512))
    assert detect_watermark(image=saved(marked[:, :400])).found == [True]
    assert detect_watermark(image=saved(marked[:, :, :400])).found == [False]


def test_of_the_three_readings_the_opposite_one_is_the_first_turned_round():
    usual, _, opposite = readings(embed(noise(256, 256), SDXL_MESSAGE)[0], 48)
    assert matching(usual.bits, SDXL_MESSAGE) == 48 and matching(opposite.bits, SDXL_MESSAGE) == 0


def test_small_and_grey_pictures_are_refused_with_a_sentence():
    with pytest.raises(NodeInputError, match="255 x 256 pixels is too small"):
        embed_watermark(image=torch.zeros(1, 256, 255, 3))
    with pytest.raises(NodeInputError, match="have 1 channels"):
        embed_watermark(image=torch.zeros(1, 256, 256, 1))
    assert detect_watermark(image=torch.zeros(2, 64, 64, 3)).found == [False, False]


@pytest.mark.parametrize(
    ("kind", "message", "says"),
    [
        ("text", "abc", "24 bits"),
        ("text", "x" * 33, "264 bits"),
        ("hex", "xyz", "no row of bytes"),
        ("hex", "abc", "no row of bytes"),
        ("bits", "0123", "write 0 and 1 alone"),
        ("bits", "0101", "4 bits"),
        ("text", "", "0 bits"),
    ],
)
def test_messages_that_cannot_be_hidden_are_refused_with_a_sentence(kind, message, says):
    with pytest.raises(NodeInputError, match=says) as refused:
        embed_watermark(image=noise(256, 256), kind=kind, message=message)
    assert refused.value.input_name == "message"


def test_bits_and_bytes_are_each_others_inverse():
    assert bytes_of(bits_of_hex("b3ec907bb19e")).hex() == "b3ec907bb19e"
    assert bits_of_hex("b3ec907bb19e") == SDXL_MESSAGE
