"""Scenes, their pictures and their captions."""

from __future__ import annotations

import random

import pytest
import torch

from models.sdxl.tokenizer import ClipTokenizer
from models.training.captions import describe, describe_nothing, describe_partly, plain_prompt
from models.training.drawing import draw, draw_mixture
from models.training.latents import Examples, aesthetic_score, for_refiner
from models.training.scenes import COLOURS, NATIVE_SIZE, Framing, Scene, random_framing, random_scene
from models.training.shapes import SHAPES, coverage


def shape_centre(pictures: torch.Tensor) -> tuple[float, float]:
    """x and y, in pixels, of what differs from the top left corner's colour in the first picture."""
    differs = (pictures[0] - pictures[0, :, :1, :1]).abs().sum(0) > 0.5
    rows, columns = differs.nonzero(as_tuple=True)
    return columns.float().mean().item(), rows.float().mean().item()


def test_colours_are_exact_inside_and_outside():
    picture = draw([Scene("square", "orange", "blue")], [Framing()])[0]
    as_bytes = ((picture + 1) * 127.5).round()
    assert tuple(as_bytes[:, 64, 64].tolist()) == COLOURS["orange"]
    assert tuple(as_bytes[:, 2, 2].tolist()) == COLOURS["blue"]


@pytest.mark.parametrize("shape", SHAPES)
def test_coverage_is_anti_aliased_and_scales_with_the_radius(shape):
    half = torch.tensor([0.5])
    small = coverage(shape, half, half, torch.tensor([0.15]), 256)
    large = coverage(shape, half, half, torch.tensor([0.30]), 256)
    assert large.sum() / small.sum() == pytest.approx(4, rel=0.02)
    partial = ((large > 0) & (large < 1)).float().mean()
    assert 0 < partial < 0.05


def test_a_circle_covers_its_area():
    half = torch.tensor([0.5])
    area = coverage("circle", half, half, torch.tensor([0.25]), 256).mean().item()
    assert area == pytest.approx(3.14159 * 0.25**2, rel=1e-3)


def test_cropping_moves_the_shape_to_the_left_and_up():
    scene = Scene("circle", "red", "white")
    x, y = shape_centre(draw([scene], [Framing()]))
    cropped_x, cropped_y = shape_centre(draw([scene], [Framing(crop=(8, 20))]))
    assert x - cropped_x == pytest.approx(20, abs=0.6)
    assert y - cropped_y == pytest.approx(8, abs=0.6)


def test_a_small_original_is_blurred():
    scene = Scene("star", "black", "white")
    sharp, blurred = draw([scene, scene], [Framing(), Framing((16, 16), drawn=16)])
    assert blurred.diff().abs().max() < 0.5 * sharp.diff().abs().max()


def test_random_scenes_fit_their_colours_and_frames():
    rng = random.Random(0)
    scenes = [random_scene(rng) for _ in range(400)]
    framings = [random_framing(rng) for _ in range(400)]
    assert all(scene.colour != scene.background for scene in scenes)
    assert {scene.shape for scene in scenes} == set(SHAPES)
    assert any(framing.crop != (0, 0) for framing in framings)
    assert all((framing.original[0] < NATIVE_SIZE) == (framing.drawn < NATIVE_SIZE) for framing in framings)


def test_mixtures_stay_in_range_and_repeat():
    first, again = (draw_mixture(6, random.Random(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (6, 3, NATIVE_SIZE, NATIVE_SIZE)
    assert first.abs().max() <= 1.001


def test_captions_say_what_they_claim():
    rng = random.Random(0)
    tokenizer = ClipTokenizer()
    for _ in range(500):
        scene = random_scene(rng)
        caption = describe(scene, rng)
        assert scene.colour in caption.text
        assert scene.shape in caption.text
        assert len(tokenizer.ids(caption.text)) <= 75
        if scene.background not in caption.text:
            assert scene.background == ("black" if scene.colour == "white" else "white")
        if scene.position:
            assert scene.position.split()[-1] in caption.text


def test_articles_agree():
    assert plain_prompt("orange", "star", "blue") == "an orange star on a blue background"
    assert plain_prompt("red", "ring", "orange") == "a red ring on an orange background"


def test_partial_captions_leave_something_open():
    rng = random.Random(0)
    for _ in range(50):
        caption = describe_partly(random_scene(rng), rng)
        assert [caption.shape, caption.colour, caption.background].count(None) == 2
    assert "" in {describe_nothing(rng).text for _ in range(20)}


def test_the_score_tells_the_refiner_what_the_size_keeps_to_itself():
    rng = random.Random(0)
    framings = [random_framing(rng) for _ in range(300)]
    scores = [aesthetic_score(framing, rng) for framing in framings]
    assert all(
        (score >= 5.5) == (framing.drawn == NATIVE_SIZE) for score, framing in zip(scores, framings, strict=True)
    )
    latents, captions = torch.zeros(300, 4, 16, 16), [""] * 300
    hidden = for_refiner(Examples(latents, captions, framings, scores))
    told = [framing.original[0] < NATIVE_SIZE for framing in hidden.framings if framing.drawn < NATIVE_SIZE]
    assert 0.3 < sum(told) / len(told) < 0.7
    assert [framing.crop for framing in hidden.framings] == [framing.crop for framing in framings]
