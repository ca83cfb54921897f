"""The invisible watermark: bits in a picture's colours that outlive its file's metadata."""

import math
from typing import Annotated, Literal, NamedTuple

import torch

from execution.fields import Advanced, Help, Name, Optional, Range
from execution.node import Context, NodeInputError, node
from models.watermark.detect import MATCH_BY_LUCK, Reading, matching, readings
from models.watermark.embed import LEAST_PIXELS, embed, large_enough
from models.watermark.message import (
    LEAST_BITS,
    MOST_BITS,
    SDXL_MESSAGE,
    Bits,
    MessageError,
    bits_of_bytes,
    bits_of_digits,
    bits_of_hex,
    bytes_of,
    digits_of,
)
from nodes.types import Image

Kind = Literal["sdxl", "text", "hex", "bits"]

SavedWatermark = Annotated[
    Literal["none", "sdxl"],
    Optional(),
    Advanced(),
    Help(
        "sdxl: hide the 48 bits that SDXL pipelines write, which say that a model made the picture. JPEG destroys them."
    ),
]
"""An input of nodes that save pictures; the last, so that saved workflows keep their widgets' places."""

NO_COLOURS = "A watermark lies in the colours, and these pictures have {} channels. Connect pictures with 3 or 4."
TOO_SMALL = (
    "A picture of {} x {} pixels is too small for a watermark: "
    f"it needs {LEAST_PIXELS:,} pixels (256 x 256), or readers refuse it."
)


def marked(pictures: torch.Tensor, bits: Bits) -> torch.Tensor:
    """Pictures [B, H, W, 3 or 4] with hidden bits.

    Raises:
        MessageError: they are too small or grey; the text is a sentence.
    """
    height, width, channels = pictures.shape[1:]
    if channels < 3:
        raise MessageError(NO_COLOURS.format(channels))
    if not large_enough(height, width):
        raise MessageError(TOO_SMALL.format(width, height))
    return embed(pictures, bits)


def marked_if_possible(ctx: Context, pictures: torch.Tensor) -> torch.Tensor:
    """Pictures with SDXL's message; pictures that cannot carry it as they are, and the user is told."""
    try:
        return marked(pictures, SDXL_MESSAGE)
    except MessageError as error:
        ctx.warn(f"Saved without a watermark. {error}")
        return pictures


def read_message(kind: Kind, text: str) -> Bits:
    """The bits that a node's inputs name.

    Raises:
        NodeInputError: the text does not say any, or too few or too many.
    """
    try:
        if kind == "sdxl":
            return SDXL_MESSAGE
        if kind == "text":
            return bits_of_bytes(text.encode())
        return bits_of_hex(text) if kind == "hex" else bits_of_digits(text)
    except MessageError as error:
        raise NodeInputError("message", str(error)) from error


@node("EmbedWatermark", category="image/watermark", display_name="Embed Watermark")
def embed_watermark(
    *,
    image: Annotated[Image, Help("The pictures to mark: with colours, and of at least 256 x 256 pixels.")],
    kind: Annotated[
        Kind, Help("sdxl: the 48 bits that SDXL pipelines write. Else how the message is written: text, hex or bits.")
    ] = "sdxl",
    message: Annotated[
        str, Help("What is hidden: 4 to 32 bytes as text, as hexadecimal digits, or as 0 and 1. sdxl needs none.")
    ] = "",
) -> Image:
    """Hide a message in pictures, invisibly: the library `invisible-watermark` reads it with its method dwtDct.

    It outlives saving as PNG and lossless WEBP, painting over parts and a cut at the bottom; hardly a JPEG, and
    neither scaling nor another cut.
    """
    bits = read_message(kind, message)
    try:
        return marked(image, bits)
    except MessageError as error:
        raise NodeInputError("image", str(error)) from error


class Detected(NamedTuple):
    """What pictures carry; an item for each picture."""

    found: Annotated[list[bool], Name("found"), Help("Whether the picture carries the message.")]
    message: Annotated[list[str], Name("message"), Help("What was read, written as `kind` says; sdxl's as hex.")]
    share: Annotated[
        list[float],
        Name("share"),
        Help("The share of the bits that are as expected: around 0.5 by chance. Without an expected message: how much "
             "the picture's parts agree about each bit, from 0 to 1."),
    ]  # fmt: skip


@node("DetectWatermark", category="image/watermark", display_name="Detect Watermark")
def detect_watermark(
    *,
    image: Annotated[Image, Help("The pictures to look at.")],
    kind: Annotated[
        Kind, Help("sdxl: look for the 48 bits that SDXL pipelines write. Else how messages are written.")
    ] = "sdxl",
    message: Annotated[str, Help("The message to look for. Empty: tell whatever is there.")] = "",
    length: Annotated[
        int,
        Range(LEAST_BITS, MOST_BITS),
        Advanced(),
        Help("How many bits the message has, where `message` is empty: eight times its bytes."),
    ] = 48,
) -> Detected:
    """Look for a hidden message in pictures, whether Weft wrote it or another program that uses dwtDct."""
    expected = read_message(kind, message) if kind == "sdxl" or message.strip() else None
    height, width, channels = image.shape[1:]
    if channels < 3 or not large_enough(height, width):  # nobody can have written one
        return Detected([False] * len(image), [""] * len(image), [0.0] * len(image))
    detected = Detected([], [], [])
    for picture in image:
        found, reading, share = _judged(readings(picture, len(expected) if expected else length), expected)
        detected.found.append(found)
        detected.message.append(_written(kind, reading.bits))
        detected.share.append(share)
    return detected


def _judged(found: list[Reading], expected: Bits | None) -> tuple[bool, Reading, float]:
    if expected is None:
        reading = max(found[:2], key=lambda one: one.clearness)
        return reading.clearness > 0.5 and 0 < sum(reading.bits) < len(reading.bits), reading, reading.clearness
    reading = max(found, key=lambda one: matching(one.bits, expected))
    right = matching(reading.bits, expected)
    return _by_luck(right, len(expected)) * len(found) <= MATCH_BY_LUCK, reading, right / len(expected)


def _by_luck(right: int, bits: int) -> float:
    """How probable at least so many right bits are where nothing is hidden."""
    return sum(math.comb(bits, count) for count in range(right, bits + 1)) / 2**bits


def _written(kind: Kind, bits: Bits) -> str:
    if kind == "bits":
        return digits_of(bits)
    content = bytes_of(bits)
    return content.decode(errors="replace") if kind == "text" else content.hex()
