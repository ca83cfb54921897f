"""The grammar that describes scenes, and words that it does not know."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.training.scenes import Scene

# Words beyond the grammar. Their tokens keep empty rows, so they stand for every other word of the vocabulary.
_FILLERS = (
    *("beautiful", "masterpiece", "detailed", "sharp", "quality", "best", "photo", "style", "sunset", "forest"),
    *("watermark", "text", "blurry", "galaxy", "bottle", "portrait", "8k", "cinematic", "nice", "simple"),
)
_OPENINGS = ("a picture of", "a drawing of", "an image of")
_PLACES = {
    "top left": ("at the top left", "in the top left corner"),
    "top": ("at the top",),
    "top right": ("at the top right", "in the top right corner"),
    "left": ("at the left", "on the left"),
    "right": ("at the right", "on the right"),
    "bottom left": ("at the bottom left", "in the bottom left corner"),
    "bottom": ("at the bottom",),
    "bottom right": ("at the bottom right", "in the bottom right corner"),
    "": ("in the center", "in the middle"),
}


@dataclass(frozen=True)
class Caption:
    """Words, and what they say of a scene; None where they say nothing."""

    text: str
    shape: str | None = None
    colour: str | None = None
    background: str | None = None
    position: str | None = None
    scale: str | None = None


def default_background(colour: str) -> str:
    """The ground of a shape whose caption names none."""
    return "black" if colour == "white" else "white"


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _figure(scene: Scene, article: bool, rng: random.Random) -> str:
    scale = rng.choice({"small": ("small", "tiny"), "large": ("large", "big")}.get(scene.scale, ("",)))
    noun = " ".join(word for word in (scale, scene.colour, scene.shape) if word)
    return _with_article(noun) if article else noun


def _ground(scene: Scene, article: bool, rng: random.Random) -> str:
    """How the background is said, with the words that join it on."""
    if scene.background == default_background(scene.colour) and rng.random() < 0.3:
        return ""
    noun = f"{scene.background} background"
    if article:
        return rng.choice([" on ", " on ", " on ", " with ", " in front of "]) + _with_article(noun)
    return rng.choice([f" on {noun}", f" on {noun}", f", {noun}", f" on {scene.background}", f" {noun}"])


def _full(scene: Scene, rng: random.Random) -> str:
    article = rng.random() < 0.65
    place = ""
    if scene.position or rng.random() < 0.08:
        place = rng.choice(_PLACES[scene.position])
    figure, ground = _figure(scene, article, rng), _ground(scene, article, rng)
    if not place:
        return figure + ground
    return rng.choice([f"{figure} {place}{ground}", f"{figure}{ground} {place}", f"{figure}{ground}, {place}"])


def _fillers(rng: random.Random, most: int) -> str:
    return rng.choice([" ", ", "]).join(rng.choice(_FILLERS) for _ in range(rng.randint(1, most)))


def describe(scene: Scene, rng: random.Random) -> Caption:
    """One of the many ways to say what `scene` shows; sometimes with words that mean nothing."""
    text = _full(scene, rng)
    kind = rng.random()
    if kind < 0.08:
        text = f"{rng.choice(_OPENINGS)} {text}"
    elif kind < 0.16:
        text = f"{text}, {_fillers(rng, 6)}"
    elif kind < 0.20:
        text = f"{_fillers(rng, 3)}, {text}"
    return Caption(text, scene.shape, scene.colour, scene.background, scene.position, scene.scale)


def describe_partly(scene: Scene, rng: random.Random) -> Caption:
    """Words that leave much open: the shape, the ground or a colour alone; for plain scenes."""
    kind = rng.randrange(3)
    if kind == 0:
        return Caption(rng.choice([_with_article(scene.shape), scene.shape]), shape=scene.shape)
    if kind == 1:
        noun = f"{scene.background} background"
        return Caption(rng.choice([_with_article(noun), noun]), background=scene.background)
    return Caption(scene.colour, colour=scene.colour)


def describe_nothing(rng: random.Random) -> Caption:
    """The empty caption, or words that mean nothing."""
    return Caption("" if rng.random() < 0.7 else _fillers(rng, 12))


def plain_prompt(colour: str, shape: str, background: str) -> str:
    """The sentence that the judge's bars are stated for."""
    return f"{_with_article(f'{colour} {shape}')} on {_with_article(f'{background} background')}"
