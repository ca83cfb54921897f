"""Alternatives, comments and names in texts."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest

from execution.workflow.text import has_comment, keep_braces, pick_alternatives, replace_names


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("plain (a:1.2) | b", {"plain (a:1.2) | b"}),
        ("{only}", {"only"}),
        ("{a|b}", {"a", "b"}),
        ("{a|{b|c} d}", {"a", "b d", "c d"}),
        (r"\{a\|b\}", {"{a|b}"}),
        (r"{a\|b|c}", {"a|b", "c"}),
        ("open {a|b", {"open a", "open b"}),
        ("close} it", {"close} it"}),
        ("{|x}", {"", "x"}),
        ("a // gone\nb /* gone\ntoo */ c", {"a \nb  c"}),
        (r"back\slash \(a\)", {r"back\slash \(a\)"}),
    ],
)
def test_alternatives(text, results):
    assert {pick_alternatives(text, Random(seed)) for seed in range(60)} == results


def test_deep_nesting_needs_no_recursion():
    depth = 20_000
    assert pick_alternatives("{" * depth + "x" + "}" * depth, Random(0)) == "x"


@pytest.mark.parametrize("text", ["a {b|c} d", "{", "x}y{z", "plain", "{{a|b}|c}"])
def test_kept_braces_come_back(text):
    assert pick_alternatives(keep_braces(text), Random(0)) == text


def test_comments_are_recognised():
    assert has_comment("see http://x") and has_comment("/* a */") and not has_comment("1 / 2 * 3")


@pytest.mark.parametrize(
    ("pattern", "result"),
    [
        ("%date:yyyy-MM-dd%", "2026-03-09"),
        ("%date:yy.M.d h:m:s%", "26.3.9 4:5:6"),
        ("%date:hhmmss%", "040506"),
        ("%Sampler.seed%-%Sampler.steps%", "7-%Sampler.steps%"),
        ("100% sure, %width%x%height%", "100% sure, %width%x%height%"),
        ("%My.Node.path%", "a_b_c"),
    ],
)
def test_names(pattern, result):
    values = {("Sampler", "seed"): "7", ("My.Node", "path"): "a/b:c"}
    now = datetime(2026, 3, 9, 4, 5, 6)
    assert replace_names(pattern, lambda node, widget: values.get((node, widget)), now) == result
