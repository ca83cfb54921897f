"""A digest of a function's code, so that results cached by an older version of it are not taken for its own."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any, cast

from execution.constants import constant_text


def code_digest(*functions: Callable[..., Any]) -> str:
    """Sixteen hex digits over the byte code, names, constants and defaults of functions and of those nested in them.

    What they call is not in it: the engine's `code_salt` stands for the rest of the program.
    """
    digest = hashlib.blake2b(digest_size=8)
    pending: list[CodeType] = []
    for function in functions:
        inner = inspect.unwrap(function)
        code: Any = getattr(inner, "__code__", None)
        if isinstance(code, CodeType):
            pending.append(code)
            defaults: Any = (getattr(inner, "__defaults__", None), getattr(inner, "__kwdefaults__", None))
            digest.update((constant_text(defaults) or "").encode())
        else:
            digest.update(repr(function.__class__.__qualname__).encode())
    while pending:
        code = pending.pop()
        digest.update(code.co_code)
        digest.update(repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                pending.append(constant)
            else:
                digest.update(_stable_repr(constant).encode())
    return digest.hexdigest()


def _stable_repr(constant: Any) -> str:
    """`repr`, but for the sets of constants that `in {...}` compiles to: their order differs between processes."""
    if isinstance(constant, frozenset):
        return "{" + ",".join(sorted(repr(item) for item in cast("frozenset[Any]", constant))) + "}"
    return repr(constant)
