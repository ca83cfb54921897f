"""The judge must see what is there, and must not see what is not."""

from __future__ import annotations

import pytest
import torch

from models.training.drawing import draw
from models.training.judge import flat_grain, look
from models.training.scenes import COLOURS, Framing, Scene
from models.training.shapes import SHAPES


def picture(scene: Scene, grain: float = 0.0) -> torch.Tensor:
    pixels = (draw([scene], [Framing()])[0] + 1) / 2
    noise = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(0))
    return (pixels + grain * noise).clamp(0, 1)


@pytest.mark.parametrize("grain", [0.0, 0.06])
@pytest.mark.parametrize("shape", SHAPES)
def test_sees_shape_and_colours(shape, grain):
    names = list(COLOURS)
    for colour, background in zip(names, names[3:] + names[:3], strict=True):
        verdict = look(picture(Scene(shape, colour, background), grain))
        assert (verdict.shape, verdict.colour, verdict.background) == (shape, colour, background)


def test_an_empty_picture_has_no_shape():
    verdict = look(torch.full((3, 128, 128), 0.97))
    assert verdict.background == "white"
    assert verdict.colour is None
    assert verdict.shape is None


def test_a_blob_like_no_shape_is_refused():
    pixels = torch.ones(3, 128, 128)
    pixels[:, 20:26, 10:110] = 0.0
    pixels[:, 80:120, 60:66] = 0.0
    assert look(pixels).shape is None


def test_a_wrong_colour_is_told():
    assert look(picture(Scene("circle", "orange", "white"))).colour != "red"


def test_grain_is_measured_in_grey_levels():
    clean, grainy = picture(Scene("ring", "red", "white")), torch.full((3, 128, 128), 0.5)
    assert flat_grain(clean) < 0.01
    noise = torch.randn(grainy.shape, generator=torch.Generator().manual_seed(1))
    assert flat_grain(grainy + noise * 4 / 255) == pytest.approx(16, rel=0.1)
