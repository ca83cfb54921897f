"""Writes execution/workflow/stock_types.json from the reference: `python -m tests.parity.stock_table`."""

from __future__ import annotations

import json
from typing import Any

from execution.schema import InputSpec, NodeSpec
from execution.workflow.stock_types import SECTIONS, TABLE
from tests.parity.stock_catalogue import stock_catalogue

KEPT_OPTIONS = ("default", "control_after_generate", "image_upload", "dynamicPrompts", "multiline", "forceInput")


def table() -> dict[str, Any]:
    """The table as it has to be."""
    return {name: entry(spec) for name, spec in stock_catalogue().items()}


def entry(spec: NodeSpec) -> dict[str, Any]:
    result: dict[str, Any] = {"title": spec.display_name} if spec.display_name else {}
    for section in SECTIONS:
        inputs = [written(one) for one in spec.inputs if one.section == section]
        if inputs:
            result[section] = inputs
    if spec.outputs:
        result["outputs"] = [[output.type, output.name, output.is_list] for output in spec.outputs]
    return result


def written(spec: InputSpec) -> list[Any]:
    options = {key: spec.options[key] for key in KEPT_OPTIONS if key in spec.options}
    if spec.is_combo and spec.files is None and "default" not in options and spec.choices:
        options["default"] = spec.choices[0]
    type = f"FILES:{spec.files}" if spec.files is not None else spec.type
    return [spec.name, type, options] if options else [spec.name, type]


def main() -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(table().items())]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
