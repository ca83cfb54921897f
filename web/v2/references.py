"""Assets in workflows: `{"__type": "core/ASSET", "info": {"id": ...}}` where a file name would stand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, cast

from web.v2.assets import Asset
from web.v2.minting import known_assets
from web.v2.places import name_in_workflow, path_of
from web.v2.refusals import RefusalV2
from web.v2.service import ApiV2

TYPE = "core/ASSET"


async def with_assets(parts: ApiV2, workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The workflow with names of files in place of references.

    Raises:
        RefusalV2: 422 `missing_asset`, naming all that cannot be resolved.
    """
    references = list(_references(workflow))
    if not references:
        return dict(workflow)
    known = await parts.library.get_many({text for info in references if isinstance(text := info.get("id"), str)})
    names: dict[int, str] = {}
    missing: list[str] = []
    for info in references:
        asset = await _asset(parts, info, known)
        if asset is None:
            missing.append(str(info.get("id", "without an id"))[:100])
        else:
            names[id(info)] = name_in_workflow(asset)
    if missing:
        what = f"The workflow names assets that are not here: {', '.join(dict.fromkeys(missing))}."
        raise RefusalV2(422, "missing_asset", f"{what} Upload them again.", {"assets": list(dict.fromkeys(missing))})
    return cast("dict[str, Any]", _replaced(workflow, names))


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


def _references(value: Any) -> Iterator[Mapping[str, Any]]:
    """The `info` of every reference, anywhere in the workflow; of a malformed one an empty one."""
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            fields = cast("dict[str, Any]", item)
            if fields.get("__type") == TYPE:
                info = fields.get("info")
                yield cast("dict[str, Any]", info) if isinstance(info, dict) else {}
            else:
                waiting += fields.values()
        elif isinstance(item, list):
            waiting += cast("list[Any]", item)


def _replaced(value: Any, names: Mapping[int, str]) -> Any:
    """A copy with names for references. Depth is bounded by what the JSON reader lets in."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if fields.get("__type") == TYPE:
            return names[id(fields["info"])]
        return {key: _replaced(item, names) for key, item in fields.items()}
    if isinstance(value, list):
        return [_replaced(item, names) for item in cast("list[Any]", value)]
    return value
