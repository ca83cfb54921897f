"""The one error that reading model files raises."""

from __future__ import annotations


class CheckpointError(Exception):
    """A model file that cannot be used; the message is a sentence that names the file and the remedy."""
