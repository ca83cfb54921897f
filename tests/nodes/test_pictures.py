"""Reading picture files of all kinds, and writing ours."""

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from nodes.pictures import PictureError, load_channel, load_picture, png, to_bytes


def save(image, path, **options):
    image.save(path, **options)
    return path


def ramp(mode, width=6, height=4):
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = (np.arange(width * height * bands) * 7 % 256).astype(np.uint8).reshape(height, width, bands)
    return Image.fromarray(values.squeeze(-1) if bands == 1 else values, mode=None), values


def test_rgb_is_divided_by_255(tmp_path):
    image, values = ramp("RGB")
    picture = load_picture(save(image, tmp_path / "a.png"))
    assert torch.equal(picture.pixels, torch.tensor(values[None] / 255.0, dtype=torch.float32))
    assert picture.pixels.dtype == torch.float32
    assert picture.transparency is None


def test_alpha_becomes_transparency_and_leaves_the_colours_alone(tmp_path):
    image, values = ramp("RGBA")
    picture = load_picture(save(image, tmp_path / "a.png"))
    assert torch.equal(picture.pixels, torch.tensor(values[None, ..., :3] / 255.0, dtype=torch.float32))
    assert torch.allclose(picture.transparency, torch.tensor(1 - values[None, ..., 3] / 255.0, dtype=torch.float32))


def test_grey_with_and_without_alpha(tmp_path):
    image, values = ramp("L")
    picture = load_picture(save(image, tmp_path / "a.png"))
    assert torch.equal(picture.pixels[..., 0], picture.pixels[..., 2])
    assert torch.equal(picture.pixels[0, ..., 0], torch.tensor(values[..., 0] / 255.0, dtype=torch.float32))
    image.putalpha(128)
    assert load_picture(save(image, tmp_path / "b.png")).transparency[0, 0, 0] == pytest.approx(127 / 255)


def test_sixteen_bit_grey_keeps_its_precision(tmp_path):
    values = np.array([[0, 1, 257, 32768, 65535]], dtype=np.uint16)
    picture = load_picture(save(Image.fromarray(values), tmp_path / "a.png"))
    assert picture.pixels[0, 0, :, 1].tolist() == pytest.approx([v / 65535 for v in values[0].tolist()])


def test_floating_point_pictures_are_taken_as_they_are(tmp_path):
    values = np.array([[-1.0, 0.25, 2.0, np.nan]], dtype=np.float32)
    picture = load_picture(save(Image.fromarray(values), tmp_path / "a.tiff"))
    assert picture.pixels[0, 0, :, 0].tolist() == [0, 0.25, 1, 0]


def test_palettes_with_and_without_a_transparent_colour(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    plain = load_picture(save(image, tmp_path / "a.png"))
    assert plain.pixels[0, 0].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert plain.transparency is None
    clear = load_picture(save(image, tmp_path / "b.png", transparency=1))
    assert clear.pixels[0, 0, 0].tolist() == [1, 0, 0]
    assert clear.transparency[0, 0].tolist() == [0, 1]


def test_a_transparent_colour_of_an_rgb_png(tmp_path):
    image = Image.new("RGB", (2, 1), (10, 20, 30))
    image.putpixel((1, 0), (0, 0, 0))
    picture = load_picture(save(image, tmp_path / "a.png", transparency=(0, 0, 0)))
    assert picture.transparency[0, 0].tolist() == [0, 1]


@pytest.mark.parametrize("orientation, corner", [(1, (0, 0)), (2, (0, -1)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_exif_orientation_is_applied(tmp_path, orientation, corner):
    image = Image.new("RGB", (32, 16))
    image.paste((255, 255, 255), (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = load_picture(save(image, tmp_path / "a.jpg", exif=exif, quality=95))
    assert tuple(picture.pixels.shape[1:3]) == ((16, 32) if orientation < 5 else (32, 16))
    assert picture.pixels[0][corner].min() > 0.9


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_frames_of_an_animation_become_a_batch(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    path = tmp_path / f"a.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, **options)
    picture = load_picture(path)
    assert picture.pixels.shape == (3, 8, 8, 3)
    assert torch.allclose(picture.pixels.mean(dim=(1, 2)), torch.eye(3), atol=0.02)


def test_frames_of_another_size_are_left_out(tmp_path):
    path = tmp_path / "a.tiff"
    Image.new("RGB", (8, 8)).save(
        path, save_all=True, append_images=[Image.new("RGB", (4, 4)), Image.new("RGB", (8, 8))]
    )
    with Image.open(path) as opened:
        assert len(list(ImageSequence.Iterator(opened))) == 3
    assert load_picture(path).pixels.shape == (2, 8, 8, 3)


def test_channels(tmp_path):
    image, values = ramp("RGBA")
    path = save(image, tmp_path / "a.png")
    for index, channel in enumerate(("red", "green", "blue")):
        assert torch.equal(load_channel(path, channel), torch.tensor(values[..., index] / 255.0, dtype=torch.float32))
    assert torch.allclose(load_channel(path, "alpha"), torch.tensor(1 - values[..., 3] / 255.0, dtype=torch.float32))
    opaque = save(image.convert("RGB"), tmp_path / "b.png")
    assert torch.equal(load_channel(opaque, "alpha"), torch.zeros(4, 6))


def chunk(kind, data, length=None):
    size = len(data) if length is None else length
    return struct.pack(">I", size) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with_header(width, height, rest=b""):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest


def valid_png():
    file = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(file, "PNG")
    return file.getvalue()


HOSTILE = {
    "empty": b"",
    "text": b"not a picture at all",
    "signature": b"\x89PNG\r\n\x1a\n",
    "cut-header": valid_png()[:20],
    "cut-data": valid_png()[: len(valid_png()) // 2],
    "cut-end": valid_png()[:-30],
    "huge": png_with_header(100_000, 100_000, chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")),
    "largest": png_with_header(2**31 - 1, 2**31 - 1, chunk(b"IDAT", b"") + chunk(b"IEND", b"")),
    "long-chunk": png_with_header(8, 8, chunk(b"IDAT", b"abc", length=2**31 - 1)),
    "no-data": png_with_header(8, 8, chunk(b"IEND", b"")),
    "garbage-data": png_with_header(8, 8, chunk(b"IDAT", b"garbage") + chunk(b"IEND", b"")),
    "bomb-text": png_with_header(
        8, 8, chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"0" * 2**28, 9)) + chunk(b"IDAT", b"")
    ),
    "bad-jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 30,
    "bad-gif": b"GIF89a\xff\xff\xff\xff\xf7\0\0",
    "bad-webp": b"RIFF\xff\xff\xff\x7fWEBPVP8 \xff\xff\xff\x7f",
    "bad-tiff": b"II*\0\xff\xff\xff\x7f",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_a_sentence(tmp_path, name):
    path = tmp_path / f"{name}.png"
    path.write_bytes(HOSTILE[name])
    for read in (load_picture, lambda p: load_channel(p, "alpha")):
        with pytest.raises(PictureError) as error:
            read(path)
        assert path.name in str(error.value)
        assert str(error.value).endswith(".")


def test_eight_bits_are_cut_off_not_rounded():
    values = torch.tensor([0.1, 0.2, 0.3, 0.5, 0.25, 2 / 3, 1.0, -1.0, 2.0, 0.999999, float("nan"), float("inf")])
    assert to_bytes(values[None, :, None]).ravel().tolist() == [25, 51, 76, 127, 63, 170, 255, 0, 255, 254, 0, 255]


@pytest.mark.parametrize("channels, mode", [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_our_png_files(channels, mode):
    pixels = torch.rand(5, 7, channels, generator=torch.Generator().manual_seed(0))
    with Image.open(io.BytesIO(png(pixels, {"prompt": '{"a": "\\u00e4"}'}))) as opened:
        assert (opened.mode, opened.size) == (mode, (7, 5))
        assert opened.text == {"prompt": '{"a": "\\u00e4"}'}
        assert np.array_equal(np.asarray(opened).reshape(5, 7, channels), to_bytes(pixels))


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 2), (5, 7, 5)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(PictureError, match="channels"):
        png(torch.zeros(shape), {})
