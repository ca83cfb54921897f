"""Numbers in queries."""

from __future__ import annotations

import math

from aiohttp import web

from web.refusal import Refusal

LARGEST = 2**53  # SQLite's integers end at 2**63, JavaScript's here


def whole_number(request: web.Request, name: str) -> int | None:
    """A whole number from the query; None where it is not given. Negative ones count as absent, as -1 means "all".

    Raises:
        Refusal: it is not a number.
    """
    text = request.query.get(name)
    if text is None or text == "":
        return None
    try:
        value = int(text[:40])
    except ValueError:
        raise _no_number(name, "whole number") from None
    return None if value < 0 else min(value, LARGEST)


def real_number(request: web.Request, name: str) -> float | None:
    """A number from the query; None where it is not given.

    Raises:
        Refusal: it is not a number.
    """
    text = request.query.get(name)
    if text is None or text == "":
        return None
    try:
        value = float(text[:40])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _no_number(name, "number")
    return value


def _no_number(name: str, kind: str) -> Refusal:
    return Refusal(400, "invalid_request", f"{name} in the query is not a {kind}.", f"Give one, as in ?{name}=10.")
