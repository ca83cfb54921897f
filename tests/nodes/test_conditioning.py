"""Nodes that combine and change conditioning."""

import pytest
import torch

from execution.events import Warned
from execution.node import NodeInputError
from nodes import conditioning as nodes


def prompt(value, tokens=77, pooled=None, **options):
    given = {**options, **({} if pooled is None else {"pooled_output": torch.full((1, 4), float(pooled))})}
    return [[torch.full((1, tokens, 8), float(value)), given]]


def test_entries_are_lists_of_states_and_options_as_other_packs_expect(bench):
    a, b = prompt(1, pooled=1), prompt(2, pooled=2)
    made = [
        nodes.conditioning_combine(conditioning_1=a, conditioning_2=b),
        nodes.conditioning_concat(conditioning_to=a, conditioning_from=b, ctx=bench.ctx),
        nodes.conditioning_average(conditioning_to=a, conditioning_from=b, ctx=bench.ctx),
        nodes.conditioning_set_area(conditioning=a),
        nodes.conditioning_zero_out(conditioning=a),
    ]
    for conditioning in made:
        for entry in conditioning:
            assert isinstance(entry, list)
            assert isinstance(entry[0], torch.Tensor)
            assert isinstance(entry[1], dict)


def test_combining_lists_both():
    a, b = prompt(1), prompt(2)
    assert nodes.conditioning_combine(conditioning_1=a, conditioning_2=b) == a + b


def test_concatenating_appends_tokens_and_keeps_the_firsts_options(bench):
    a, b = prompt(1, pooled=1, width=5) + prompt(3), prompt(2, tokens=154, pooled=2)
    first, second = nodes.conditioning_concat(conditioning_to=a, conditioning_from=b, ctx=bench.ctx)
    assert first[0].shape == (1, 231, 8)
    assert first[0][0, :, 0].tolist() == [1] * 77 + [2] * 154
    assert first[1]["pooled_output"].eq(1).all() and first[1]["width"] == 5
    assert second[0][0, [0, -1], 0].tolist() == [3, 2]
    assert bench.events == []


def test_only_the_first_of_what_is_appended_counts_and_that_is_told(bench):
    (entry,) = nodes.conditioning_concat(
        conditioning_to=prompt(1), conditioning_from=prompt(2) + prompt(3), ctx=bench.ctx
    )
    assert entry[0][0, -1, 0] == 2
    assert "2 prompts" in bench.told(Warned)[0].sentence


@pytest.mark.parametrize("share, expected", [(1.0, 1), (0.0, 5), (0.25, 4)])
def test_averaging(bench, share, expected):
    (entry,) = nodes.conditioning_average(
        conditioning_to=prompt(1, pooled=1),
        conditioning_from=prompt(5, pooled=5),
        conditioning_to_strength=share,
        ctx=bench.ctx,
    )
    assert entry[0].eq(expected).all()
    assert entry[1]["pooled_output"].eq(expected).all()


def test_averaging_prompts_of_unlike_length(bench):
    def average(to, other):
        return nodes.conditioning_average(
            conditioning_to=to, conditioning_from=other, conditioning_to_strength=0.5, ctx=bench.ctx
        )[0]

    longer = average(prompt(2, tokens=154), prompt(4))
    assert longer[0][0, :, 0].tolist() == [3] * 77 + [1] * 77
    shorter = average(prompt(2), prompt(4, tokens=154))
    assert shorter[0][0, :, 0].tolist() == [3] * 77


def test_averaging_when_one_lacks_the_pooled_output(bench):
    (taken,) = nodes.conditioning_average(
        conditioning_to=prompt(1),
        conditioning_from=prompt(5, pooled=5),
        conditioning_to_strength=0.5,
        ctx=bench.ctx,
    )
    assert taken[1]["pooled_output"].eq(5).all()
    (kept,) = nodes.conditioning_average(
        conditioning_to=prompt(1, pooled=1), conditioning_from=prompt(5), conditioning_to_strength=0.5, ctx=bench.ctx
    )
    assert kept[1]["pooled_output"].eq(1).all()


@pytest.mark.parametrize("node", [nodes.conditioning_average, nodes.conditioning_concat])
def test_prompts_of_unlike_encoders_are_refused(bench, node):
    narrow = [[torch.zeros(1, 77, 3), {}]]
    with pytest.raises(NodeInputError, match=r"3 values wide.*same CLIP") as error:
        node(conditioning_to=prompt(1), conditioning_from=narrow, ctx=bench.ctx)
    assert error.value.input_name == "conditioning_from"


def test_an_empty_conditioning_is_refused(bench):
    with pytest.raises(NodeInputError, match="empty") as error:
        nodes.conditioning_average(conditioning_to=prompt(1), conditioning_from=[], ctx=bench.ctx)
    assert error.value.input_name == "conditioning_from"


def options(conditioning):
    ((_, found),) = conditioning
    return found


def test_areas_are_in_units_of_the_latent():
    found = options(
        nodes.conditioning_set_area(conditioning=prompt(1, width=9), width=128, height=64, x=16, y=24, strength=0.5)
    )
    assert found == {"width": 9, "area": (8, 16, 3, 2), "strength": 0.5, "set_area_to_bounds": False}


def test_areas_in_shares_of_the_picture():
    found = options(
        nodes.conditioning_set_area_percentage(
            conditioning=prompt(1), width=0.5, height=0.25, x=0.1, y=0.2, strength=2.0
        )
    )
    assert found == {"area": ("percentage", 0.25, 0.5, 0.2, 0.1), "strength": 2.0, "set_area_to_bounds": False}


def test_strength_alone():
    assert options(nodes.conditioning_set_area_strength(conditioning=prompt(1), strength=0.3)) == {"strength": 0.3}


@pytest.mark.parametrize("where, bounds", [("default", False), ("mask bounds", True)])
def test_masks(where, bounds):
    mask = torch.ones(4, 6)
    found = options(nodes.conditioning_set_mask(conditioning=prompt(1), mask=mask, strength=0.7, set_cond_area=where))
    assert found["mask"].shape == (1, 4, 6)
    assert (found["mask_strength"], found["set_area_to_bounds"]) == (0.7, bounds)


def test_time():
    found = options(nodes.conditioning_set_timestep_range(conditioning=prompt(1), start=0.2, end=0.8))
    assert found == {"start_percent": 0.2, "end_percent": 0.8}


def test_zeros():
    ((states, found),) = nodes.conditioning_zero_out(conditioning=prompt(3, pooled=2, width=7))
    assert states.shape == (1, 77, 8) and states.eq(0).all()
    assert found["pooled_output"].eq(0).all() and found["width"] == 7
    assert "pooled_output" not in options(nodes.conditioning_zero_out(conditioning=prompt(3)))


def test_nothing_given_is_changed(bench):
    given = prompt(1, pooled=1)
    nodes.conditioning_set_area(conditioning=given)
    nodes.conditioning_zero_out(conditioning=given)
    nodes.conditioning_average(conditioning_to=given, conditioning_from=prompt(2, pooled=2), ctx=bench.ctx)
    assert list(given[0][1]) == ["pooled_output"]
    assert given[0][0].eq(1).all() and given[0][1]["pooled_output"].eq(1).all()
