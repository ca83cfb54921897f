"""Canny's edges."""

import pytest
import torch

from models.edges import canny


def square(value=1.0):
    picture = torch.zeros(1, 3, 32, 32)
    picture[:, :, 8:24, 8:24] = value
    return picture


def test_a_square_has_an_outline_one_pixel_wide():
    edges = canny(square(), 0.4, 0.8)[0, 0]
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    assert edges[12:20].sum(1).tolist() == [2.0] * 8
    rows, columns = edges.nonzero(as_tuple=True)
    assert rows.min() in (7, 8)
    assert rows.max() in (23, 24)
    assert columns.min() in (7, 8)
    assert columns.max() in (23, 24)
    assert edges[11:21, 11:21].sum() == 0


def test_flat_pictures_have_none():
    assert canny(torch.full((2, 3, 16, 16), 0.5), 0.01, 0.02).sum() == 0


def test_weak_edges_count_where_they_go_on_from_strong_ones():
    picture = torch.zeros(1, 1, 64, 64)
    picture[..., 32:] = torch.linspace(0.1, 0.6, 64)[:, None]  # an edge that grows stronger downwards
    picture[..., :, 8:10] = 0.1  # a weak one by itself
    strong_alone = canny(picture, 0.79, 0.8)[0, 0]
    followed = canny(picture, 0.2, 0.8)[0, 0]
    assert followed[:, 28:36].any(1).sum() > strong_alone[:, 28:36].any(1).sum() + 10
    assert followed[:, 4:14].sum() == 0


def test_colours_count_by_their_brightness():
    red_on_black = torch.zeros(1, 3, 16, 16)
    red_on_black[:, 0, :, 8:] = 1
    grey = red_on_black[:, :1] * 0.299
    assert torch.equal(canny(red_on_black, 0.3, 0.6), canny(grey, 0.3, 0.6))


def test_pictures_smaller_than_the_smoothing():
    assert canny(torch.rand(1, 3, 1, 2), 0.1, 0.2).shape == (1, 1, 1, 2)


def test_thresholds_in_the_wrong_order():
    with pytest.raises(ValueError, match=r"low threshold \(0.9\)"):
        canny(square(), 0.9, 0.1)
