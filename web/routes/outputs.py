"""GET /outputs: what lies in the user's folders, a page at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from execution.problems import WorkflowError
from folders.embedded import MetadataError
from folders.workspace import OwnFolder
from web.answers import empty_answer, json_answer
from web.files.disk import disk_refusal
from web.files.listing import Entry, Order, after, cursor_of
from web.files.media_types import media_type, medium
from web.files.places import file_in, folder_below, not_found, own_folder_kind
from web.files.state import files
from web.gallery.gallery import GALLERY, Gallery
from web.gallery.index import MOST_WORDS, Wanted
from web.gallery.reading import Carried, carried
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
    wanted = Wanted(*(query.get(name, "") for name in ("search", "prompt", "model", "sampler")))
    details = query.get("details", "").lower() in ("true", "1")
    root = site(request).workspace.folder(kind)
    below = await asyncio.to_thread(_below, root, query.get("subfolder", ""))
    listing, gallery = files(request).listing, request.app[GALLERY]

    def page() -> dict[str, Any]:
        unread = gallery.update(kind, listing.files(root)) if details or not wanted.empty else None
        entries = _searched(listing.files(root, order), wanted, gallery, kind)
        entries = _matching(entries, below, chosen)
        first = _first(entries, query.get("cursor", ""), order)
        part = entries[first : first + limit]
        ends = first + limit >= len(entries)
        shown = [_described(entry, kind) for entry in part]
        if details:
            about = gallery.about(kind, (entry.path for entry in part))
            for entry, told in zip(part, shown, strict=True):
                told["made_with"] = about.get(entry.path)
        answer = {
            "files": shown,
            "total": len(entries),
            "next": None if ends or not part else cursor_of(part[-1], order),
        }
        return answer if unread is None else {**answer, "unread": unread}

    answer = await asyncio.to_thread(page)
    if answer.get("unread"):
        gallery.look(kind)
    return json_answer(answer)


async def get_workflow(request: web.Request) -> web.Response:
    """The workflow that a file carries."""
    query = request.query
    root = site(request).workspace.folder(own_folder_kind(query.get("type", "output")))

    def read() -> Carried:
        path = file_in(root, query.get("subfolder", ""), query.get("filename", ""))
        if not path.is_file():
            raise not_found("There is no such file.", "GET /api/outputs lists what is there.")
        return carried(path)

    try:
        found = await asyncio.to_thread(read)
    except (MetadataError, WorkflowError) as error:
        raise Refusal(400, "no_workflow", str(error)) from None
    except OSError as error:
        raise disk_refusal(error) from error
    return json_answer({"workflow": found.workflow, "prompt": found.prompt})


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


def _searched(entries: Sequence[Entry], wanted: Wanted, gallery: Gallery, kind: OwnFolder) -> Sequence[Entry]:
    """Entries that a search finds: by what they carry, or all words in the path alone, which every file has."""
    if wanted.empty:
        return entries
    found = gallery.matching(kind, wanted)
    words = wanted.search.casefold().split()[:MOST_WORDS]
    if Wanted(wanted.search) != wanted:  # asks for what only the index knows
        return [entry for entry in entries if entry.path in found]
    return [entry for entry in entries if entry.path in found or all(word in entry.path.casefold() for word in words)]


def _matching(entries: Sequence[Entry], below: str, chosen: str) -> Sequence[Entry]:
    """Entries below a folder and of a kind of media."""
    if below:
        entries = [entry for entry in entries if entry.path.startswith(below)]
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
        "made_with": {
            "type": ["object", "null"],
            "description": "With `details`: what it says that it was made with; null where it says nothing.",
            "properties": {
                "prompts": {"type": "array", "items": {"type": "string"}, "description": "Positive ones first."},
                "models": {"type": "array", "items": {"type": "string"}},
                "samplers": {"type": "array", "items": {"type": "string"}},
                "schedulers": {"type": "array", "items": {"type": "string"}},
                "seed": {"type": ["string", "null"], "description": "Its digits: JavaScript's numbers end at 2**53."},
                "size": {"type": ["array", "null"], "items": {"type": "integer"}, "description": "Width and height."},
            },
        },
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
            "search": "Words, in any case, that have to be in the path or in what the file was made with: prompts, "
            "models, samplers, schedulers, seeds.",
            "prompt": "Words that its prompts have to hold.",
            "model": "Words that the names of its models have to hold.",
            "sampler": "Words that the names of its samplers have to hold.",
            "details": "`true`: tell of each file what it was made with.",
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
                "unread": {
                    "type": "integer",
                    "description": "Of searches: files that were not read yet, so that they were found by path alone.",
                },
            },
        },
    ),
    Route(
        "GET",
        "/outputs/workflow",
        get_workflow,
        "The workflow and the prompt that a saved file carries.",
        "Files",
        query={
            "filename": "A PNG, WEBP, JPEG, .latent or .safetensors file.",
            "subfolder": "The folder within.",
            "type": "`output` (default), `input` or `temp`.",
        },
        answers={
            200: "What it carries.",
            400: "It carries no workflow, or the name cannot be used.",
            403: "The subfolder is outside.",
            404: "It is not there.",
        },
        schema={
            "type": "object",
            "required": ["workflow", "prompt"],
            "properties": {
                "workflow": {"type": ["object", "null"], "description": "As an editor opens it."},
                "prompt": {"type": ["object", "null"], "description": "As it was run."},
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
