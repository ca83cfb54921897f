"""Reading JSON bodies and writing JSON answers, so that no input of either kind ends in an internal error."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

from aiohttp import web

from execution.workflow.limits import MAX_DEPTH
from web.refusal import Refusal

TURN_BYTES = 2**20
"""As much JSON as is made in some milliseconds."""

JSON_BYTES = 32 * 2**20
"""The longest JSON body that is read: a prompt of 100,000 nodes has some 20 MB."""


def to_json(value: Any) -> str:
    """JSON text, ASCII only: half a surrogate pair, which UTF-8 cannot hold, stays an escape.

    Numbers that JSON has no word for (NaN, infinities) become null: a browser would refuse the whole text otherwise.
    """
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in cast("list[Any]", value)]
    return value


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of JSON."""
    return json_bytes_answer(to_json(value).encode("ascii"), status, headers)


def json_bytes_answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of JSON that is encoded already."""
    return web.Response(body=body, status=status, headers=headers, content_type="application/json", charset="utf-8")


async def large_answer(before: str, parts: Iterable[Any], after: str) -> web.Response:
    """An answer put together of many parts, with others getting their turn in between.

    Args:
        before: the JSON text before the parts.
        parts: JSON values, parted by commas; a pair of a name and a value is written `"name": value`.
        after: the JSON text after them.
    """
    texts: list[str] = []
    size = 0
    for part in parts:
        if isinstance(part, tuple):
            name, value = cast("tuple[str, Any]", part)
            texts.append(f"{to_json(name)}:{to_json(value)}")
        else:
            texts.append(to_json(part))
        size += len(texts[-1])
        if size > TURN_BYTES:
            size = 0
            await asyncio.sleep(0)
    return json_bytes_answer(f"{before}{','.join(texts)}{after}".encode("ascii"))


def empty_answer(status: int = 200) -> web.Response:
    """No body and no content type, as clients of the existing API expect of POST /queue and its like."""
    return web.Response(status=status)


async def read_json(request: web.Request, limit: int = JSON_BYTES) -> Any:
    """The body as JSON, whatever its Content-Type says: scripts send prompts as `x-www-form-urlencoded`.

    Raises:
        Refusal: 413 for more than `limit` bytes, 400 for what is not JSON; always with a sentence.
    """
    body = await read_body(request, limit)
    if not body.strip():
        raise Refusal(400, "invalid_json", "The request has no body.", "Send a JSON object as the body.")
    return decode_json(body)


async def read_object(request: web.Request, limit: int = JSON_BYTES, *, optional: bool = False) -> dict[str, Any]:
    """The body as a JSON object; {} for no body when it is `optional`.

    Raises:
        Refusal: as `read_json`, and 400 for JSON of another kind.
    """
    if optional and not request.can_read_body:
        return {}
    body = await read_body(request, limit)
    if optional and not body.strip():
        return {}
    value = decode_json(body) if body.strip() else None
    if not isinstance(value, dict):
        raise Refusal(400, "invalid_json", "The body is not a JSON object.", 'Send an object, as in {"name": "value"}.')
    return cast("dict[str, Any]", value)


async def read_body(request: web.Request, limit: int) -> bytes:
    """The body, at most `limit` bytes of it.

    Raises:
        Refusal: 413 when it is longer.
    """
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    parts = bytearray()
    async for part in request.content.iter_chunked(2**18):
        parts += part
        if len(parts) > limit:
            raise _too_large(limit)
    return bytes(parts)


def decode_json(data: bytes) -> Any:
    """Decode JSON from outside.

    Raises:
        Refusal: 400, saying what is wrong and where.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
        value = json.loads(text)
    except UnicodeDecodeError as error:
        raise _not_json(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _not_json(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise _not_json("it holds a number of thousands of digits") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """Refuse what nests so deep that whoever walks it by recursion, the JSON encoder among them, would fail."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            members = cast("dict[str, Any]", item).values() if isinstance(item, dict) else cast("list[Any]", item)
            below += [member for member in members if isinstance(member, (dict, list))]
        if not below:
            return
        level = below
    raise _too_deep()


def _not_json(why: str) -> Refusal:
    return Refusal(400, "invalid_json", f"The body is not JSON: {why}.", "Send UTF-8 text that json.loads accepts.")


def _too_deep() -> Refusal:
    what = f"The body nests lists and objects more than {MAX_DEPTH} deep."
    return Refusal(400, "invalid_json", what, "Send flatter JSON; no workflow nests that deep.")


def _too_large(limit: int) -> Refusal:
    what = f"The body is longer than the {limit:,} bytes that are accepted here."
    return Refusal(413, "body_too_large", what, "Send less; upload pictures with POST /upload/image instead.")
