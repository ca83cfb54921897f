"""How much of each model goes into a merge, block by block."""

from __future__ import annotations

from collections.abc import Mapping

from models.merging.blend import Portions


def average(ratio: float) -> Portions:
    """`ratio` of the first model and the rest of the second."""
    return Portions(ratio, 1.0 - ratio)


def ratio_of(name: str, ratios: Mapping[str, float]) -> float:
    """The ratio for a parameter: that of the longest of the prefixes `ratios` that its name begins with.

    Parameters that none of them fits get the first one, as the embeddings of time do where only blocks are named.
    """
    fitting = [prefix for prefix in ratios if name.startswith(prefix)]
    return ratios[max(fitting, key=len)] if fitting else next(iter(ratios.values()))
