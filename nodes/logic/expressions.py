"""Formulas: what a person writes as `min(a, b) * 8`, computed without running anything else."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Value = float | bool

LONGEST = 2000  # characters of a formula
LARGEST_POWER = 1024  # binary digits of a whole number that a power may have
DEEPEST = 100  # nested brackets
MOST_DIGITS = 300  # that `round` rounds to

_ARITHMETIC: Any = operator  # the standard library leaves two of its functions untyped
OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: _ARITHMETIC.truediv,
        ast.FloorDiv: _ARITHMETIC.floordiv,
        ast.Mod: operator.mod,
        ast.USub: operator.neg,
        ast.UAdd: operator.pos,
        ast.Not: operator.not_,
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
    }
)


def _clamp(value: Any, low: Any, high: Any) -> Any:
    return max(low, min(high, value))


def _rounded(value: Any, digits: Any = None) -> Any:
    if digits is None:
        return round(value)
    if not isinstance(digits, int) or abs(digits) > MOST_DIGITS:
        raise FormulaError(f"round takes whole numbers of digits up to {MOST_DIGITS}, not {digits}.")
    return round(value, digits)


_SAME_NAME = ("sqrt", "exp", "log", "log2", "sin", "cos", "tan", "atan2", "hypot", "floor", "ceil", "gcd")
_OWN: dict[str, Callable[..., Any]] = {
    "abs": abs, "min": min, "max": max, "round": _rounded, "int": int, "float": float, "clamp": _clamp,
}  # fmt: skip
FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {name: getattr(math, name) for name in _SAME_NAME} | _OWN
)
CONSTANTS: Mapping[str, Value] = MappingProxyType({"pi": math.pi})


class FormulaError(ValueError):
    """A formula that cannot be computed; the message is a sentence."""


def compute(formula: str, names: Mapping[str, Value]) -> Value:
    """The value of a formula of numbers, `names`, `FUNCTIONS` and Python's arithmetic and comparisons.

    Raises:
        FormulaError: it is no such formula, divides by zero, or grows beyond all bounds.
    """
    if len(formula) > LONGEST:
        raise FormulaError(f"A formula has {LONGEST} characters at most; this one has {len(formula)}.")
    try:
        parsed = ast.parse(formula.strip(), mode="eval")
        result = _Reader({**CONSTANTS, **names}).value(parsed.body, 0)
    except FormulaError:
        raise
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise FormulaError(f"{formula!r} is no formula. Write one such as (a + b) / 2.") from error
    except ZeroDivisionError as error:
        raise FormulaError(f"{formula!r} divides by zero for these values.") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise FormulaError(f"{formula!r} cannot be computed for these values: {error}.") from error
    if isinstance(result, float) and not math.isfinite(result):
        raise FormulaError(f"{formula!r} is infinite, or no number, for these values.")
    return result


class _Reader:
    def __init__(self, names: Mapping[str, Value]) -> None:
        self._names = names

    def value(self, part: ast.AST, depth: int) -> Any:
        if depth > DEEPEST:
            raise FormulaError(f"The formula has brackets more than {DEEPEST} deep. Divide it.")
        match part:
            case ast.Constant(value=bool() | int() | float() as number):
                return number
            case ast.Name(id=name):
                return self._named(name)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return _power(self.value(left, depth + 1), self.value(right, depth + 1))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return _bounded(OPERATORS[type(op)](self.value(left, depth + 1), self.value(right, depth + 1)))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
                return OPERATORS[type(op)](self.value(operand, depth + 1))
            case ast.BoolOp(op=op, values=values):
                return self._both(op, values, depth)
            case ast.Compare():
                return self._compared(part, depth)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.value(test, depth + 1) else other, depth + 1)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
                return _bounded(FUNCTIONS[name](*(self.value(one, depth + 1) for one in arguments)))
            case _:
                raise FormulaError(
                    f"{ast.unparse(part)!r} is nothing that formulas are made of. They have numbers, "
                    f"{', '.join(sorted(self._names))}, + - * / // % **, comparisons, `x if a > b else y` and the "
                    f"functions {', '.join(FUNCTIONS)}."
                )

    def _named(self, name: str) -> Value:
        if name not in self._names:
            known = ", ".join(sorted(self._names))
            raise FormulaError(f"The formula names {name!r}, which has no value. There are {known}.")
        return self._names[name]

    def _both(self, op: ast.boolop, values: list[ast.expr], depth: int) -> Any:
        result: Any = None
        for one in values:
            result = self.value(one, depth + 1)
            if bool(result) is isinstance(op, ast.Or):
                break
        return result

    def _compared(self, part: ast.Compare, depth: int) -> bool:
        left = self.value(part.left, depth + 1)
        for op, one in zip(part.ops, part.comparators, strict=True):
            if type(op) not in OPERATORS:
                raise FormulaError(f"{ast.unparse(part)!r}: formulas compare with == != < <= > >= alone.")
            right = self.value(one, depth + 1)
            if not OPERATORS[type(op)](left, right):
                return False
            left = right
        return True


def _power(base: Any, exponent: Any) -> Any:
    """`base ** exponent`, unless the whole number would fill the memory."""
    is_whole = isinstance(base, int) and isinstance(exponent, int) and exponent > 0
    if is_whole and base.bit_length() * exponent > LARGEST_POWER:
        raise FormulaError(f"{base} ** {exponent} is too large a number.")
    result = base**exponent
    if isinstance(result, complex):
        raise FormulaError(f"{base} ** {exponent} is no real number.")
    return result


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > LARGEST_POWER:
        raise FormulaError("The formula grows to too large a number.")
    return value
