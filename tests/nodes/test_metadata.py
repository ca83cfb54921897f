"""What our files carry."""

from nodes.metadata import embedded_texts


def test_what_our_files_carry():
    texts = embedded_texts({"1": {"text": "ä"}}, {"workflow": {"a": 1}, "notes": [1]})
    assert texts == {"prompt": '{"1": {"text": "\\u00e4"}}', "workflow": '{"a": 1}', "notes": "[1]"}
    assert embedded_texts(None, None) == {}


def test_names_that_a_png_cannot_hold_are_left_out():
    assert embedded_texts(None, {"x" * 80: 1, "字": 1, "": 1, "a\0b": 1, "ok": 1}) == {"ok": "1"}
