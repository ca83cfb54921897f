"""Assets in workflows: `{"__type": "core/ASSET", "info": {"id": ...}}` where a file name would stand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from web.v2.assets import Asset
from web.v2.minting import known_assets
from web.v2.places import name_in_workflow, path_of
from web.v2.refusals import RefusalV2
from web.v2.service import ApiV2

TYPE = "core/ASSET"


class _Reference(NamedTuple):
    container: Any  # the object or list that holds it
    key: Any  # where
    info: Mapping[str, Any]


async def with_assets(parts: ApiV2, workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The workflow with names of files in place of references. It is changed and returned.

    Raises:
        RefusalV2: 422 `missing_asset`, naming all that cannot be resolved.
    """
    whole = {"workflow": workflow}
    references = list(_references(whole))
    known = await parts.library.get_many({text for one in references if isinstance(text := one.info.get("id"), str)})
    missing: dict[str, None] = {}
    for one in references:
        asset = await _asset(parts, one.info, known)
        if asset is None:
            missing[str(one.info.get("id", "without an id"))[:100]] = None
        else:
            one.container[one.key] = name_in_workflow(asset)
    if missing:
        what = f"The workflow names assets that are not here: {', '.join(missing)}."
        raise RefusalV2(422, "missing_asset", f"{what} Upload them again.", {"assets": [*missing]})
    return cast("dict[str, Any]", whole["workflow"])


async def _asset(parts: ApiV2, info: Mapping[str, Any], known: Mapping[str, Asset]) -> Asset | None:
    """The id decides; only where there is none, the hash does. The file must be there."""
    given = info.get("id")
    if isinstance(given, str):
        asset = known.get(given)
        if asset is None or asset.text is not None:
            return asset
        there = await asyncio.to_thread(path_of, parts.site.workspace, asset)
        return asset if there is not None else None
    content_hash = info.get("hash")
    if not isinstance(content_hash, str):
        return None
    found = await known_assets(parts, content_hash)
    return found[0] if found else None


def _references(whole: dict[str, Any]) -> Iterator[_Reference]:
    """Every reference, anywhere below; of a malformed one the `info` is empty."""
    waiting: list[Any] = [whole]
    while waiting:
        container = waiting.pop()
        for key, item in _items(container):
            if isinstance(item, dict) and cast("dict[str, Any]", item).get("__type") == TYPE:
                info = cast("dict[str, Any]", item).get("info")
                yield _Reference(container, key, cast("dict[str, Any]", info) if isinstance(info, dict) else {})
            elif isinstance(item, (dict, list)):
                waiting.append(item)


def _items(container: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(container, dict):
        return cast("dict[str, Any]", container).items()
    return enumerate(cast("list[Any]", container))
