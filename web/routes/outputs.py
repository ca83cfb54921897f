"""GET /outputs: what lies in the user's folders, a page at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from web.answers import empty_answer, json_answer
from web.files.disk import disk_refusal
from web.files.listing import Entry, Order, after, cursor_of
from web.files.media_types import media_type, medium
from web.files.places import file_in, folder_below, not_found, own_folder_kind
from web.files.state import files
from web.refusal import Refusal
from web.route import Route
from web.site import site

ORDERS: tuple[Order, ...] = ("newest", "oldest", "name", "largest")
MEDIA = ("image", "video", "audio", "other")
MOST = 1000
USUAL = 100


async def list_outputs(request: web.Request) -> web.Response:
    """A page of the files of one own folder."""
    query = request.query
    kind = own_folder_kind(query.get("type", "output"))
    order, limit = _order(query.get("sort", "newest")), _limit(query.get("limit"))
    chosen = query.get("media", "")
    if chosen and chosen not in MEDIA:
        raise _invalid("media", f"one of {', '.join(MEDIA)}")
    root = site(request).workspace.folder(kind)
    below = await asyncio.to_thread(_below, root, query.get("subfolder", ""))

    def page() -> dict[str, Any]:
        entries = _matching(files(request).listing.files(root, order), query.get("search", ""), below, chosen)
        first = _first(entries, query.get("cursor", ""), order)
        part = entries[first : first + limit]
        ends = first + limit >= len(entries)
        return {
            "files": [_described(entry, kind) for entry in part],
            "total": len(entries),
            "next": None if ends or not part else cursor_of(part[-1], order),
        }

    return json_answer(await asyncio.to_thread(page))


def _order(text: str) -> Order:
    for order in ORDERS:
        if order == text:
            return order
    raise _invalid("sort", f"one of {', '.join(ORDERS)}")


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST:
        return int(text)
    raise _invalid("limit", f"a number from 1 to {MOST}")


def _invalid(name: str, what: str) -> Refusal:
    return Refusal(400, "invalid_query", f"'{name}' has to be {what}.", "GET /docs says what may be asked for.")


def _below(root: Path, subfolder: str) -> str:
    folder = folder_below(root, subfolder)
    below = folder.relative_to(root.resolve()).as_posix()
    return "" if below == "." else f"{below}/"


def _matching(entries: Sequence[Entry], search: str, below: str, chosen: str) -> Sequence[Entry]:
    """Entries below a folder whose paths hold every word of a search."""
    if below:
        entries = [entry for entry in entries if entry.path.startswith(below)]
    for word in search.casefold().split()[:20]:
        entries = [entry for entry in entries if word in entry.path.casefold()]
    if chosen:
        wanted = None if chosen == "other" else chosen
        entries = [entry for entry in entries if medium(entry.path) == wanted]
    return entries


def _first(entries: Sequence[Entry], cursor: str, order: Order) -> int:
    if not cursor:
        return 0
    with suppress(ValueError, RecursionError):
        return after(entries, cursor, order)
    raise _invalid("cursor", "the 'next' of an earlier answer")


def _described(entry: Entry, kind: str) -> dict[str, Any]:
    subfolder, _, name = entry.path.rpartition("/")
    return {
        "filename": name,
        "subfolder": subfolder,
        "type": kind,
        "size": entry.size,
        "modified": entry.modified / 1e9,
        "media_type": media_type(name),
    }


async def delete_output(request: web.Request) -> web.Response:
    """Delete one file."""
    query = request.query
    root = site(request).workspace.folder(own_folder_kind(query.get("type", "output")))

    def delete() -> None:
        path = file_in(root, query.get("subfolder", ""), query.get("filename", ""))
        if not path.is_file():
            raise not_found("There is no such file.", "GET /api/outputs lists what is there.")
        path.unlink()

    try:
        await asyncio.to_thread(delete)
    except FileNotFoundError:
        raise not_found("There is no such file.") from None
    except OSError as error:
        raise disk_refusal(error) from error
    return empty_answer(204)


FILE = {
    "type": "object",
    "properties": {
        "filename": {"type": "string"},
        "subfolder": {"type": "string"},
        "type": {"type": "string"},
        "size": {"type": "integer", "description": "Bytes."},
        "modified": {"type": "number", "description": "Unix seconds."},
        "media_type": {"type": "string"},
    },
}

ROUTES = (
    Route(
        "GET",
        "/outputs",
        list_outputs,
        "List the files of the output, input or temp folder, with search and paging.",
        "Files",
        query={
            "type": "`output` (default), `input` or `temp`.",
            "search": "Words that the path has to hold, in any case.",
            "subfolder": "Only files below this folder.",
            "media": "Only `image`, `video`, `audio` or `other` files.",
            "sort": "`newest` (default), `oldest`, `name` or `largest` first.",
            "limit": "Files on a page, 1 to 1000 (default 100).",
            "cursor": "`next` of the page before: the page after it, whatever was saved in between.",
        },
        answers={200: "A page.", 400: "The query cannot be understood.", 403: "The subfolder is outside."},
        schema={
            "type": "object",
            "required": ["files", "total", "next"],
            "properties": {
                "files": {"type": "array", "items": FILE},
                "total": {"type": "integer", "description": "Files that match, on all pages."},
                "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
            },
        },
    ),
    Route(
        "DELETE",
        "/outputs",
        delete_output,
        "Delete a file of the output, input or temp folder.",
        "Files",
        query={
            "filename": "The file's name.",
            "subfolder": "The folder within.",
            "type": "`output` (default), `input` or `temp`.",
        },
        answers={204: "It is deleted.", 400: "The name cannot be used.", 403: "Not allowed.", 404: "It is not there."},
    ),
)
