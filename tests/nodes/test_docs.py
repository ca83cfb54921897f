"""Every node and every input is documented, where it is declared and on the page made from that."""

from pathlib import Path

from nodes.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "nodes.md"


def test_every_node_says_what_it_does(registry):
    assert [name for name in registry if not registry[name].spec.description.strip()] == []


def test_every_input_says_what_it_is_for(registry):
    undocumented = [
        f"{name}.{one.name}"
        for name in registry
        for one in registry[name].spec.inputs
        if one.section != "hidden" and not one.options.get("tooltip")
    ]
    assert undocumented == []


def test_the_page_is_up_to_date(registry):
    assert PAGE.read_text("utf-8") == page(registry), "run: python -m nodes.reference docs/nodes.md"


def test_the_page_names_every_node_and_every_input(registry):
    text = PAGE.read_text("utf-8")
    sections = {part.split("\n", 1)[0].split(" (")[0]: part for part in text.split("\n### ")[1:]}
    for name in registry:
        spec = registry[name].spec
        assert spec.description.splitlines()[0] in sections[name]
        missing = [one.name for one in spec.inputs if one.section != "hidden" and f"`{one.name}`" not in sections[name]]
        assert missing == [], name
