"""What a job made, as outputs of API v2: every file and text that its nodes show, each one an asset."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, cast

from folders.workspace import OWN_FOLDERS, Workspace
from web.v2.assets import Asset, AssetLibrary
from web.v2.hashing import hash_text
from web.v2.ids import output_asset_id
from web.v2.media import media_type
from web.v2.places import path_of
from web.v2.times import now

TEXT_KEYS = ("text", "string")
"""Under which nodes show text. Strings elsewhere are settings of the editor's widgets."""


@dataclass(frozen=True, slots=True)
class Made:
    """One thing that a node shows."""

    node: str  # the submitted node's id
    place: str  # output, temp, input, or text
    name: str
    text: str | None = None


def made_by(node: str, ui: Mapping[str, Any]) -> Iterator[Made]:
    """The files and texts among what a node shows: `{"images": [{"filename", "subfolder", "type"}]}` and its like."""
    for key, items in ui.items():
        if not isinstance(items, (list, tuple)):
            continue
        for index, item in enumerate(cast("list[Any]", items)):
            if isinstance(item, str) and key in TEXT_KEYS:
                yield Made(node, "text", f"{node}/{key}_{index}.txt", item)
            elif isinstance(item, dict) and (made := _file(node, cast("dict[str, Any]", item))):
                yield made


def _file(node: str, item: Mapping[str, Any]) -> Made | None:
    filename, subfolder, place = item.get("filename"), item.get("subfolder") or "", item.get("type") or "output"
    if not isinstance(filename, str) or not isinstance(subfolder, str) or not filename or place not in OWN_FOLDERS:
        return None
    return Made(node, place, f"{subfolder.rstrip('/')}/{filename}" if subfolder else filename)


def made_by_all(outputs: Mapping[str, Mapping[str, Any]], meta: Mapping[str, Mapping[str, Any]]) -> list[Made]:
    """What all nodes of a run show, under the ids of the nodes that were submitted; nothing twice."""
    found: dict[tuple[str, str], Made] = {}
    for node, ui in outputs.items():
        real = meta.get(node, {}).get("real_node_id")
        for made in made_by(real if isinstance(real, str) and real else node, ui):
            found.setdefault((made.place, made.name), made)
    return list(found.values())


class Outputs:
    """Makes assets of what jobs made."""

    def __init__(self, library: AssetLibrary, workspace: Workspace) -> None:
        self._library = library
        self._workspace = workspace

    async def assets(self, job_id: str, made: list[Made]) -> list[Asset]:
        """The asset of each; those that are new are recorded."""
        if not made:
            return []
        known = await self._library.of_job(job_id)
        ids = [output_asset_id(job_id, one.place, one.name) for one in made]
        new = [one for one, asset_id in zip(made, ids, strict=True) if asset_id not in known]
        if new:
            fresh = await asyncio.to_thread(self._assets_of, job_id, new)
            await self._library.add(fresh)
            known |= {asset.id: asset for asset in fresh}
        return [known[asset_id] for asset_id in ids]

    def _assets_of(self, job_id: str, made: list[Made]) -> list[Asset]:
        return [self._asset_of(job_id, one) for one in made]

    def _asset_of(self, job_id: str, made: Made) -> Asset:
        name = PurePosixPath(made.name).name
        asset = Asset(
            id=output_asset_id(job_id, made.place, made.name),
            place=made.place,
            name=made.name,
            file_path=made.name,
            content_type="text/plain" if made.text is not None else media_type(name),
            size=0,
            created=now(),
            job=job_id,
            node=made.node,
            text=made.text,
        )
        if made.text is not None:
            return replace(asset, size=len(made.text.encode("utf-8", "replace")), hash=hash_text(made.text))
        path = path_of(self._workspace, asset)
        return asset if path is None else replace(asset, size=path.stat().st_size)
