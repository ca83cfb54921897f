"""The table of stock types says what the reference says, and real files convert by it alone."""

from __future__ import annotations

import json

import pytest

from execution.workflow import ui_to_prompt
from execution.workflow.stock_types import TABLE, stock_types
from tests.parity.stock_catalogue import WORKFLOWS, differences, need_reference, read, stock_catalogue
from tests.parity.stock_table import table

need_reference()


def test_table_is_up_to_date() -> None:
    assert json.loads(TABLE.read_text(encoding="utf-8")) == table()


def test_types_take_the_places_of_the_full_ones() -> None:
    full = stock_catalogue()
    assert stock_types().keys() == full.keys()
    for name, spec in stock_types().items():
        wanted = [one for one in full[name].inputs if one.section != "hidden"]
        assert [(one.name, one.is_widget, one.files) for one in spec.inputs] == [
            (one.name, one.is_widget, one.files) for one in wanted
        ]
        assert [output.type for output in spec.outputs] == [output.type for output in full[name].outputs]
        for one, other in zip(spec.inputs, wanted, strict=True):
            assert one.default(lambda folder: []) == other.default(lambda folder: [])


@pytest.mark.parametrize("file", sorted((WORKFLOWS / "ui").glob("*.json")), ids=lambda file: file.stem)
def test_files_convert_alike_with_an_empty_catalogue(file) -> None:
    document = read(file)
    ours = ui_to_prompt(document, {}, lambda folder: []).prompt
    assert differences(ours, ui_to_prompt(document, stock_catalogue(), lambda folder: []).prompt) == set()
