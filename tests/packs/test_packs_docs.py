"""The example of docs/node-authoring.md that loads a node pack runs."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "node-authoring.md"


def test_the_example_of_a_pack():
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[-1]
    assert "load_packs" in code
    exec(compile(code, f"{PAGE.name}, the example of a pack", "exec"), {"__name__": "node_pack"})
