"""What a running node may ask of whoever runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

from execution.ancestor import Ancestor
from execution.errors import Cancelled, NodeRef
from execution.events import Event, Preview, Progress, Warned

T = TypeVar("T")


@runtime_checkable
class Closable(Protocol):
    """A service that holds a thread or a file."""

    def close(self) -> None: ...


class Services:
    """Objects that nodes ask for by type: device memory, folders, ..."""

    def __init__(self, instances: Iterable[object] = ()) -> None:
        self._instances = tuple(instances)
        self._found: dict[type, object] = {type(one): one for one in reversed(self._instances)}

    def joined(self, more: Iterable[object]) -> Services:
        """These and those of one run, which come first where a kind is there twice."""
        added = tuple(more)
        return Services((*added, *self._instances)) if added else self

    def close(self) -> None:
        """Close those that can be closed."""
        for one in self._instances:
            if isinstance(one, Closable):
                one.close()

    def get(self, kind: type[T]) -> T:
        """The instance of `kind` or of a class derived from it.

        Raises:
            LookupError: none was given.
        """
        found = self.find(kind)
        if found is None:
            raise LookupError(f"No {kind.__name__} was given to the engine: list one among its services.")
        return found

    def find(self, kind: type[T]) -> T | None:
        """The same, or None when none was given."""
        found = self._found.get(kind)
        if found is None:
            found = next((one for one in self._instances if isinstance(one, kind)), None)
            if found is None:
                return None
            self._found[kind] = found
        return found  # type: ignore[return-value]  # found by its type


class CancelToken:
    """A way to stop one run from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Return, or stop whoever asks.

        Raises:
            Cancelled: the run was cancelled.
        """
        if self._event.is_set():
            raise Cancelled("The run was cancelled.")

    def cancel(self) -> None:
        """Ask the run to stop; it does between nodes and wherever a node reports progress."""
        with self._lock:
            self._event.set()
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def on_cancel(self, listener: Callable[[], None]) -> None:
        """Call `listener` when cancelled, at once if it has been already."""
        with self._lock:
            self._listeners.append(listener)
            now = self._event.is_set()
        if now:
            listener()


def _ignore(_event: Event) -> None:
    """A sink for contexts that nobody listens to."""


class Context:
    """Given to a node's parameter of this type. `Context()` alone serves a test that calls the function itself."""

    __slots__ = ("_ancestors", "_cancel", "_emit", "_prompt", "_services", "extra", "node")

    def __init__(
        self,
        node: NodeRef | None = None,
        *,
        services: Services | Iterable[object] = (),
        extra: Mapping[str, Any] | None = None,
        prompt: Callable[[], Mapping[str, Any]] | None = None,
        ancestors: Callable[[str], list[Ancestor]] | None = None,
        emit: Callable[[Event], None] = _ignore,
        cancel: CancelToken | None = None,
    ) -> None:
        self.node = node or NodeRef("", "", "")
        self.extra: Mapping[str, Any] = extra or {}
        self._services = services if isinstance(services, Services) else Services(services)
        self._prompt = prompt
        self._ancestors = ancestors
        self._emit = emit
        self._cancel = cancel or CancelToken()

    @property
    def node_id(self) -> str:
        return self.node.id

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The submitted graph as an API prompt."""
        return self._prompt() if self._prompt else {}

    def ancestors(self) -> list[Ancestor]:
        """The node itself and every node that its inputs came from; to be asked while it is being called."""
        return self._ancestors(self.node.id) if self._ancestors else []

    def service(self, kind: type[T]) -> T:
        """The instance of `kind` that the engine was given.

        Raises:
            LookupError: the engine was given none.
        """
        return self._services.get(kind)

    def optional(self, kind: type[T]) -> T | None:
        """The instance of `kind`, or None where whoever runs the graph has no use for one."""
        return self._services.find(kind)

    def check_cancelled(self) -> None:
        """Return, or stop the node.

        Raises:
            Cancelled: the user cancelled the run.
        """
        self._cancel.check()

    def progress(self, value: float, total: float) -> None:
        """Tell how far the node is; stops it when the run was cancelled."""
        self.check_cancelled()
        self._emit(Progress(self.node, value, total))

    def preview(self, image: object) -> None:
        """Show a picture of work in progress."""
        self._emit(Preview(self.node, image))

    def warn(self, sentence: str) -> None:
        """Tell the user something that stops nothing."""
        self._emit(Warned(self.node, sentence))
