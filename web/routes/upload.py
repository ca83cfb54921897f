"""POST /upload/image and /upload/mask: files into the user's folders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from folders.workspace import OwnFolder, Workspace, split_annotation
from web.answers import json_answer
from web.files.disk import disk_refusal
from web.files.media_types import medium
from web.files.pictures import check_upload, with_alpha
from web.files.places import file_in, not_found, own_folder_kind, unsafe_as_request
from web.files.placing import place
from web.files.state import files
from web.files.uploads import Upload, receive
from web.refusal import Refusal
from web.route import Route
from web.site import site


async def upload_image(request: web.Request) -> web.Response:
    """Keep a file of any kind."""
    return await _upload(request, None)


async def upload_mask(request: web.Request) -> web.Response:
    """Keep an existing picture with the transparency of the uploaded one."""
    return await _upload(request, site(request).workspace)


async def _upload(request: web.Request, originals: Workspace | None) -> web.Response:
    """`originals`: where the picture lies that gets the uploaded one's alpha; None: the upload is kept as it is."""
    workspace, limit = site(request).workspace, site(request).options.max_upload_bytes
    try:
        with await receive(request, workspace.folder("temp"), "image", limit) as upload:
            kind = own_folder_kind(upload.field("type") or "input")
            target = await asyncio.to_thread(_target, workspace.folder(kind), upload)
            if medium(target.name) == "image" or originals is not None:
                async with files(request).decoding:
                    await asyncio.to_thread(_look_at, upload, originals)
            overwrite = upload.field("overwrite").lower() in ("true", "1")
            placed = await asyncio.to_thread(place, upload.path, target, overwrite)
    except OSError as error:
        raise disk_refusal(error) from error
    return json_answer(_named(workspace, kind, placed))


def _target(root: Path, upload: Upload) -> Path:
    """Where the file should go.

    Raises:
        Refusal: 400, there is no file, or its place cannot be used.
    """
    if not upload.name:
        raise Refusal(400, "no_file", "The form has no file named 'image'.", "Send the file as the field 'image'.")
    with unsafe_as_request():
        return file_in(root, upload.field("subfolder"), upload.name)


def _look_at(upload: Upload, originals: Workspace | None) -> None:
    """Refuse a picture of too many pixels; put the original's colours into an uploaded mask."""
    check_upload(upload.path)
    if originals is not None:
        original = _original(originals, upload.field("original_ref"))
        upload.path.write_bytes(with_alpha(original, upload.path))


def _original(workspace: Workspace, reference: str) -> Path:
    """The picture that `original_ref` names.

    Raises:
        Refusal: 400 for what names none, 404 when it is not there.
    """
    try:
        value: Any = json.loads(reference)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        what = "The field 'original_ref' is not a JSON object."
        raise Refusal(400, "invalid_original", what, 'Send {"filename": "x.png", "subfolder": "", "type": "input"}.')
    named = cast("Mapping[str, Any]", value)
    name, kind = split_annotation(str(named.get("filename", "")), own_folder_kind(str(named.get("type") or "output")))
    with unsafe_as_request():
        path = file_in(workspace.folder(kind), str(named.get("subfolder") or ""), name)
    if not path.is_file():
        raise not_found("The original picture is not there.", "Name a picture that GET /api/outputs lists.")
    return path


def _named(workspace: Workspace, kind: OwnFolder, path: Path) -> dict[str, str]:
    below = path.relative_to(workspace.folder(kind).resolve())
    subfolder = "" if below.parent == Path() else below.parent.as_posix()
    return {"name": below.name, "subfolder": subfolder, "type": kind}


FORM = {
    "image": "The file, with its name.",
    "type": "`input` (default), `temp` or `output`: the folder to keep it in.",
    "subfolder": "A folder within it; made where it is missing.",
    "overwrite": "`true` or `1`: take the place of a file of that name.",
}
ANSWERS = {
    200: "The file's name, subfolder and type, as nodes take them.",
    400: "No file was sent, or it cannot be kept under that name.",
    403: "The server may not write there.",
    413: "The file is larger than `--max-upload-size`, or the picture has too many pixels.",
    507: "The disk is full.",
}
NAMED = {
    "type": "object",
    "required": ["name", "subfolder", "type"],
    "properties": {"name": {"type": "string"}, "subfolder": {"type": "string"}, "type": {"type": "string"}},
}

ROUTES = (
    Route(
        "POST",
        "/upload/image",
        upload_image,
        "Upload a picture or another file.",
        "Files",
        form=FORM,
        answers=ANSWERS,
        schema=NAMED,
        description=(
            "The same content under the same name is kept once. Other content gets a new name, `name (1).ext`, unless "
            "`overwrite` is given."
        ),
    ),
    Route(
        "POST",
        "/upload/mask",
        upload_mask,
        "Upload a mask: an existing picture is kept anew with the uploaded picture's transparency.",
        "Files",
        form={**FORM, "original_ref": 'The picture to mask, as JSON: `{"filename", "subfolder", "type"}`.'},
        answers={**ANSWERS, 404: "The original picture is not there.", 422: "One of the pictures is damaged."},
        schema=NAMED,
        description="The result is a PNG; the original's text chunks, which hold its workflow, are kept.",
    ),
)
