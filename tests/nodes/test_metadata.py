"""Workflows in pictures: ours and other people's."""

import io
import json
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from nodes.metadata import MAX_TEXT, MetadataError, embedded_texts, read_embedded

PROMPT = json.dumps({"1": {"class_type": "KSampler", "inputs": {"text": "ä"}}})
WORKFLOW = json.dumps({"nodes": [], "version": 0.4})


def picture(format, **options):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, format, **options)
    return file.getvalue()


def png_with(add):
    info = PngImagePlugin.PngInfo()
    add(info)
    return picture("PNG", pnginfo=info)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(kind, data, where=33):
    """A PNG with a chunk after its header."""
    whole = picture("PNG")
    return whole[:where] + chunk(kind, data) + whole[where:]


def test_plain_text_chunks():
    both = png_with(lambda info: (info.add_text("prompt", PROMPT), info.add_text("workflow", WORKFLOW)))
    assert read_embedded(both) == (PROMPT, WORKFLOW)
    assert read_embedded(png_with(lambda info: info.add_text("workflow", WORKFLOW))) == (None, WORKFLOW)


def test_packed_and_international_text_chunks():
    assert read_embedded(png_with(lambda info: info.add_text("prompt", PROMPT, zip=True))).prompt == PROMPT
    assert read_embedded(png_with(lambda info: info.add_itxt("prompt", PROMPT, "de", "Eingabe"))).prompt == PROMPT
    assert read_embedded(png_with(lambda info: info.add_itxt("prompt", PROMPT, zip=True))).prompt == PROMPT


def test_text_after_the_pixels_counts():
    whole = picture("PNG")
    assert (
        read_embedded(whole[:-12] + chunk(b"tEXt", b"workflow\0" + WORKFLOW.encode()) + whole[-12:]).workflow
        == WORKFLOW
    )


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_letters_beyond_ascii(coding):
    text = '{"text": "grün"}'
    assert read_embedded(with_chunk(b"tEXt", b"prompt\0" + text.encode(coding))).prompt == text


@pytest.mark.parametrize("format", ["WEBP", "JPEG"])
def test_exif_texts(format):
    exif = Image.Exif()
    exif[0x010F] = f"workflow:{WORKFLOW}"
    exif[0x0110] = f"prompt:{PROMPT}"
    assert read_embedded(picture(format, exif=exif)) == (PROMPT, WORKFLOW)


def test_exif_texts_in_utf8():
    exif = Image.Exif()
    exif[0x0110] = 'prompt:{"text": "grün"}'.encode()
    assert read_embedded(picture("WEBP", exif=exif)).prompt == '{"text": "grün"}'


def test_a_file_by_its_path(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(with_chunk(b"tEXt", b"prompt\0" + PROMPT.encode()))
    assert read_embedded(path).prompt == PROMPT


@pytest.mark.parametrize("format", ["PNG", "WEBP", "JPEG", "GIF"])
def test_pictures_without_a_workflow_say_so(format):
    with pytest.raises(MetadataError, match="carries no workflow"):
        read_embedded(picture(format))


def test_a_picture_cut_off_after_its_workflow_still_gives_it():
    whole = with_chunk(b"tEXt", b"prompt\0" + PROMPT.encode())
    assert read_embedded(whole[:-20]).prompt == PROMPT


@pytest.mark.parametrize(
    "name, data, says",
    [
        ("empty", b"", "not a picture"),
        ("text", b"hello", "not a picture"),
        ("signature", b"\x89PNG\r\n\x1a\n", "cut off"),
        ("cut", picture("PNG")[:40], "cut off"),
        (
            "long chunk",
            b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 2**32 - 1, b"tEXt") + b"prompt\0",
            "cut off or damaged",
        ),
        ("checksum", with_chunk(b"tEXt", b"prompt\0{}").replace(b"prompt\0{}", b"prompt\0[]"), "checksum"),
        ("packed badly", with_chunk(b"zTXt", b"prompt\0\0garbage"), "cannot be unpacked"),
        ("bomb", with_chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"0" * (MAX_TEXT + 1), 9)), "refused"),
        ("bomb in iTXt", with_chunk(b"iTXt", b"prompt\0\1\0\0\0" + zlib.compress(b"0" * (MAX_TEXT + 1), 9)), "refused"),
        ("no keyword end", with_chunk(b"tEXt", b"prompt"), None),
    ],
)
def test_hostile_files(name, data, says):
    if says is None:
        assert read_embedded(data).prompt == ""
        return
    with pytest.raises(MetadataError, match=says):
        read_embedded(data)


def test_what_our_files_carry():
    texts = embedded_texts({"1": {"text": "ä"}}, {"workflow": {"a": 1}, "notes": [1]})
    assert texts == {"prompt": '{"1": {"text": "\\u00e4"}}', "workflow": '{"a": 1}', "notes": "[1]"}
    assert embedded_texts(None, None) == {}


def test_names_that_a_png_cannot_hold_are_left_out():
    assert embedded_texts(None, {"x" * 80: 1, "字": 1, "": 1, "a\0b": 1, "ok": 1}) == {"ok": "1"}
