"""Random damage to pictures of every format: either they load, or the error is a sentence of ours."""

import io
import random

import pytest
from PIL import Image

from folders.embedded import MetadataError, read_embedded
from nodes.pictures import PictureError, load_picture

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP")
MUTATIONS = 60


def whole(format):
    exif = Image.Exif()
    exif[0x010F] = 'workflow:{"nodes": []}'
    exif[0x0112] = 6
    frames = [Image.effect_noise((24, 16), 80).convert("RGB") for _ in range(2)]
    options = {"save_all": True, "append_images": frames[1:]} if format in ("PNG", "GIF", "TIFF", "WEBP") else {}
    if format not in ("GIF", "BMP"):
        options["exif"] = exif
    file = io.BytesIO()
    frames[0].save(file, format, **options)
    return file.getvalue()


def damaged(data, chance):
    data = bytearray(data)
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(data[: chance.randrange(len(data))])
    if kind == 1:
        start = chance.randrange(len(data))
        del data[start : start + chance.randrange(1, 40)]
    elif kind == 2:
        start = chance.randrange(len(data))
        data[start:start] = chance.randbytes(chance.randrange(1, 40))
    else:
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.choice((0, 255, 127, 128, chance.randrange(256)))
    return bytes(data)


@pytest.mark.parametrize("format", FORMATS)
def test_damage_is_told_in_a_sentence(tmp_path, format):
    chance = random.Random(format)
    original = whole(format)
    path = tmp_path / f"x.{format.lower()}"
    refused = 0
    for _ in range(MUTATIONS):
        path.write_bytes(damaged(original, chance))
        try:
            load_picture(path)
        except PictureError as error:
            refused += 1
            assert str(error).endswith(".")
        try:
            read_embedded(path)
        except MetadataError as error:
            assert str(error).endswith(".")
    assert refused > 0  # the damage is real
