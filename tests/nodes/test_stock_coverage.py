"""Which stock node types are not here is said in docs/compatibility.md, and nothing else is missing."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "reference" / "nodes.json"
HEADING = "## Stock node types that are not here"


def test_the_list_of_missing_types_is_the_truth(registry):
    if not REFERENCE.exists():
        pytest.skip("the reference data in ../shared/reference is not there")
    stock = set(json.loads(REFERENCE.read_text("utf-8")))
    section = (ROOT / "docs" / "compatibility.md").read_text("utf-8").split(HEADING)[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert listed == stock - set(registry)
    assert f"{len(stock & set(registry))} are here" in section
