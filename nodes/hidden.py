"""Hidden inputs of nodes that save files: the graph and the client's notes, which the files carry."""

from collections.abc import Mapping
from typing import Annotated, Any

from execution.fields import Hidden

Prompt = Annotated[Mapping[str, Any] | None, Hidden("PROMPT")]
ExtraPngInfo = Annotated[Mapping[str, Any] | None, Hidden("EXTRA_PNGINFO")]
UniqueId = Annotated[str | None, Hidden("UNIQUE_ID")]
