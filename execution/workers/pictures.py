"""Pictures on their way out of a worker, made into files where they hold nothing up."""

from __future__ import annotations

import sys
import threading
from typing import Protocol

from execution.errors import NodeRef
from execution.workers.messages import Picture
from execution.workers.pipes import Pipe
from execution.workers.plain import text_of


class Encoder(Protocol):
    """Makes picture files of what nodes give to `Context.preview`; known to the worker's wiring alone."""

    def is_full(self, image: object) -> bool:
        """Whether it is a picture for its own sake (SaveImageWebsocket): never left out, never out of order."""
        ...

    def encode(self, image: object) -> tuple[str, bytes] | None:
        """Media type and file; None: there is nothing to show. Called on a thread."""
        ...


class NoPictures:
    """The encoder of a worker that shows none."""

    def is_full(self, image: object) -> bool:
        return False

    def encode(self, image: object) -> tuple[str, bytes] | None:
        return None


class Pictures:
    """Encodes previews on a thread of its own: a newer one takes the place of one that waits.

    Full images are encoded where messages are written, so that they keep their place among them.
    """

    def __init__(self, pipe: Pipe, encoder: Encoder) -> None:
        self._pipe = pipe
        self._encoder = encoder
        self._change = threading.Condition()
        self._waiting: tuple[str, NodeRef, object] | None = None
        self._node: NodeRef | None = None  # of the preview that is being encoded, while anybody wants it
        threading.Thread(target=self._work, name="previews", daemon=True).start()

    def is_full(self, image: object) -> bool:
        return self._encoder.is_full(image)

    def show(self, job: str, node: NodeRef, image: object) -> None:
        """Send a preview when there is time for it, unless a newer one comes."""
        with self._change:
            self._waiting = (job, node, image)
            self._change.notify()

    def send_full(self, job: str, node: NodeRef, image: object) -> None:
        """Send a picture after the messages before it and before those behind it."""
        self._pipe.send(lambda: self._picture(job, node, image, "image"))

    def forget(self, node: NodeRef | None = None) -> None:
        """Previews of a node, or all, are of no use any more."""
        with self._change:
            if self._waiting is not None and node in (None, self._waiting[1]):
                self._waiting = None
            if node in (None, self._node):
                self._node = None

    def _work(self) -> None:
        while True:
            with self._change:
                while self._waiting is None:
                    self._change.wait()
                job, node, image = self._waiting
                self._waiting, self._node = None, node
            picture = self._picture(job, node, image, "preview")
            del image
            with self._change:  # held while sending: whoever forgets a preview knows that none comes afterwards
                if picture is not None and self._node == node:
                    self._pipe.send(picture)
                self._node = None

    def _picture(self, job: str, node: NodeRef, image: object, kind: str) -> Picture | None:
        try:
            encoded = self._encoder.encode(image)
        except Exception as error:  # noqa: BLE001 - a picture that cannot be shown must not end the thread or the run
            said = f"A picture of node {node} cannot be shown ({type(error).__name__}: {text_of(error)})."
            print(said, file=sys.stderr, flush=True)
            return None
        if encoded is None:
            return None
        media_type, payload = encoded
        return Picture(job, node, "image" if kind == "image" else "preview", media_type, payload)
