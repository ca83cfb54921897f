"""The routes of assets."""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import Any, cast

from aiohttp import web

from web.answers import json_answer, read_object
from web.files.disk import disk_refusal
from web.files.media_types import file_headers
from web.files.plain_file import PlainFile
from web.files.uploads import Upload
from web.openapi import API_V2_TAG
from web.route import Route
from web.v2 import schemas
from web.v2.assets import Asset
from web.v2.hashing import checked_hash
from web.v2.links import ROOT, origin
from web.v2.minting import checked_tags, known_assets, mint_from_known, mint_uploaded
from web.v2.places import path_of, target_of
from web.v2.refusals import RefusalV2, invalid, not_found, refusing
from web.v2.service import ApiV2, api
from web.v2.shapes import asset_json
from web.v2.upload import Blob, receive


@refusing
async def post_asset(request: web.Request) -> web.Response:
    """Take an upload."""
    parts = api(request)
    try:
        upload, blob = await receive(request, parts.temporary, parts.site.options.max_upload_bytes)
        with upload:
            asset, status = await _minted(parts, upload, blob)
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        raise disk_refusal(error) from error
    return json_answer(asset_json(asset, origin(request), created_new=status == 201), status)


async def _minted(parts: ApiV2, upload: Upload, blob: Blob) -> tuple[Asset, int]:
    """The asset of received bytes: 201 when they are new here, 200 when they are known."""
    expected = upload.field("expected_hash")
    if expected and checked_hash(expected) != blob.hash:
        what = f"The bytes that came have the hash {blob.hash}, not the expected one. Send the file again."
        raise RefusalV2(409, "hash_mismatch", what, {"expected": expected, "received": blob.hash})
    file_path = upload.field("file_path") or PurePosixPath(upload.name.replace("\\", "/")).name
    if not file_path:
        raise invalid("Give a 'file_path' such as photo.png or models/loras/x.safetensors.")
    target, tags = target_of(parts.site.workspace, file_path), checked_tags(upload.fields.get("tags"))
    if known := await known_assets(parts, blob.hash):
        return (await mint_from_known(parts, known, file_path, tags))[0], 200
    asset = await mint_uploaded(parts, blob, target, file_path, tags)
    return asset, 201 if asset.uploaded else 200


@refusing
async def post_from_hash(request: web.Request) -> web.Response:
    """An asset of bytes that are here."""
    parts, body = api(request), await read_object(request)
    content_hash, file_path = checked_hash(body.get("hash")), body.get("file_path")
    if file_path is not None and not isinstance(file_path, str):
        raise invalid("'file_path' is not a text.")
    known = await known_assets(parts, content_hash)
    if not known:
        raise RefusalV2(404, "blob_not_found", "No bytes of this hash are here. Upload the file.")
    try:
        asset, new = await mint_from_known(parts, known, file_path, checked_tags(body.get("tags")))
    except OSError as error:
        raise disk_refusal(error) from error
    return json_answer(asset_json(asset, origin(request), created_new=False), 201 if new else 200)


@refusing
async def head_by_hash(request: web.Request) -> web.Response:
    """Whether bytes are here."""
    known = await known_assets(api(request), checked_hash(request.match_info["hash"]))
    return web.Response(status=200 if known else 404)


@refusing
async def get_asset(request: web.Request) -> web.Response:
    """An asset's record."""
    parts, asset = api(request), await _asset(request)
    parts.hasher.want([asset])
    return json_answer(asset_json(asset, origin(request)))


@refusing
async def get_content(request: web.Request) -> web.StreamResponse:
    """An asset's bytes."""
    asset = await _asset(request)
    name = PurePosixPath(asset.name).name
    if asset.text is not None:
        headers = {**file_headers(name), "Content-Type": "text/plain; charset=utf-8"}
        return web.Response(body=asset.text.encode("utf-8", "replace"), headers=headers)
    path = await asyncio.to_thread(path_of, api(request).site.workspace, asset)
    if path is None:
        what = "The file of this asset has been removed. Run the job again, or upload the file again."
        raise RefusalV2(404, "content_removed", what)
    return PlainFile(path, headers=file_headers(name))


@refusing
async def delete_asset(request: web.Request) -> web.Response:
    """Forget an asset, and remove its file where no other asset stands for it."""
    parts, asset = api(request), await _asset(request)
    await parts.library.delete(asset.id)
    others = await parts.library.at(asset.place, asset.name)
    if not others and asset.text is None and (asset.uploaded or asset.job is not None):
        await asyncio.to_thread(_remove, parts, asset)
    return web.Response(status=204)


def _remove(parts: ApiV2, asset: Asset) -> None:
    path = path_of(parts.site.workspace, asset)
    if path is not None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_refusal(error) from error


async def _asset(request: web.Request) -> Asset:
    asset = await api(request).library.get(request.match_info["id"])
    if asset is None:
        raise not_found("asset")
    return asset


ID = "An asset's id."
UNKNOWN = "There is no such asset (`not_found`)."
FORM: dict[str, Any] = {
    "file": "The bytes.",
    "content_type": "Their media type; told by the name where it is left out.",
    "file_path": "What to call it: `photo.png` becomes an input, `models/loras/x.safetensors` a model.",
    "expected_hash": "`blake3:` and 64 hexadecimal digits; the upload is refused when it has another hash.",
    "tags": "A label of your own; may be given several times.",
}

ROUTES = (
    Route(
        "POST",
        f"{ROOT}/assets",
        post_asset,
        "Upload a file.",
        API_V2_TAG,
        form=cast("dict[str, str]", FORM),
        answers={
            200: "The bytes are known: an asset that stands for them.",
            201: "A new asset.",
            409: "The bytes have another hash than expected (`hash_mismatch`), or a model of that name is there with "
            "other content (`file_exists`).",
            413: "The file is larger than `--max-upload-size` (`payload_too_large`).",
            422: "The name cannot be used, or a model is no sound safetensors file (`invalid_request`).",
            507: "The disk is full.",
        },
        schema=schemas.NEW_ASSET,
        prefixed=False,
        description="Inputs never take the place of another file: a second `photo.png` becomes `photo (1).png`. Models "
        "are accepted as safetensors only, into the known model folders.",
    ),
    Route(
        "POST",
        f"{ROOT}/assets/from-hash",
        post_from_hash,
        "Make an asset of bytes that the server has.",
        API_V2_TAG,
        body=schemas.FROM_HASH,
        answers={
            200: "The same reference was there.",
            201: "A new asset over known bytes.",
            404: "The bytes are not here (`blob_not_found`).",
            422: "The hash or the name cannot be used.",
        },
        schema=schemas.NEW_ASSET,
        prefixed=False,
    ),
    Route(
        "HEAD",
        f"{ROOT}/assets/by-hash/{{hash}}",
        head_by_hash,
        "Whether the server has these bytes.",
        API_V2_TAG,
        query={"hash": "`blake3:` and 64 hexadecimal digits."},
        answers={200: "They are here.", 404: "They are not."},
        prefixed=False,
    ),
    Route(
        "GET",
        f"{ROOT}/assets/{{id}}",
        get_asset,
        "An asset, with a fresh address of its content.",
        API_V2_TAG,
        query={"id": ID},
        answers={200: "The asset.", 404: UNKNOWN},
        schema=schemas.ASSET,
        prefixed=False,
    ),
    Route(
        "GET",
        f"{ROOT}/assets/{{id}}/content",
        get_content,
        "An asset's bytes.",
        API_V2_TAG,
        query={"id": ID},
        answers={
            200: "All of them.",
            206: "Those that the header `Range` asks for.",
            404: "There is no such asset, or its file has been removed (`content_removed`).",
            416: "There are no bytes in that range.",
        },
        media_type="application/octet-stream",
        prefixed=False,
    ),
    Route(
        "DELETE",
        f"{ROOT}/assets/{{id}}",
        delete_asset,
        "Delete an asset and its file.",
        API_V2_TAG,
        query={"id": ID},
        answers={204: "It is gone.", 404: UNKNOWN},
        prefixed=False,
        description="The file stays where another asset stands for it, or where it came into its folder otherwise than "
        "by an upload or a job.",
    ),
)
