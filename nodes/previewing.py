"""Showing values that are no pictures."""

import json
from typing import Annotated, Any

from execution.fields import Help
from execution.node import Ui, node
from nodes.inspection.rendering import long


@node("PreviewAny", category="utils", display_name="Preview as Text", output=True)
def preview_any(*, source: Annotated[Any, Help("What is shown: anything.")]) -> Ui:
    """Show a value as text: texts and numbers as they are, lists and objects as JSON, anything else in a few words."""
    return Ui({"text": [_written(source)]})


def _written(value: Any) -> str:
    if isinstance(value, (list, dict)):
        try:
            return json.dumps(value, ensure_ascii=False, indent=2)
        except (TypeError, ValueError):
            return long(value)  # tensors within: a conditioning, a latent
    return long(value)
