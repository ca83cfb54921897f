"""The library invisible-watermark at work, in a process of its own: it brings OpenCV, which nothing else here needs.

`python watermark_library.py GIVEN.npz ANSWER.npz`. GIVEN holds RGB pictures of 8 bits by name; those whose names begin
with `marked/` are read, the others marked, both ways: as 8-bit pixels, which is what a program that opens a file has,
and as numbers with fractions, which is what a pipeline has. `bits` is the message.
"""

import sys

import numpy as np
from imwatermark import WatermarkDecoder, WatermarkEncoder

METHOD = "dwtDct"


def turned(picture):
    """RGB -> BGR, as OpenCV has it, or back."""
    return np.ascontiguousarray(picture[:, :, ::-1])


def marked(picture, bits):
    encoder = WatermarkEncoder()
    encoder.set_watermark("bits", bits)
    return turned(encoder.encode(turned(picture), METHOD))


def read(picture, length):
    return WatermarkDecoder("bits", length).decode(turned(picture), METHOD)


def main(given, answer):
    pictures = dict(np.load(given))
    bits = pictures.pop("bits").tolist()
    found = {}
    for name, picture in pictures.items():
        if name.startswith("marked/"):
            found[name] = read(picture, len(bits))
        else:
            found[f"{name}/bytes"] = marked(picture, bits)
            floats = marked(picture.astype(np.float32), bits)
            found[f"{name}/floats"] = np.clip(floats, 0, 255).round().astype(np.uint8)  # as a pipeline saves it
            found[f"read/{name}/bytes"] = read(found[f"{name}/bytes"], len(bits))
            found[f"read/{name}/floats"] = read(found[f"{name}/floats"].astype(np.float32), len(bits))
    np.savez(answer, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
