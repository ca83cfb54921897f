"""LoRAs named in a text: `<lora:name:0.8>`, as people of other programs write them."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from models.prompting.errors import PromptError

Order = Literal["unet:clip", "clip:unet"]
"""What two numbers after a name mean. Packs of node editors write the UNet's first, A1111 the text encoders'."""

TAG = re.compile(r"<\s*(?:lora|lyco)\s*:([^<>]*)>", re.IGNORECASE)
_BETWEEN_COMMAS = re.compile(rf"(^|,)\s*{TAG.pattern}\s*(?=,|$)", re.IGNORECASE)
_WITH_SPACE = re.compile(rf"[ \t]*{TAG.pattern}", re.IGNORECASE)
NEAREST = 3  # names that are offered in place of an unknown one
NAMED = {"te": "clip", "clip": "clip", "unet": "unet", "lbw": "blocks"}


@dataclass(frozen=True)
class LoraTag:
    """A LoRA that a text names."""

    name: str
    strength_model: float
    strength_clip: float
    blocks: str = ""  # block weights, see `models.adapters.block_weights`; "": every block alike


class Tagged(NamedTuple):
    """A text without its tags, and what they said, in their order."""

    text: str
    tags: list[LoraTag]


def read_tags(text: str, order: Order = "unet:clip") -> Tagged:
    """Take the tags out of a text: `<lora:name>`, `<lora:name:0.8>`, `<lora:name:0.8:0.5>`, `te=`, `unet=`, `lbw=`.

    One number holds for the UNet and the text encoders. A comma that served the tag alone goes with it.

    Raises:
        PromptError: a tag has no name, or something that is no number where one belongs.
    """
    tags = [_tag(found[1], order) for found in TAG.finditer(text)]
    if not tags:
        return Tagged(text, tags)
    plain = text
    while (shorter := _BETWEEN_COMMAS.sub("", plain)) != plain:
        plain = shorter
    return Tagged(_WITH_SPACE.sub("", plain).strip().removeprefix(",").strip(), tags)


def tag_names(text: str) -> list[str]:
    """The names in a text's tags, each once, also where the rest of a tag cannot be read."""
    return list(dict.fromkeys(name for found in TAG.finditer(text) if (name := found[1].split(":")[0].strip())))


def resolve(name: str, files: Sequence[str]) -> str | None:
    """The file that a name means: itself, without its suffix, or without its folder; the first in order, or none."""
    wanted = name.replace("\\", "/")
    for same in (
        lambda file: file == wanted,
        lambda file: _stem(file) == wanted,
        lambda file: PurePosixPath(file).name == wanted,
        lambda file: PurePosixPath(_stem(file)).name == wanted,
        lambda file: _stem(file).lower() == wanted.lower(),
        lambda file: PurePosixPath(_stem(file)).name.lower() == wanted.lower(),
    ):
        found = next((file for file in files if same(file)), None)
        if found is not None:
            return found
    return None


def nearest(name: str, files: Sequence[str]) -> list[str]:
    """The names without suffix that are most like an unknown one, the most alike first."""
    stems: Mapping[str, str] = {}
    for file in files:
        stem = _stem(file)
        stems = {stem.lower(): stem, PurePosixPath(stem).name.lower(): stem, **stems}
    close = difflib.get_close_matches(name.lower(), stems, NEAREST, cutoff=0.5)
    return list(dict.fromkeys(stems[one] for one in close))


def _stem(file: str) -> str:
    return str(PurePosixPath(file).with_suffix("")) if PurePosixPath(file).suffix else file


def _tag(inside: str, order: Order) -> LoraTag:
    name, *rest = (part.strip() for part in inside.split(":"))
    if not name:
        raise PromptError(f"The tag <lora:{inside}> has no name. Write <lora:name:0.8>.")
    numbers: list[float] = []
    named: dict[str, float] = {}
    blocks = ""
    for part in rest:
        key, equals, value = (one.strip() for one in part.partition("="))
        if not equals:
            numbers.append(_number(part, inside))
        elif key.lower() not in NAMED:
            raise PromptError(f"The tag <lora:{inside}> says {key!r}, which is not known. Known are te, unet and lbw.")
        elif NAMED[key.lower()] == "blocks":
            blocks = value
        else:
            named[NAMED[key.lower()]] = _number(value, inside)
    if len(numbers) > 2:
        raise PromptError(f"The tag <lora:{inside}> has {len(numbers)} numbers; two are the most: UNet and CLIP.")
    first, second = (*numbers, *numbers)[:2] if numbers else (1.0, 1.0)
    by_part = dict(zip(order.split(":"), (first, second), strict=True)) | named
    return LoraTag(name, by_part["unet"], by_part["clip"], blocks)


def _number(text: str, inside: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PromptError(f"The tag <lora:{inside}> says {text!r} where a strength belongs. Write <lora:name:0.8>.")
    return value
