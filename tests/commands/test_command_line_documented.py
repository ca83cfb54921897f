"""`docs/command-line.md` names every option that the command line knows, and none that it does not."""

import argparse
import re
from pathlib import Path

import pytest

import main

PAGE = Path(main.__file__).parent / "docs" / "command-line.md"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def parts():
    """The page's sections by their command: `serve`, `run`, `verify`, `convert`, `train`."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    named = {}
    for section in sections:
        title = section.splitlines()[0]
        found = re.search(r"main\.py \[?(\w+)", title)
        if found:
            named[found[1]] = section
    return named


def commands():
    actions = main.build_parser()._actions
    return next(action for action in actions if isinstance(action, argparse._SubParsersAction)).choices


def options(parser):
    return {name for action in parser._actions for name in action.option_strings if name.startswith("--")} - {"--help"}


@pytest.mark.parametrize("command", ["serve", "run", "verify", "convert", "train"])
def test_every_option_is_documented_and_every_documented_one_is_there(command):
    known, told = options(commands()[command]), set(OPTION.findall(parts()[command]))
    assert known - told == set(), "not in docs/command-line.md"
    assert told - known == set(), "in docs/command-line.md, but no option"


@pytest.mark.parametrize("command", ["serve", "run", "verify"])
def test_every_choice_is_documented(command):
    for action in commands()[command]._actions:
        for choice in action.choices or ():
            assert re.search(rf"\b{choice}\b", parts()[command]), f"{action.option_strings[0]} {choice}"
