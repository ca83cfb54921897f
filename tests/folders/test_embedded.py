"""Workflows in pictures: ours and other people's."""

import io
import json
import random
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from folders.embedded import MAX_TEXT, MOST_CHUNKS, MOST_TEXTS, MetadataError, read_embedded

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


def test_of_many_texts_only_some_are_read():
    """A thousand small ones that each unpack to the limit would keep a reader busy for minutes."""
    whole = picture("PNG")
    texts = b"".join(chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"%d" % number)) for number in range(1000))
    assert read_embedded(whole[:33] + texts + whole[33:]).prompt == str(MOST_TEXTS - 1)


def test_a_file_of_countless_parts_is_not_read_to_its_end():
    whole = picture("PNG")
    parts = whole[:33] + chunk(b"tEXt", b"prompt\0" + PROMPT.encode()) + chunk(b"none", b"") * (MOST_CHUNKS + 1)
    assert read_embedded(parts + whole[33:]).prompt == PROMPT
    with pytest.raises(MetadataError, match="parts"):
        read_embedded(whole[:33] + chunk(b"none", b"") * (MOST_CHUNKS + 1) + whole[33:])


def safetensors(metadata, length=None):
    header = json.dumps(
        {"__metadata__": metadata, "x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    ).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + b"\0" * 4


def test_the_metadata_of_a_latent():
    assert read_embedded(safetensors({"prompt": PROMPT, "workflow": WORKFLOW})) == (PROMPT, WORKFLOW)
    with pytest.raises(MetadataError, match="carries no workflow"):
        read_embedded(safetensors({"format": "pt"}))
    for data in (safetensors({}, 2**63), safetensors({}, 20), safetensors(5), struct.pack("<Q", 9) + b"{" * 9):
        with pytest.raises(MetadataError):
            read_embedded(data)


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_of_either_byte_order(order):
    texts = [(0x010F, f"workflow:{WORKFLOW}".encode()), (0x0110, f"prompt:{PROMPT}".encode()), (0x0111, b"abc\0")]
    entries, data, at = b"", b"", 8 + 2 + 12 * len(texts) + 4
    for tag, text in texts:
        place = text if len(text) <= 4 else struct.pack(f"{order}I", at + len(data))
        entries += struct.pack(f"{order}HHI", tag, 2, len(text)) + place
        data += text if len(text) > 4 else b""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    block = mark + struct.pack(f"{order}IH", 8, len(texts)) + entries + bytes(4) + data
    jpeg = picture("JPEG")
    other = b"\xff\xe1" + struct.pack(">H", 9) + b"http://"
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block
    assert read_embedded(jpeg[:2] + other + segment + jpeg[2:]) == (PROMPT, WORKFLOW)


def test_damaged_exif_ends_in_a_sentence():
    chance = random.Random(11)
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{PROMPT}"
    for whole in (picture("WEBP", exif=exif), picture("JPEG", exif=exif)):
        assert read_embedded(whole).prompt == PROMPT
        for _ in range(2_000):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 8)):
                data[chance.randrange(len(data))] = chance.choice((0, 255, 1, chance.randrange(256)))
            try:
                read_embedded(bytes(data[: chance.randrange(4, len(data) + 1)]))
            except MetadataError as error:
                assert str(error).endswith(".")
