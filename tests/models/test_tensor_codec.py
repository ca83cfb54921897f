"""What travels on wires, to bytes and back."""

import math
from collections import OrderedDict
from typing import NamedTuple

import pytest
import torch

from models.tensor_codec import DTYPES, TensorCodec


class Pair(NamedTuple):
    left: object
    right: object


CODEC = TensorCodec()


def trip(value):
    return CODEC.decode(CODEC.encode([[value]]))[0][0]


def same(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


BASE = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)

VALUES = [
    None, True, 0, -(2**70), 1.5, -0.0, math.nan, math.inf, "", "ä\ud800\0", b"\0\xff",
    [], (), {}, [[], ((),)], {"a": {1: 2, None: 3, 2.5: 4, (1, 2): 5}},
    {"samples": torch.rand(1, 4, 8, 8), "noise_mask": torch.ones(1, 1, 8, 8), "batch_index": [0, 3]},
    [[torch.rand(1, 77, 16), {"pooled_output": torch.rand(1, 8), "width": 64, "area": (8, 8, 0, 0)}]],
    Pair(torch.zeros(0), Pair(1, [2])),
    BASE.T if BASE.ndim == 2 else BASE.transpose(0, 2), BASE[:, 1:], BASE[0, 0, 0], BASE.expand(5, 2, 3, 4),
    {"tensor": "0", "list": [1], "named": ["a", "b"], "items": []},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_values_come_back_as_they_were(value):
    assert same(value, trip(value))
    assert CODEC.size([[value]]) >= 0


@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
def test_every_format_of_numbers(dtype):
    assert same(torch.tensor([0, 1, 1], dtype=dtype), trip(torch.tensor([0, 1, 1], dtype=dtype)))


def test_a_tensor_that_stands_twice_is_kept_once():
    tensor = torch.rand(1000)
    twice = CODEC.encode([[tensor, tensor]])
    assert len(twice) < 5000
    first, second = CODEC.decode(twice)[0]
    assert first is second


def test_a_small_view_of_a_large_tensor_stays_small():
    large = torch.rand(100_000)
    assert len(CODEC.encode([[large[:10]]])) < 1000


def test_what_inference_mode_made_can_be_kept_from_another_thread():
    with torch.inference_mode():
        value = torch.rand(3) * 2
    assert same(value.clone(), trip(value))


def deep():
    value = []
    for _ in range(60):
        value = [value]
    return value


def endless():
    value = []
    value.append(value)
    value.append(value)
    return value


UNKEPT = [
    object(), lambda: 1, {1, 2}, OrderedDict(), type("Text", (str,), {})("x"), torch.nn.Linear(1, 1),
    torch.nn.Parameter(torch.zeros(1)), torch.zeros(1, requires_grad=True), torch.zeros(1, device="meta"),
    torch.eye(3).to_sparse(), 10**5000, deep(), endless(), [0] * 200_000 + [[]], complex(1, 2),
    torch.zeros(1, dtype=torch.complex64),
]  # fmt: skip


@pytest.mark.parametrize("value", UNKEPT, ids=range(len(UNKEPT)))
def test_what_cannot_be_kept_is_told_at_once(value):
    assert CODEC.size([[1, value]]) is None
    with pytest.raises(ValueError):
        CODEC.encode([[value]])


def test_a_named_tuple_that_is_gone_makes_no_result():
    data = CODEC.encode([[Pair(1, 2)]]).replace(b'"Pair"', b'"Gone"')
    with pytest.raises(ValueError, match="no named tuple"):
        CODEC.decode(data)


@pytest.mark.parametrize("named", [["os", "system"], ["builtins", "tuple"], ["no.such", "Thing"], [1, 2], ["os"]])
def test_names_lead_to_named_tuples_alone(named):
    import json
    import struct

    text = json.dumps({"named": named, "items": ["echo"]}).encode()
    with pytest.raises(ValueError):
        CODEC.decode(struct.pack(">Q", len(text)) + text + CODEC.encode([])[-10:])


def test_damaged_bytes_are_told_as_such():
    whole = CODEC.encode([[torch.rand(4), {"a": (1,)}]])
    for length in range(0, len(whole) - 1, 7):
        with pytest.raises(ValueError):
            CODEC.decode(whole[:length])
