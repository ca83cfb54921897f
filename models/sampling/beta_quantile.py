"""Quantiles of the beta distribution, so that one scheduler does not need all of SciPy."""

from __future__ import annotations

import math

_TINY = 1e-300


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return x with P(X <= x) = `probability` for X ~ Beta(a, b), to about 1e-15.

    `probability` lies in 0..1, `a` and `b` are positive. Bisection is slow but cannot fail, and a schedule asks
    for a few dozen values once a run.
    """
    if probability <= 0:
        return 0.0
    if probability >= 1:
        return 1.0
    if a == b and probability == 0.5:
        return 0.5  # exactly: the scheduler rounds 0.5 * 999 and would notice the last digit
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if regularised_incomplete_beta(middle, a, b) < probability:
            low = middle
        else:
            high = middle


def regularised_incomplete_beta(x: float, a: float, b: float) -> float:
    """Return I_x(a, b) for x in 0..1 (Abramowitz & Stegun 26.5)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta)
    # The fraction converges fast below the mean; above it the mirrored function is used.
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Evaluate the fraction of A&S 26.5.8 by Lentz's method."""
    numerator, denominator = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = denominator
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            denominator = 1 / _nonzero(1 + term * denominator)
            numerator = _nonzero(1 + term / numerator)
            value *= denominator * numerator
        if abs(denominator * numerator - 1) < 1e-16:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
