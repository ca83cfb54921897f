"""Links between the pages of the documentation lead somewhere, down to the heading."""

import re
from pathlib import Path

import pytest

import main

ROOT = Path(main.__file__).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        name, _, wanted = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if wanted:
            assert wanted in map(anchor, HEADING.findall(target.read_text(encoding="utf-8"))), link
