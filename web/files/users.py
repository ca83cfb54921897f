"""Whose settings and saved workflows a request means."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from web.files.disk import write_whole
from web.refusal import Refusal
from web.site import Site, site

USERS_FILE = "users.json"
MAX_USERS = 1_000
MAX_NAME = 100  # characters


def user_folder(request: web.Request) -> Path:
    """The folder of the user that the request's `Comfy-User` header names; of everybody without --multi-user.

    Raises:
        Refusal: 401, there is no such user.
    """
    server = site(request)
    if not server.options.multi_user:
        return server.user
    user = request.headers.get("Comfy-User", "")
    if user not in read_users(server):
        what = "There is no such user."
        raise Refusal(401, "unknown_user", what, "Send the id of one that GET /users lists in the header Comfy-User.")
    return server.workspace.user / user


def read_users(server: Site) -> dict[str, str]:
    """Id -> name of every user.

    Ids that name no plain folder, which somebody must have written into the file by hand, are left out.
    """
    try:
        value: Any = json.loads((server.workspace.user / USERS_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    users = cast("dict[str, Any]", value)
    return {id: str(name) for id, name in users.items() if re.fullmatch(r"[A-Za-z0-9_-]{1,150}", id)}


def add_user(server: Site, name: str) -> str:
    """Make a user; returns the id.

    Raises:
        Refusal: 400, the name cannot be used.
        OSError: the list cannot be written.
    """
    name = name.strip()
    users = read_users(server)
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Refusal(400, "invalid_username", f"A user's name has 1 to {MAX_NAME} characters.", "Choose another.")
    if name in users.values():
        raise DuplicateName()
    if len(users) >= MAX_USERS:
        raise Refusal(400, "too_many_users", f"The server keeps {MAX_USERS} users at most.", "Use one that is there.")
    id = f"{re.sub(r'[^A-Za-z0-9_-]', '-', name)}_{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}"
    users[id] = name
    write_whole(server.workspace.user / USERS_FILE, json.dumps(users).encode())
    return id


class DuplicateName(Refusal):
    """Another user goes by that name; told in the words that the editor of the existing API shows."""

    def __init__(self) -> None:
        super().__init__(400, "duplicate_username", "Duplicate username.", "Choose another name.")

    def to_json(self) -> dict[str, Any]:
        return {"error": self.message}
