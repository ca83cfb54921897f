"""Making assets of uploaded bytes, or of bytes that are here already."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

from folders.safe_paths import UnsafeNameError, inside
from folders.workspace import Workspace
from web.files.uploads import unfinished
from web.v2.assets import Asset
from web.v2.hashing import hash_file
from web.v2.ids import new_asset_id
from web.v2.media import given_media_type
from web.v2.places import Target, folder_of, path_of, put, target_of
from web.v2.refusals import RefusalV2, invalid
from web.v2.safetensors_header import NotSafetensorsError, check_safetensors
from web.v2.service import ApiV2
from web.v2.times import now
from web.v2.upload import Blob

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
    blob = await asyncio.to_thread(_copy, parts, known[0])
    try:
        return await mint_uploaded(parts, blob, target, file_path, tags), True
    finally:
        await asyncio.to_thread(blob.path.unlink, missing_ok=True)


async def mint_uploaded(parts: ApiV2, blob: Blob, target: Target, file_path: str, tags: list[str]) -> Asset:
    """Give received bytes their place and record them.

    Raises:
        RefusalV2: 422 for a model that is not sound, 409 for a model whose name is taken by other content.
    """
    workspace = parts.site.workspace
    if target.is_model:
        await asyncio.to_thread(_check_model, blob.path)
    there = await asyncio.to_thread(_same_file, workspace, target, blob)
    name = target.name if there else await asyncio.to_thread(put, workspace, blob.path, target)
    asset = Asset(
        id=new_asset_id(),
        place=target.place,
        name=name,
        file_path=file_path,
        content_type=given_media_type(blob.media_type, name),
        size=blob.size,
        created=now(),
        hash=blob.hash,
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


def _same_file(workspace: Workspace, target: Target, blob: Blob) -> bool:
    """Whether the very bytes lie under the wanted name already, put there by other means."""
    try:
        path = inside(folder_of(workspace, target.place), target.name)
    except UnsafeNameError:
        return False
    return path.is_file() and path.stat().st_size == blob.size and hash_file(path).hash == blob.hash


def _copy(parts: ApiV2, asset: Asset) -> Blob:
    """The bytes of an asset once more, as if they had been uploaded."""
    parts.temporary.mkdir(parents=True, exist_ok=True)
    copy = unfinished(parts.temporary)
    try:
        if asset.text is not None:
            copy.write_bytes(asset.text.encode("utf-8", "replace"))
        else:
            path = path_of(parts.site.workspace, asset)
            if path is None:
                raise RefusalV2(404, "blob_not_found", "The file has just been removed. Upload it again.")
            shutil.copyfile(path, copy)
        found = hash_file(copy)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return Blob(copy, found.size, found.hash, asset.content_type)


def _check_model(path: Path) -> None:
    try:
        check_safetensors(path)
    except NotSafetensorsError as error:
        raise invalid(f"The file is no safetensors file: {error}. Models are accepted in that format only.") from None
