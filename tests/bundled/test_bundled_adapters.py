"""The bundled LoRA and ControlNet do to the picture what they are there for."""

from __future__ import annotations

import pytest
import torch

from models.training.adapter_export import CONTROL_FILE, LORA_FILE
from tests.bundled.adapting import along_edges, overlap, scenes, styled, with_style
from tests.bundled.painting import FOLDER, load_pair

COUNT = 8


@pytest.fixture(scope="module")
def base():
    return load_pair()[0]


def test_the_lora_draws_outlines(base):
    alone = with_style(base, COUNT, 0.0)
    assert styled(alone) <= 1
    assert styled(with_style(base, COUNT, 1.0)) >= 7
    assert torch.equal(with_style(base, COUNT, 0.0), alone)  # the base is as it was


def test_the_controlnet_puts_shapes_where_the_edges_are(base):
    wanted = scenes(COUNT)
    assert overlap(along_edges(base, wanted, 0.0), wanted).median() < 0.5
    assert overlap(along_edges(base, wanted, 1.0), wanted).median() > 0.75
    assert overlap(along_edges(base, wanted, 1.0, shapes_said=False), wanted).median() > 0.75


def test_both_files_are_small():
    assert (FOLDER / LORA_FILE).stat().st_size < 1_000_000
    assert (FOLDER / CONTROL_FILE).stat().st_size < 6_000_000
