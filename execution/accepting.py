"""Calling other people's hooks with those of the values that they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any


def accepted_names(function: Callable[..., Any]) -> frozenset[str]:
    """The names of the arguments a function takes by name, with "*" among them where it takes any."""
    names: set[str] = set()
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            names.add("*")
        elif parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            names.add(name)
    return frozenset(names)


def accepting(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    """A function of all values that gives `function` the ones it takes."""
    names = accepted_names(function)
    if "*" in names:
        return lambda values: function(**values)
    return lambda values: function(**{name: value for name, value in values.items() if name in names})
