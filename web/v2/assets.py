"""Assets: files that were uploaded or made by jobs, each under an id, kept beside the jobs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass, fields, replace
from typing import Any, Literal

from execution.jobs.database import Database
from execution.jobs.texts import sought

OutputKind = Literal["image", "video", "audio", "text", "file", "latent"]
OWNER = "assets"
STEPS = (
    (
        """CREATE TABLE assets (
            id TEXT PRIMARY KEY, place TEXT NOT NULL, name TEXT NOT NULL, file_path TEXT NOT NULL,
            content_type TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL, stamp INTEGER, hash TEXT,
            job TEXT, node TEXT, uploaded INTEGER NOT NULL, text TEXT, tags TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX assets_by_hash ON assets (hash) WHERE hash IS NOT NULL",
        "CREATE INDEX assets_by_job ON assets (job) WHERE job IS NOT NULL",
        "CREATE INDEX assets_by_place ON assets (place, name)",
    ),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset. The file itself is told by `place` and `name`."""

    id: str
    place: str  # "input", "output", "temp", "text", or a kind of model folder as "models/loras"
    name: str  # below the place, with forward slashes
    file_path: str  # what whoever uploaded it calls it
    content_type: str
    size: int  # bytes
    created: int  # Unix milliseconds
    stamp: int | None = None  # when the file was last changed, nanoseconds, as its hash was taken
    hash: str | None = None  # "blake3:" and 64 hexadecimal digits; None: not known yet
    job: str | None = None  # the store's id of the job that made it
    node: str | None = None  # the node that made it
    uploaded: bool = False  # its file was written by an upload, so it may be removed with it
    text: str | None = None  # of the place "text": the content
    tags: tuple[str, ...] = ()


_COLUMNS = tuple(field.name for field in fields(Asset))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM assets"  # the dataclass's own names, nothing from outside
_INSERT = f"INSERT OR IGNORE INTO assets ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


class AssetLibrary:
    """The table of assets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self) -> None:
        """Make the table ready. Raises StoreTooNew."""
        await self._database.migrate(OWNER, STEPS)

    async def add(self, assets: Iterable[Asset]) -> None:
        """Record assets; those whose id is known stay as they are."""
        rows = [_row(asset) for asset in assets]
        await self._database.write(lambda connection: _insert(connection, rows))

    async def get(self, asset_id: str) -> Asset | None:
        found = await self._find("id = ?", asset_id)
        return found[0] if found else None

    async def get_many(self, asset_ids: Collection[str]) -> dict[str, Asset]:
        """Those of the ids that are known."""
        listed = json.dumps(list(asset_ids))
        found = await self._find("id IN (SELECT value FROM json_each(?))", listed)
        return {asset.id: asset for asset in found}

    async def with_hash(self, content_hash: str) -> list[Asset]:
        """Assets of this content, the oldest first."""
        return await self._find("hash = ? ORDER BY created, id", content_hash)

    async def of_job(self, job_id: str) -> dict[str, Asset]:
        """What a job made, as far as it is recorded, by id."""
        return {asset.id: asset for asset in await self._find("job = ?", job_id)}

    async def at(self, place: str, name: str) -> list[Asset]:
        """Assets that stand for this file."""
        return await self._find("place = ? AND name = ? ORDER BY created, id", place, name)

    async def set_hash(self, asset: Asset, content_hash: str, size: int, stamp: int) -> Asset:
        """Record the hash of an asset's file, and of the file that was hashed its size and time of change."""
        values = (content_hash, size, stamp, asset.id)

        def update(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE assets SET hash = ?, size = ?, stamp = ? WHERE id = ?", values)

        await self._database.write(update)
        return replace(asset, hash=content_hash, size=size, stamp=stamp)

    async def delete(self, asset_id: str) -> bool:
        """Forget an asset; whether it was known."""

        def delete(connection: sqlite3.Connection) -> bool:
            return connection.execute("DELETE FROM assets WHERE id = ?", (asset_id,)).rowcount > 0

        return await self._database.write(delete)

    async def _find(self, where: str, *values: str) -> list[Asset]:
        def find(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(f"{_SELECT} WHERE {where}", [sought(value) for value in values]).fetchall()

        return [_asset(row) for row in await self._database.read(find)]


def _insert(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    connection.executemany(_INSERT, rows)


def _row(asset: Asset) -> tuple[Any, ...]:
    values = astuple(asset)
    return (*values[:-3], int(asset.uploaded), asset.text, json.dumps(asset.tags))


def _asset(row: tuple[Any, ...]) -> Asset:
    return Asset(*row[:-3], uploaded=bool(row[-3]), text=row[-2], tags=tuple(json.loads(row[-1])))
