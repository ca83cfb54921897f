"""Lists of numbers for keyframes."""

import math
import re
from typing import Annotated

from execution.fields import Help, Multiline, Socket
from execution.node import NodeInputError, node

Floats = Annotated[list[float], Socket("FLOATS")]


Numbers = Annotated[str, Multiline(), Help("Numbers with commas, semicolons, spaces or new lines between them.")]


@node("WeftFloats", category="advanced/hooks/scheduling", display_name="Numbers for keyframes")
def floats(*, text: Numbers = "1, 0") -> Floats:
    """A list of numbers, such as the strengths of a hook's keyframes."""
    try:
        values = [float(part) for part in re.split(r"[\s,;]+", text.strip()) if part]
    except ValueError as error:
        raise NodeInputError("text", f"{error}. Write numbers with commas between them, as 1, 0.5, 0.") from error
    if not values or not all(map(math.isfinite, values)):
        raise NodeInputError("text", "These are no finite numbers. Write at least one, as 1, 0.5, 0.")
    return values
