"""Making assets of uploaded bytes, or of bytes that are here already."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from folders.safe_paths import UnsafeNameError, inside
from folders.workspace import Workspace
from web.v2.assets import Asset
from web.v2.hashing import Hashed, hash_file, hash_text
from web.v2.ids import new_asset_id
from web.v2.media import given_media_type
from web.v2.places import Target, folder_of, path_of, put, target_of
from web.v2.refusals import RefusalV2, invalid
from web.v2.safetensors_header import NotSafetensorsError, check_safetensors
from web.v2.service import ApiV2
from web.v2.times import now
from web.v2.upload import Upload

MOST_TAGS, LONGEST_TAG = 32, 128


async def known_assets(parts: ApiV2, content_hash: str) -> list[Asset]:
    """Assets of this content whose files are still what they were when they were hashed."""
    found = await parts.library.with_hash(content_hash)
    return await asyncio.to_thread(lambda: [asset for asset in found if is_current(parts.site.workspace, asset)])


def is_current(workspace: Workspace, asset: Asset) -> bool:
    """Whether an asset's file has not been changed or removed since it was hashed."""
    if asset.text is not None:
        return True
    path = path_of(workspace, asset)
    if path is None:
        return False
    state = path.stat()
    return state.st_size == asset.size and state.st_mtime_ns == asset.stamp


async def mint_from_known(
    parts: ApiV2, known: list[Asset], file_path: str | None, tags: list[str]
) -> tuple[Asset, bool]:
    """An asset over bytes that are here; whether it had to be made. `known` must not be empty.

    The same reference again is the same asset. A picture is used where it lies, whatever it is called; a model must
    lie where its loader looks, so it is copied there.
    """
    workspace = parts.site.workspace
    if file_path is None:
        return known[0], False
    target = target_of(workspace, file_path)
    fitting = [asset for asset in known if _serves(asset, target)]
    for asset in fitting:
        if asset.file_path == file_path:
            return asset, False
    if fitting:
        minted = replace(
            fitting[0], id=new_asset_id(), file_path=file_path, created=now(), job=None, node=None, tags=tuple(tags)
        )
        await parts.library.add([minted])
        return minted, True
    upload = await asyncio.to_thread(_copy, parts, known[0])
    try:
        return await mint_uploaded(parts, upload, target, file_path, tags), True
    finally:
        await asyncio.to_thread(upload.discard)


async def mint_uploaded(parts: ApiV2, upload: Upload, target: Target, file_path: str, tags: list[str]) -> Asset:
    """Give received bytes their place and record them.

    Raises:
        RefusalV2: 422 for a model that is not sound, 409 for a model whose name is taken by other content.
    """
    workspace = parts.site.workspace
    if target.is_model:
        await asyncio.to_thread(_check_model, upload.path)
    there = await asyncio.to_thread(_same_file, workspace, target, upload)
    name = target.name if there else await asyncio.to_thread(put, workspace, upload.path, target)
    asset = Asset(
        id=new_asset_id(),
        place=target.place,
        name=name,
        file_path=file_path,
        content_type=given_media_type(upload.fields.get("content_type") or upload.media_type, name),
        size=upload.size,
        created=now(),
        hash=upload.hash,
        uploaded=not there,
        tags=tuple(tags),
    )
    path = path_of(workspace, asset)
    if path is None:
        raise RefusalV2(409, "file_exists", "The file was removed while it was being stored. Send it again.")
    asset = replace(asset, stamp=path.stat().st_mtime_ns)
    await parts.library.add([asset])
    return asset


def checked_tags(tags: object) -> list[str]:
    """Labels of an asset.

    Raises:
        RefusalV2: they are too many, too long or no texts.
    """
    if tags is None:
        return []
    listed = list(tags) if isinstance(tags, list) else [tags]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    texts = [tag for tag in listed if isinstance(tag, str) and len(tag) <= LONGEST_TAG]  # pyright: ignore[reportUnknownVariableType]
    if len(texts) != len(listed) or len(texts) > MOST_TAGS:  # pyright: ignore[reportUnknownArgumentType]
        raise invalid(f"Tags are at most {MOST_TAGS} texts of at most {LONGEST_TAG} characters.")
    return texts


def _serves(asset: Asset, target: Target) -> bool:
    """Whether a workflow that wants the target can use the asset where it lies."""
    if target.is_model:
        return asset.place == target.place and asset.name == target.name
    return asset.place in ("input", "output")


def _same_file(workspace: Workspace, target: Target, upload: Upload) -> bool:
    """Whether the very bytes lie under the wanted name already, put there by other means."""
    try:
        path = inside(folder_of(workspace, target.place), target.name)
    except UnsafeNameError:
        return False
    return path.is_file() and path.stat().st_size == upload.size and hash_file(path).hash == upload.hash


def _copy(parts: ApiV2, asset: Asset) -> Upload:
    """The bytes of an asset once more, as if they had been uploaded."""
    parts.staging.mkdir(parents=True, exist_ok=True)
    copy = parts.staging / f"{new_asset_id()}.part"
    if asset.text is not None:
        copy.write_bytes(asset.text.encode("utf-8", "replace"))
        found = Hashed(hash_text(asset.text), copy.stat().st_size, 0)
    else:
        path = path_of(parts.site.workspace, asset)
        if path is None:
            raise RefusalV2(404, "blob_not_found", "The file has just been removed. Upload it again.")
        copy.write_bytes(b"")
        _copy_bytes(path, copy)
        found = hash_file(copy)
    return Upload(copy, found.size, found.hash, media_type=asset.content_type)


def _copy_bytes(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(2**20):
            writing.write(chunk)


def _check_model(path: Path) -> None:
    try:
        check_safetensors(path)
    except NotSafetensorsError as error:
        raise invalid(f"The file is no safetensors file: {error}. Models are accepted in that format only.") from None
