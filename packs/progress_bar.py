"""Progress as packs tell it."""

from __future__ import annotations

from typing import Any, cast

from execution.context import Context
from execution.current import current_call


class ProgressBar:
    """Tells how far the node is that made it. Each telling is also where a cancelled run stops.

    It remembers its node, so it may be used from threads that the node starts. Outside of nodes it tells nobody.
    """

    def __init__(self, total: float, node_id: str | None = None) -> None:
        del node_id  # it is the calling node's
        call = current_call()
        self._context: Context | None = None if call is None else call.context
        self.total = total
        self.current: float = 0
        self.node_id = None if self._context is None else self._context.node_id

    def update(self, value: float) -> None:
        """So much more is done.

        Raises:
            Cancelled: the user cancelled the run.
        """
        self.update_absolute(self.current + value)

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        """So much is done; `preview` is `(format, Pillow image, longest side)`.

        Raises:
            Cancelled: the user cancelled the run.
        """
        if total is not None:
            self.total = total
        self.current = min(value, self.total)
        if self._context is None:
            return
        self._context.progress(self.current, self.total)
        if preview is not None:
            self._context.preview(cast("tuple[Any, ...]", preview)[1] if isinstance(preview, tuple) else preview)
