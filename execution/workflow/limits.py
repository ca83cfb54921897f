"""How large a workflow may be: far beyond what people make, and small enough to be refused before memory is."""

from __future__ import annotations

MAX_NODES = 100_000
MAX_NESTING = 2_000  # subgraphs inside subgraphs
MAX_DEPTH = 500  # lists and objects inside one another in a file
