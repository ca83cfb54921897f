"""A node that a result came from, as nodes downstream may know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from execution.errors import NodeRef
from execution.schema import NodeSpec


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A node, the values of its widgets and the files that it names."""

    ref: NodeRef
    spec: NodeSpec
    values: Mapping[str, tuple[Any, ...]]  # one, or one for each call; what a link gave as far as that is known
    files: Mapping[str, str]  # inputs that name files -> the digests that the cache key has of them
    mentions: Mapping[str, str]  # inputs whose text may name files -> the folder of those
