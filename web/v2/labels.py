"""Labels of jobs: `metadata` of a submission, and what a list may be filtered by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from web.v2.refusals import RefusalV2

MOST_LABELS = 16
MOST_FILTERS = 3
LONGEST_VALUE = 256  # bytes of UTF-8
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_FORBIDDEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u202a-\u202e\u2066-\u2069]")  # controls; what turns text around
_FILTER = re.compile(r"metadata\[(.*)\]")


def checked_labels(given: Any) -> dict[str, str]:
    """The labels of a submission; {} for none.

    Raises:
        RefusalV2: 422 `metadata_invalid`, naming the key that breaks a rule.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _invalid('\'metadata\' must be an object of texts, as in {"client": "acme"}.')
    labels = cast("dict[str, Any]", given)
    if len(labels) > MOST_LABELS:
        raise _invalid(f"'metadata' has {len(labels)} labels; at most {MOST_LABELS} are kept.")
    for key, value in labels.items():
        if not _KEY.fullmatch(key):
            raise _invalid(f"The label {key[:60]!r} must be named by 1 to 40 of A-Z a-z 0-9 _ - and a dot.")
        if not isinstance(value, str) or _breaks(value):
            raise _invalid(f"The value of the label {key!r} must be a text of at most {LONGEST_VALUE} plain bytes.")
    return labels


def filters_of(query: Mapping[str, str]) -> dict[str, str]:
    """The labels that a list is asked for: `metadata[client]=acme`.

    Raises:
        RefusalV2: 422 `invalid_metadata_filter`.
    """
    filters: dict[str, str] = {}
    for name, value in query.items():
        if match := _FILTER.fullmatch(name):
            if not _KEY.fullmatch(match[1]) or _breaks(value):
                what = f"No label can be what the filter {name[:60]!r} asks for."
                raise RefusalV2(422, "invalid_metadata_filter", what)
            filters[match[1]] = value
    if len(filters) > MOST_FILTERS:
        what = f"A list can be filtered by at most {MOST_FILTERS} labels at once."
        raise RefusalV2(422, "invalid_metadata_filter", what)
    return filters


def has_labels(labels: Mapping[str, str], filters: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in filters.items())


def _breaks(value: str) -> bool:
    return len(value.encode("utf-8", "surrogatepass")) > LONGEST_VALUE or _FORBIDDEN.search(value) is not None


def _invalid(message: str) -> RefusalV2:
    return RefusalV2(422, "metadata_invalid", message)
