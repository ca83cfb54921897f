"""`ComfyAPI`: what newer-style nodes may ask for while they run."""

from __future__ import annotations

from typing import Any

from execution.current import current_call
from packs.pictures import as_pillow


def tell_progress(value: float, max_value: float, preview_image: Any) -> None:
    """Tell how far the calling node is; nobody is told outside of nodes.

    Raises:
        Cancelled: the user cancelled the run.
    """
    call = current_call()
    if call is None:
        return
    call.context.progress(value, max_value)
    if preview_image is not None:
        call.context.preview(as_pillow(preview_image))


class Execution:
    """Of an async node."""

    async def set_progress(
        self, value: float, max_value: float, node_id: str | None = None, preview_image: Any = None, **_more: Any
    ) -> None:
        """Tell how far the calling node is, with a picture (Pillow's, or a tensor [H, W, C]) if there is one.

        Raises:
            Cancelled: the user cancelled the run.
        """
        del node_id  # it is the calling node's
        tell_progress(value, max_value, preview_image)


class ExecutionSync:
    """The same for an ordinary node."""

    def set_progress(
        self, value: float, max_value: float, node_id: str | None = None, preview_image: Any = None, **_more: Any
    ) -> None:
        """As `Execution.set_progress`."""
        del node_id
        tell_progress(value, max_value, preview_image)


class ComfyAPI:
    """For async nodes."""

    VERSION = "latest"
    STABLE = False

    def __init__(self) -> None:
        self.execution = Execution()


class ComfyAPISync:
    """For ordinary nodes."""

    VERSION = "latest"
    STABLE = False

    def __init__(self) -> None:
        self.execution = ExecutionSync()


class ComfyExtension:
    """A pack's node classes; packs derive from it."""

    async def on_load(self) -> None:
        """Called once, before the classes are asked for."""

    async def get_node_list(self) -> list[Any]:
        """The node classes."""
        return []
