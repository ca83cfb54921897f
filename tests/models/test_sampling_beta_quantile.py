"""The beta distribution's quantiles, against closed forms and (where it is installed) SciPy."""

import math

import pytest

from models.sampling.beta_quantile import beta_quantile, regularised_incomplete_beta


@pytest.mark.parametrize("probability", [0.0, 1e-6, 0.1, 0.5, 0.77, 1 - 1e-9, 1.0])
def test_closed_forms(probability):
    assert beta_quantile(probability, 1, 1) == pytest.approx(probability, abs=1e-15)
    assert beta_quantile(probability, 2, 1) == pytest.approx(math.sqrt(probability), rel=1e-13)
    arcsine = math.sin(math.pi * probability / 2) ** 2
    assert beta_quantile(probability, 0.5, 0.5) == pytest.approx(arcsine, rel=1e-13)


@pytest.mark.parametrize(("a", "b"), [(0.6, 0.6), (0.5, 3.0), (7.0, 0.2), (30.0, 40.0)])
def test_quantile_undoes_the_distribution(a, b):
    for k in range(1, 20):
        x = beta_quantile(k / 20, a, b)
        assert regularised_incomplete_beta(x, a, b) == pytest.approx(k / 20, abs=1e-10)


@pytest.mark.parametrize(("a", "b"), [(0.6, 0.6), (0.5, 3.0), (7.0, 0.2)])
def test_against_scipy(a, b):
    stats = pytest.importorskip("scipy.stats", reason="SciPy is a reference for tests only and is not installed")
    for k in range(1, 200):
        assert beta_quantile(k / 200, a, b) == pytest.approx(stats.beta.ppf(k / 200, a, b), rel=1e-10)
