"""What the API's documentation says of /userdata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from web.route import Handler, Route

FILE = {"file": "The file's path as ONE segment: slashes as %2F, as in `workflows%2Fa.json`."}
FLAGS = {
    "overwrite": "`false`: refuse when the name is taken. Default: `true`.",
    "full_info": "`true`: answer with path, size, times and revision instead of the path alone.",
}
REVISION = {
    "revision": (
        "The revision that the writer began from. When the file is another now, nothing is changed (409). The header "
        "`If-Match` says the same, answered with 412."
    )
}
READ = {401: "With --multi-user: there is no such user.", 403: "The name leads outside.", 404: "It is not there."}
WRITTEN = {
    **READ,
    400: "The name cannot be used.",
    409: "The name is taken and may not be overwritten, or the file is not of the given `revision` any more.",
    412: "The file is not of the revision in `If-Match` any more. The answer has the present `revision`.",
    507: "The disk is full.",
}
ABOUT_REVISIONS = (
    "The header `ETag` holds the revision of the content. Sent back as `If-Match` when saving, it keeps a stale tab "
    "from overwriting what another one has saved. What is replaced, moved over or deleted is kept as a version: the "
    "last 50, up to 64 MiB of a file."
)

INFO: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "size": {"type": "integer", "description": "Bytes."},
        "modified": {"type": "number", "description": "Unix seconds."},
        "created": {"type": "number", "description": "Unix seconds."},
        "revision": {"type": "string"},
    },
}
SAVED: Mapping[str, Any] = {"oneOf": [{"type": "string", "description": "The path."}, INFO]}
VERSION = {
    "type": "object",
    "properties": {
        "revision": {"type": "string"},
        "replaced": {"type": "number", "description": "Until when it was the content, in Unix seconds."},
        "size": {"type": "integer", "description": "Bytes."},
    },
}


@dataclass(frozen=True, slots=True)
class _About:
    """The documented part of a route."""

    summary: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    answers: Mapping[int, str] = field(default_factory=dict[int, str])
    schema: Mapping[str, Any] | None = None
    media_type: str = "application/json"
    description: str = ""
    body: Mapping[str, Any] | None = None


_ABOUT: Mapping[tuple[str, str], _About] = {
    ("GET", "/userdata"): _About(
        "List the files of a folder of the user's.",
        {
            "dir": "The folder, such as `workflows`.",
            "recurse": "`true`: files in folders below it too.",
            "split": "`true`: for each file a list of its path and the path's parts.",
            "full_info": "`true`: for each file its path, size and times.",
        },
        {200: "The files; paths are those below the folder.", 400: "No folder was given.", **READ},
        {"type": "array"},
    ),
    ("GET", "/v2/userdata"): _About(
        "List everything below a folder of the user's, folders first.",
        {"path": "The folder, such as `workflows`; all of the user's when it is left out."},
        {200: "Name, path, type (`file` or `directory`), size and time of each.", **READ},
        {"type": "array", "items": {"type": "object"}},
    ),
    ("GET", "/userdata/{file}"): _About(
        "Read a file of the user's.",
        FILE,
        {200: "The content, and its revision as `ETag`.", 304: "It is as the client has it.", **READ},
        media_type="application/octet-stream",
    ),
    ("POST", "/userdata/{file}"): _About(
        "Save a file of the user's; its folder is made where it is missing.",
        {**FILE, **FLAGS, **REVISION},
        {200: "It is saved.", **WRITTEN, 413: "It is larger than `--max-upload-size`."},
        SAVED,
        description=ABOUT_REVISIONS,
        body={"description": "The content, of any kind."},
    ),
    ("DELETE", "/userdata/{file}"): _About(
        "Delete a file of the user's; its content is kept as a version.",
        {**FILE, **REVISION},
        {204: "It is deleted.", **WRITTEN},
    ),
    ("POST", "/userdata/{file}/move/{dest}"): _About(
        "Give a file of the user's another name; its versions go with it.",
        {**FILE, "dest": "The new path, as one segment.", **FLAGS, **REVISION},
        {200: "It has the new name.", **WRITTEN},
        SAVED,
    ),
    ("GET", "/userdata/{file}/history"): _About(
        "List the former versions of a file of the user's, the newest first; also of one that was deleted.",
        FILE,
        {200: "The versions that are kept.", **READ},
        {"type": "array", "items": VERSION},
    ),
    ("GET", "/userdata/{file}/history/{revision}"): _About(
        "Read a former version of a file.",
        {**FILE, "revision": "As the list of versions tells it."},
        {200: "The content.", 304: "It is as the client has it.", **READ},
        media_type="application/octet-stream",
    ),
    ("POST", "/userdata/{file}/history/{revision}/restore"): _About(
        "Make a former version the present one; what it replaces is kept as a version.",
        {**FILE, "full_info": FLAGS["full_info"], "revision": "As the list of versions tells it."},
        {200: "It is the content now.", **WRITTEN},
        SAVED,
        description="The header `If-Match` guards it as it guards saving.",
    ),
}


def document(method: str, path: str, handler: Handler) -> Route:
    """A route with what is said of it."""
    about = _ABOUT[(method, path)]
    return Route(
        method,
        path,
        handler,
        about.summary,
        "User",
        query=about.query,
        body=about.body,
        answers=about.answers,
        schema=about.schema,
        media_type=about.media_type,
        description=about.description,
    )
