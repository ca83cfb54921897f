"""The ids that API v2 shows, and the store's job ids behind them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import uuid

_UUID_JOB = re.compile(r"job_([0-9a-f]{32})")
_OTHER_JOB = re.compile(r"job_x([A-Za-z0-9_-]+)")


def public_job_id(job_id: str) -> str:
    """`job_` and the UUID's hexadecimal digits; of ids that clients chose themselves, `job_x` and base64.

    The same job has the same id always, and `stored_job_id` finds back: nothing needs to be remembered.
    """
    try:
        parsed = uuid.UUID(job_id)
    except ValueError:
        parsed = None
    if parsed is not None and str(parsed) == job_id:
        return f"job_{parsed.hex}"
    packed = base64.urlsafe_b64encode(job_id.encode("utf-8", "surrogatepass")).decode("ascii")
    return f"job_x{packed.rstrip('=')}"


def stored_job_id(public: str) -> str:
    """The store's id of a job. What is no id of API v2 is taken for a store's id, so that either may be given."""
    if match := _UUID_JOB.fullmatch(public):
        return str(uuid.UUID(match[1]))
    if match := _OTHER_JOB.fullmatch(public):
        packed = match[1]
        try:
            return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8", "surrogatepass")
        except (binascii.Error, UnicodeDecodeError):
            return public
    return public


def new_asset_id() -> str:
    """An id for a file that somebody uploads."""
    return f"asset_{uuid.uuid4().hex}"


def output_asset_id(job_id: str, place: str, name: str) -> str:
    """The id of what a job made: of the same job's same file, always the same."""
    told = "\0".join((job_id, place, name)).encode("utf-8", "surrogatepass")
    return f"asset_{hashlib.blake2b(told, digest_size=16).hexdigest()}"
