"""Schedules, alternations, BREAK and AND, wildcards, styles: texts in, texts out."""

from collections import Counter

import pytest

from models.prompting.errors import PromptError
from models.prompting.joining import chunks_of, prompts_of
from models.prompting.schedule import boundary, schedule
from models.prompting.styles import Style, find_style, read_styles
from models.prompting.wildcard_files import read_wildcards
from models.prompting.wildcards import resolve

COLOURS = {"colour": ["red", "green", "blue"], "sub/animal": ["fox", "__colour__ bird"], "loop": ["__loop__"]}


@pytest.mark.parametrize(
    "prompt, spans",
    [
        ("a fox", [(0, 10, "a fox")]),
        ("a [fox:hen:0.5]", [(0, 5, "a fox"), (5, 10, "a hen")]),
        ("a [fox:hen:3]", [(0, 3, "a fox"), (3, 10, "a hen")]),
        ("a [fox:0.25]", [(0, 2, "a "), (2, 10, "a fox")]),
        ("a [fox::7]", [(0, 7, "a fox"), (7, 10, "a ")]),
        ("[a [b:c:2]:d:4]", [(0, 2, "a b"), (2, 4, "a c"), (4, 10, "d")]),
        ("[(a:1.2):(b:0.5):5]", [(0, 5, "(a:1.2)"), (5, 10, "(b:0.5)")]),
        ("a [fox:hen:1.0]", [(0, 10, "a fox")]),
        ("[a:b:20]", [(0, 10, "a")]),
        ("[a:b:0]", [(0, 10, "b")]),
        ("a [calm] sea", [(0, 10, "a [calm] sea")]),
        ("[a:b]", [(0, 10, "[a:b]")]),
        ("[a:b:c:d:2]", [(0, 10, "[a:b:c:d:2]")]),
        ("a ] b [ c", [(0, 10, "a ] b [ c")]),
        ("[[a:b:5]", [(0, 5, "[a"), (5, 10, "[b")]),
        (r"[a\:x:b:5] \[c\]", [(0, 5, r"a:x \[c\]"), (5, 10, r"b \[c\]")]),
        ("", [(0, 10, "")]),
    ],
)  # fmt: skip
def test_schedules(prompt, spans):
    assert schedule(prompt, 10) == spans


def test_alternation_changes_at_every_step():
    found = schedule("a [fox|hen|] at [night:day:0.5]", 6)
    assert [span.text for span in found] == [
        "a fox at night", "a hen at night", "a  at night", "a fox at day", "a hen at day", "a  at day",
    ]  # fmt: skip
    assert [(span.first, span.end) for span in found] == [(step, step + 1) for step in range(6)]


def test_square_brackets_weaken_where_a1111_reads():
    assert schedule("a [calm] sea", 4, weaken=True)[0].text == "a (calm:0.909) sea"


def test_too_deep_a_schedule_is_refused():
    with pytest.raises(PromptError, match="more than 40 deep"):
        schedule("[" * 5000, 4)


@pytest.mark.parametrize("steps", [2, 3, 10, 30, 1000])
def test_a_boundary_lies_between_two_steps_of_every_even_scheduler(steps):
    for step in range(1, steps):
        for places in (steps - 1, steps):
            assert (step - 1) / places < boundary(step, steps) < step / places + 1e-12
    assert (boundary(0, steps), boundary(steps, steps)) == (0, 1)


def test_break_and_and():
    assert chunks_of("a fox BREAK the sea\nBREAK night") == ["a fox", "the sea", "night"]
    assert chunks_of("BREAKFAST") == ["BREAKFAST"]
    assert prompts_of("a fox") == [("a fox", 1.0)]
    assert prompts_of("a fox:1.5 AND the sea :0.5 AND SAND") == [("a fox", 1.5), ("the sea", 0.5), ("SAND", 1.0)]
    assert prompts_of("a AND b: c") == [("a", 1.0), ("b: c", 1.0)]


def counts(text, entries=COLOURS, runs=3000):
    return Counter(resolve(text, entries, seed) for seed in range(runs))


def test_the_same_seed_makes_the_same_choices():
    text = "{a|b|c} __colour__ {2$$x|y|z} __sub/animal__"
    assert [resolve(text, COLOURS, seed) for seed in range(20)] == [resolve(text, COLOURS, seed) for seed in range(20)]
    assert len(counts(text, runs=200)) > 50


def test_choices_are_even_or_weighted():
    even, weighted = counts("{a|b}"), counts("{3::a|b}")
    assert abs(even["a"] - 1500) < 150
    assert abs(weighted["a"] - 2250) < 150
    assert set(even) == set(weighted) == {"a", "b"}
    assert counts("{0::a|b}", runs=50) == {"b": 50}


def test_several_different_ones():
    assert set(counts("{2$$a|b|c}", runs=200)) == {"a, b", "b, a", "a, c", "c, a", "b, c", "c, b"}
    assert set(counts("{2$$ and $$a|b}", runs=50)) == {"a and b", "b and a"}
    assert set(counts("{1-2$$a|b}", runs=200)) == {"a", "b", "a, b", "b, a"}
    assert {len(one.split(", ")) for one in counts("{5$$a|b|c}", runs=20)} == {3}
    for one in counts("{2$$__colour__}", runs=50):
        first, second = one.split(", ")
        assert first != second


def test_wildcards_nest_and_match():
    assert set(counts("a __COLOUR__ {fox|{hen|cow}}", runs=300)) == {
        f"a {colour} {animal}" for colour in COLOURS["colour"] for animal in ("fox", "hen", "cow")
    }
    assert set(counts("__sub/*__", runs=200)) == {"fox", "red bird", "green bird", "blue bird"}


@pytest.mark.parametrize(
    "text, result",
    [
        ("a fox", "a fox"), ("snake_case and __init", "snake_case and __init"), (r"\{a\|b\}", "{a|b}"),
        ("{a", "{a"), ("a}", "a}"), ("a|b", "a|b"), ("{}", ""), ("{a}", "a"), ("____", "____"),
    ],
)  # fmt: skip
def test_what_is_no_choice_stays(text, result):
    assert resolve(text, COLOURS, 1) == result


def test_unknown_and_circular_wildcards():
    with pytest.raises(PromptError, match=r"no wildcard __color__. The nearest are colour"):
        resolve("__color__", COLOURS, 0)
    with pytest.raises(PromptError, match="name each other"):
        resolve("__loop__", COLOURS, 0)
    with pytest.raises(PromptError, match="beyond 100000 characters"):
        resolve("__a__" * 100, {"a": ["x" * 2000]}, 0)


def test_files_of_wildcards(tmp_path):
    (tmp_path / "one" / "sub").mkdir(parents=True)
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "colour.txt").write_text("# paints\nred\n\n 2::blue \n", "utf-8")
    (tmp_path / "one" / "sub" / "sky.txt").write_text("\ufeffgrün\n", "utf-8")
    (tmp_path / "two" / "colour.txt").write_text("never\n", "utf-8")
    (tmp_path / "two" / "things.yaml").write_text("metal:\n  dear: [gold, 47]\nwood:\n  - oak\n", "utf-8")
    found = read_wildcards([tmp_path / "one", tmp_path / "two", tmp_path / "nowhere"])
    assert found["colour"] == ["red", "2::blue"]
    assert found["sub/sky"] == ["grün"]
    assert found["metal/dear"] == found["things/metal/dear"] == ["gold", "47"]
    assert found["wood"] == ["oak"]
    (tmp_path / "one" / "bad.yaml").write_text("a: [", "utf-8")
    with pytest.raises(PromptError, match=r"bad.yaml are no YAML"):
        read_wildcards([tmp_path / "one"])


def test_styles(tmp_path):
    path = tmp_path / "styles.csv"
    path.write_text('name,prompt,negative_prompt\nInk,"ink of {prompt}, pen",colour\nplain,"soft",\n', "utf-8")
    styles = read_styles(path)
    assert find_style(" ink ", styles).applied("a fox", "blur") == ("ink of a fox, pen", "blur, colour")
    assert styles["plain"].applied("a fox", "") == ("a fox, soft", "")
    (tmp_path / "s.json").write_text('[{"name": "x", "prompt": "{prompt}!"}, {"no": 1}]', "utf-8")
    assert read_styles(tmp_path / "s.json") == {"x": Style("{prompt}!", "")}
    with pytest.raises(PromptError, match=r"no style 'imk'\. Known are ink"):
        find_style("imk", styles)
    path.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(PromptError, match="needs the columns"):
        read_styles(path)
