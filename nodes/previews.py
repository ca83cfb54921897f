"""Pictures that nodes show while they work, made ready for clients."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FullImage:
    """A finished picture for the client that queued the run; emitted as the image of a `Preview` event."""

    png: bytes
