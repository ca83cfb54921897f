"""The examples of docs/node-authoring.md run, in order, as one program; the last, on packs, in tests/packs."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "node-authoring.md"
*EXAMPLES, _ = [match.group(1) for match in re.finditer(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)]


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 7


@pytest.fixture(scope="module")
def names():
    return {"__name__": "node_authoring"}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(names, number):
    code = compile(EXAMPLES[number], f"{PAGE.name}, example {number + 1}", "exec")
    exec(code, names)


def test_the_words_it_lists_are_those_of_the_vocabulary():
    import execution.fields as fields

    words = {name for name, value in vars(fields).items() if isinstance(value, type) and name[0].isupper()}
    words &= {name for name, value in vars(fields).items() if getattr(value, "__module__", "") == fields.__name__}
    listed = PAGE.read_text("utf-8").split("Words for `Annotated`:")[1].split("Each is described")[0]
    assert set(re.findall(r"`(\w+)\(", listed)) == words
