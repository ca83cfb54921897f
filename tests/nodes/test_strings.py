"""Work on texts."""

import pytest

from execution.node import NodeInputError
from nodes.strings import patterns, plain


def test_texts_are_joined_cut_and_measured():
    assert plain.string_concatenate(string_a="a", string_b="b", delimiter=", ") == "a, b"
    assert plain.string_substring(string="a red fox", start=2, end=-4) == "red"
    assert plain.string_length(string="ßé") == 2
    assert plain.string_trim(string="  a ", mode="Left") == "a "
    assert plain.string_trim(string="  a ", mode="Right") == "  a"
    assert plain.string_trim(string="  a\n", mode="Both") == "a"
    assert plain.string_replace(string="fox and fox", find="fox", replace="owl") == "owl and owl"


@pytest.mark.parametrize(
    "mode, expected",
    [("UPPERCASE", "A RED FOX"), ("lowercase", "a red fox"), ("Capitalize", "A red fox"), ("Title Case", "A Red Fox")],
)
def test_letters_change_their_size(mode, expected):
    assert plain.case_converter(string="a rEd fox", mode=mode) == expected


def test_texts_are_compared():
    assert plain.string_contains(string="A Fox", substring="fox", case_sensitive=False)
    assert not plain.string_contains(string="A Fox", substring="fox")
    assert plain.string_compare(string_a="A Fox", string_b="a", mode="Starts With", case_sensitive=False)
    assert plain.string_compare(string_a="A Fox", string_b="Fox", mode="Ends With")
    assert not plain.string_compare(string_a="A Fox", string_b="A fox", mode="Equal")


@pytest.mark.parametrize(
    "mode, group, expected",
    [
        ("First Match", 1, "lora-12"),
        ("All Matches", 1, "lora\nvae"),  # the first group is what counts where there are groups
        ("First Group", 2, "12"),
        ("All Groups", 2, "12\n7"),
        ("First Group", 3, ""),
        ("All Groups", 0, "lora-12\nvae-7"),
    ],
)
def test_a_pattern_takes_what_it_finds(mode, group, expected):
    taken = patterns.regex_extract(
        string="lora-12 and vae-7", regex_pattern=r"(\w+)-(\d+)", mode=mode, group_index=group
    )
    assert taken == expected


def test_patterns_heed_their_settings():
    assert patterns.regex_extract(string="ab ab", regex_pattern="A.", mode="All Matches") == "ab\nab"
    assert not patterns.regex_match(string="ab", regex_pattern="A", case_insensitive=False)
    assert not patterns.regex_match(string="a\nb", regex_pattern="^b")
    assert patterns.regex_match(string="a\nb", regex_pattern="^b", multiline=True)
    assert patterns.regex_match(string="a\nb", regex_pattern="a.b", dotall=True)
    assert patterns.regex_replace(string="a1b2", regex_pattern=r"(\w)(\d)", replace=r"\2\1") == "1a2b"
    assert patterns.regex_replace(string="aaa", regex_pattern="a", replace="b", count=2) == "bba"


def test_a_pattern_that_is_none_is_told_in_a_sentence():
    with pytest.raises(NodeInputError, match="no regular expression"):
        patterns.regex_match(string="a", regex_pattern="(")
    with pytest.raises(NodeInputError, match="no regular expression"):
        patterns.regex_replace(string="a", regex_pattern="a", replace=r"\4")


def test_a_pattern_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(patterns, "LONGEST", 0.05)
    with pytest.raises(NodeInputError, match="still searching"):
        patterns.regex_match(string="a" * 60 + "!", regex_pattern="^(a|aa)+$")
