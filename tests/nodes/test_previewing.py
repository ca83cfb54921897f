"""PreviewAny shows whatever flows."""

import pytest
import torch

from execution.node import Ui
from nodes.previewing import preview_any


def shown(value):
    result = preview_any(source=value)
    assert isinstance(result, Ui)
    (text,) = result.data["text"]
    return text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a cat", "a cat"),
        (7, "7"),
        (0.5, "0.5"),
        (True, "True"),
        (None, "None"),
        ([1, {"a": "ä"}], '[\n  1,\n  {\n    "a": "ä"\n  }\n]'),
    ],
)
def test_plain_values_are_written_as_they_are(value, text):
    assert shown(value) == text


def test_tensors_and_what_holds_them_are_told_by_their_shape():
    latent = {"samples": torch.zeros(1, 4, 16, 16)}
    assert "[1, 4, 16, 16]" in shown(latent)
    assert "[1, 77, 64]" in shown([[torch.zeros(1, 77, 64), {}]])
