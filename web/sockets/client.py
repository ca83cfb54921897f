"""One websocket and what it has not taken yet.

What is sent goes straight to the network while the client reads. Once it does not, frames wait in a buffer of its own,
which is bounded: of progress, previews and status only the newest is kept, and a client whose buffer is full all the
same is dropped. So nobody waits for a client that does not read.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from web.sockets.wire import Frame

READY_BYTES = 64 * 2**10
"""With no more than this on its way, a client counts as reading."""

BUFFER_BYTES = 8 * 2**20
BUFFER_FRAMES = 50_000
FRAME_OVERHEAD = 200  # bytes that a waiting frame takes besides its data

GOING_AWAY = b"\x88\x02\x03\xe9"  # the frame that closes with code 1001


class SocketClient:
    """A connected websocket."""

    def __init__(self, sid: str, transport: asyncio.Transport, drain: Callable[[], Any]) -> None:
        """`drain` is awaited until the transport takes more."""
        self.sid = sid
        self.previews_with_metadata = False
        self.progress_deltas = False
        self.node_reports = False
        self.eta = False
        self.wants_logs = False
        self.dropped: str | None = None  # why, once it was
        self.waiting_bytes = 0
        self._transport = transport
        self._drain = drain
        self._waiting: OrderedDict[Hashable, Frame] = OrderedDict()
        self._counter = 0
        self._writer: asyncio.Task[None] | None = None
        self._held_until = 0.0  # on the event loop's clock
        transport.set_write_buffer_limits(high=READY_BYTES)

    @property
    def closed(self) -> bool:
        return self.dropped is not None or self._transport.is_closing()

    def send(self, frame: Frame) -> None:
        """Send a frame, now or when the client has taken what came before. Returns at once."""
        if self.closed:
            return
        if self._writer is None and not self._held and self._transport.get_write_buffer_size() <= READY_BYTES:
            self._transport.write(frame.data)
            return
        self._keep(frame)
        if self._writer is None and self.dropped is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    def hold(self, seconds: float) -> None:
        """Let what is sent from now on wait, in its order, for this long."""
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)

    @property
    def _held(self) -> float:
        """Seconds for which it is still held back."""
        return max(0.0, self._held_until - asyncio.get_running_loop().time())

    def drop(self, why: str) -> None:
        """Break the connection off: the client has to connect anew."""
        if self.dropped is None:
            self.dropped = why
            self._waiting.clear()
            self.waiting_bytes = 0
            self._transport.abort()

    def go_away(self) -> None:
        """Close the connection because the server ends."""
        if self._waiting or self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.write(GOING_AWAY)
            self._transport.close()

    async def end(self) -> None:
        """Stop writing; what waits is forgotten."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def _keep(self, frame: Frame) -> None:
        key = frame.key
        if key is None or self._held:  # a client that is made to wait hears all of it
            self._counter += 1
            key = self._counter
        else:
            older = self._waiting.pop(key, None)
            if older is not None:
                self.waiting_bytes -= len(older) + FRAME_OVERHEAD
        self._waiting[key] = frame
        self.waiting_bytes += len(frame) + FRAME_OVERHEAD
        if self.waiting_bytes > BUFFER_BYTES or len(self._waiting) > BUFFER_FRAMES:
            self.drop(f"it left {len(self._waiting)} messages ({self.waiting_bytes >> 10} KiB) unread")

    async def _write(self) -> None:
        """Write what waits, as fast as the client takes it."""
        try:
            while self._waiting:
                await asyncio.sleep(self._held)
                await self._drain()
                while self._waiting and not self._held and self._transport.get_write_buffer_size() <= READY_BYTES:
                    _, frame = self._waiting.popitem(last=False)
                    self.waiting_bytes -= len(frame) + FRAME_OVERHEAD
                    self._transport.write(frame.data)
        except ConnectionError:
            self._waiting.clear()  # it has gone
            self.waiting_bytes = 0
        finally:
            self._writer = None
