"""The bundled pair, judged by rule: 50 prompts "a {colour} {shape} on a {colour} background" at one seed."""

from __future__ import annotations

import pytest

from models.checkpoint import Checkpoint
from models.training.export import BASE_FILE, REFINER_FILE
from models.training.judge import Verdict, flat_grain, look
from tests.bundled.painting import CAPTIONS, FOLDER, PROMPTS, ensemble, load_pair, pictures, run, start


@pytest.fixture(scope="module")
def pair() -> tuple[Checkpoint, Checkpoint]:
    return load_pair()


@pytest.fixture(scope="module")
def verdicts(pair) -> list[Verdict]:
    base, _ = pair
    return [look(picture) for picture in pictures(base, run(base, CAPTIONS, *start(50), steps=20))]


def share(passed: list[bool]) -> float:
    return sum(passed) / len(passed)


def test_the_prompts_are_all_different():
    assert len(set(CAPTIONS)) == 50


def test_both_colours_are_right(verdicts):
    pairs = zip(PROMPTS, verdicts, strict=True)
    assert share([(v.colour, v.background) == (colour, ground) for (colour, _, ground), v in pairs]) >= 0.95


def test_the_shape_is_right(verdicts):
    assert share([verdict.shape == shape for (_, shape, _), verdict in zip(PROMPTS, verdicts, strict=True)]) >= 0.80


def test_the_refiner_takes_grain_away_and_keeps_the_picture(pair):
    alone, refined = ensemble(*pair, CAPTIONS[:12])
    before, after = (sum(map(flat_grain, batch)) for batch in (alone, refined))
    assert after < 0.7 * before
    verdicts = [look(picture) for picture in refined]
    kept = [(v.colour, v.shape, v.background) == triple for triple, v in zip(PROMPTS, verdicts, strict=False)]
    assert share(kept) >= 0.8


def test_a_crop_moves_the_shape(pair):
    """SDXL's micro-conditioning: 40 pixels cut away at the left move the shape to the left."""
    base, _ = pair
    captions = ["a black square on a white background"] * 2
    whole = pictures(base, run(base, captions, *start(2), steps=12))
    cropped = pictures(base, run(base, captions, *start(2), steps=12, crop_w=40, crop_h=0))
    at = [(batch.mean(1) < 0.5).nonzero()[:, 2].float().mean().item() for batch in (whole, cropped)]
    assert at[0] == pytest.approx(64, abs=8)
    assert at[0] - at[1] > 20


def test_both_files_fit_in_40_megabytes():
    assert sum((FOLDER / name).stat().st_size for name in (BASE_FILE, REFINER_FILE)) <= 40_000_000
