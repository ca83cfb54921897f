"""The library invisible-watermark reads what Weft hides, and Weft reads what the library hides."""

import io
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.watermark.detect import matching, readings
from models.watermark.message import SDXL_MESSAGE
from nodes.pictures import png, to_bytes
from nodes.watermark import detect_watermark, embed_watermark
from tests.clients.installing import bare_packages

LIBRARY = ("invisible-watermark==0.2.0", "opencv-python-headless==5.0.0.93", "PyWavelets==1.9.0")
DRIVER = Path(__file__).with_name("watermark_library.py")
SHEET = Path(__file__).parents[2] / "docs" / "images" / "bundled-contact-sheet.png"


def originals():
    """Pictures of 8 bits: noise, smooth, odd sides, drawn, and ones of the bundled model."""
    down, across = np.mgrid[0:320, 0:384] / 383
    smooth = np.stack([across, down, (across + down) / 2], axis=-1)
    waves = np.stack([np.sin(9 * across) ** 2, down, across * down], axis=-1)
    with Image.open(SHEET) as sheet:
        shapes = np.asarray(sheet.convert("RGB"))[:512, :512]
    return {
        "noise": np.random.default_rng(3).integers(0, 256, (256, 256, 3), dtype=np.uint8),
        "smooth": (smooth * 255).astype(np.uint8),
        "odd": (waves * 255).astype(np.uint8)[:301, :365],
        "grey": np.full((264, 272, 3), 128, np.uint8),
        "shapes": shapes,
    }


NAMES = tuple(originals())


def tensor(picture):
    return torch.as_tensor(picture.astype(np.float32) / 255)[None]


def as_saved(pictures):
    """What a program reads from the PNG that Weft saves."""
    with Image.open(io.BytesIO(png(pictures[0], {}))) as opened:
        return np.asarray(opened)


def psnr(a, b):
    return 10 * math.log10(255**2 / np.square(a.astype(float) - b).mean())


@pytest.fixture(scope="module")
def ours():
    return {name: as_saved(embed_watermark(image=tensor(picture))) for name, picture in originals().items()}


@pytest.fixture(scope="module")
def theirs(ours, tmp_path_factory):
    """What the library makes of the originals, and what it reads in ours."""
    folder = tmp_path_factory.mktemp("watermark")
    given = originals() | {f"marked/{name}": picture for name, picture in ours.items()}
    np.savez(folder / "given.npz", bits=np.array(SDXL_MESSAGE), **given)
    packages = str(bare_packages("invisible-watermark", *LIBRARY))
    command = [sys.executable, str(DRIVER), str(folder / "given.npz"), str(folder / "answer.npz")]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": packages}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(np.load(folder / "answer.npz"))


@pytest.mark.parametrize("name", NAMES)
def test_the_library_reads_every_bit_of_ours_in_the_saved_file(theirs, name):
    assert theirs[f"marked/{name}"].astype(int).tolist() == list(SDXL_MESSAGE)


@pytest.mark.parametrize("way", ["bytes", "floats"])
@pytest.mark.parametrize("name", NAMES)
def test_we_read_the_librarys(theirs, name, way):
    picture = tensor(theirs[f"{name}/{way}"])
    found = detect_watermark(image=picture)
    assert found.found == [True]
    their_bits = tuple(int(bit) for bit in theirs[f"read/{name}/{way}"])  # not always those it wrote
    our_bits = readings(picture[0], len(SDXL_MESSAGE))[("bytes", "floats").index(way)].bits
    assert matching(our_bits, their_bits) >= 46
    assert found.share[0] * 48 >= matching(their_bits, SDXL_MESSAGE) - 2


@pytest.mark.parametrize("name", NAMES)
def test_ours_changes_a_picture_less_than_the_librarys(theirs, ours, name):
    before = originals()[name]
    quality = psnr(before, ours[name])
    assert quality > 39
    assert quality > psnr(before, theirs[f"{name}/bytes"])


def test_an_unmarked_picture_is_not_taken_for_a_marked_one(ours):
    for picture in originals().values():
        assert detect_watermark(image=tensor(picture)).found == [False]
    assert all(detect_watermark(image=tensor(picture)).found == [True] for picture in ours.values())


def test_the_pixels_are_cut_to_eight_bits_as_they_are_saved(ours):
    again = to_bytes(tensor(ours["shapes"])[0])
    assert np.array_equal(again, ours["shapes"])
