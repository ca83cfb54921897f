"""Counting layers by the names of their tensors."""

from __future__ import annotations

from collections.abc import Container


def count_numbered(names: Container[str], pattern: str) -> int:
    """How many of `pattern.format(0)`, `pattern.format(1)` ... are among the names, without a gap."""
    number = 0
    while pattern.format(number) in names:
        number += 1
    return number
