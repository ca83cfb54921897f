"""What may be hidden in a picture: some dozens of bits, given as text, as hexadecimal digits or as they are."""

from __future__ import annotations

from collections.abc import Sequence

Bits = tuple[int, ...]

SDXL_MESSAGE: Bits = tuple(int(bit) for bit in f"{0b101100111110110010010000011110111011000110011110:048b}")
"""What Stability AI's and diffusers' SDXL pipelines write: it says that a picture was made, and nothing else."""

LEAST_BITS, MOST_BITS = 32, 256
"""Fewer could be there by chance; more would leave each of them too few blocks of a small picture."""


class MessageError(ValueError):
    """What cannot be hidden; the text is a sentence for people."""


def bits_of_bytes(content: bytes) -> Bits:
    """The bits of some bytes, the highest of each first."""
    return checked(tuple(int(bit) for byte in content for bit in f"{byte:08b}"))


def bits_of_hex(text: str) -> Bits:
    """The bits that hexadecimal digits stand for; spaces between them do not count.

    Raises:
        MessageError: other signs, an odd number of digits, or too few or too many.
    """
    try:
        return bits_of_bytes(bytes.fromhex(text))
    except MessageError:
        raise
    except ValueError as error:
        raise MessageError(f"{text[:40]!r} is no row of bytes in hexadecimal digits, such as b3ec907bb19e.") from error


def bits_of_digits(text: str) -> Bits:
    """The bits that a row of 0 and 1 stands for; spaces between them do not count.

    Raises:
        MessageError: other signs, or too few or too many.
    """
    digits = "".join(text.split())
    if set(digits) - {"0", "1"}:
        raise MessageError(f"{text[:40]!r} is no row of bits: write 0 and 1 alone.")
    return checked(tuple(int(digit) for digit in digits))


def checked(bits: Bits) -> Bits:
    """The bits, if there are neither too few nor too many.

    Raises:
        MessageError: there are.
    """
    if not LEAST_BITS <= len(bits) <= MOST_BITS:
        raise MessageError(
            f"The message has {len(bits)} bits ({len(bits) / 8:g} bytes). From {LEAST_BITS} to {MOST_BITS} bits can be "
            f"hidden, which are {LEAST_BITS // 8} to {MOST_BITS // 8} bytes."
        )
    return bits


def bytes_of(bits: Sequence[int]) -> bytes:
    """The bytes that bits make up; zeros fill the last one."""
    digits = "".join(map(str, bits))
    digits += "0" * (-len(digits) % 8)
    return bytes(int(digits[start : start + 8], 2) for start in range(0, len(digits), 8))


def digits_of(bits: Sequence[int]) -> str:
    """The bits as a row of 0 and 1."""
    return "".join(map(str, bits))
