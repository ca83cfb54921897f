"""The node types as the API tells them: always as they are, and quickly."""

import json
import os

from execution.schema import InputSpec, NodeSpec
from execution.workers.messages import Pack
from folders.listing import FolderListing
from folders.workspace import Workspace
from tests.web.helpers.serving import NOBODY, Served, serving, small_nodes
from web.node_catalogue import NodeCatalogue

LOADER = NodeSpec("Loader", (InputSpec("name", "COMBO", files="checkpoints"),))
PICTURE = NodeSpec("Picture", (InputSpec("name", "COMBO", files="input"),))
SPECS = {"Loader": LOADER, "Picture": PICTURE, "Plain": NodeSpec("Plain")}


def options(data: bytes, kind: str) -> list[str]:
    return json.loads(data)[kind]["input"]["required"]["name"][0]


def old(*paths) -> None:
    """Make folders look as if they had not changed for a while."""
    for path in paths:
        os.utime(path, (1_000_000_000, 1_000_000_000))


def test_all_node_types_and_one(tmp_path):
    async def test(server: Served) -> None:
        info = await server.get("/object_info")
        assert set(info) == set(small_nodes().catalogue())
        assert await server.get("/api/object_info/Seeded") == {"Seeded": info["Seeded"]}
        assert info["Seeded"]["input"]["required"]["seed"][0] == "INT"
        assert await server.get("/object_info/Nope") == {}
        assert await server.get("/api/object_info/%ED%A0%80") == {}

    serving(tmp_path, test, NOBODY)


def test_files_that_appear_show_at_once(tmp_path):
    async def test(server: Served) -> None:
        models = tmp_path / "models/checkpoints"
        models.mkdir(parents=True)

        async def listed() -> list[str]:
            return (await server.get("/object_info"))["Model"]["input"]["required"]["name"][0]

        assert await listed() == []
        for index in range(5):
            (models / f"{index}.safetensors").touch()
            assert await listed() == [f"{number}.safetensors" for number in range(index + 1)]
        (models / "0.safetensors").unlink()
        assert "0.safetensors" not in await listed()

    serving(tmp_path, test, NOBODY)


def test_unchanged_folders_are_not_read_again(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    deep = tmp_path / "models/checkpoints/deep"
    deep.mkdir(parents=True)
    (tmp_path / "input").mkdir()
    (deep / "a.safetensors").touch()
    old(deep, deep.parent, tmp_path / "input")
    read: list[str] = []
    list_files = Workspace.list_files
    monkeypatch.setattr(Workspace, "list_files", lambda self, kind: read.append(kind) or list_files(self, kind))
    catalogue = NodeCatalogue(FolderListing(workspace))
    first = catalogue.whole(SPECS)
    assert options(first, "Loader") == ["deep/a.safetensors"]
    read.clear()
    assert catalogue.whole(SPECS) is first
    assert read == []
    (deep / "b.safetensors").touch()
    assert options(catalogue.whole(SPECS), "Loader") == ["deep/a.safetensors", "deep/b.safetensors"]
    assert set(read) == {"checkpoints"}
    (deep / "b.safetensors").rename(deep / "c.safetensors")
    assert options(catalogue.one(SPECS, "Loader"), "Loader") == ["deep/a.safetensors", "deep/c.safetensors"]


def test_a_change_within_the_clocks_tick_is_seen(tmp_path):
    """Two changes of a folder may leave the same time stamp, so a young folder is not trusted."""
    folder = tmp_path / "input"
    folder.mkdir()
    catalogue = NodeCatalogue(FolderListing(Workspace(tmp_path)))
    stamp = folder.stat().st_mtime_ns
    assert options(catalogue.whole(SPECS), "Picture") == []
    (folder / "new.png").touch()
    os.utime(folder, ns=(stamp, stamp))
    assert options(catalogue.whole(SPECS), "Picture") == ["new.png"]


def test_folders_that_come_later_are_found(tmp_path):
    catalogue = NodeCatalogue(FolderListing(Workspace(tmp_path)))
    assert options(catalogue.whole(SPECS), "Loader") == []
    (tmp_path / "models/checkpoints/deeper").mkdir(parents=True)
    (tmp_path / "models/checkpoints/deeper/a.safetensors").touch()
    assert options(catalogue.whole(SPECS), "Loader") == ["deeper/a.safetensors"]


def test_links_among_folders_are_followed_once(tmp_path):
    models = tmp_path / "models/checkpoints"
    models.mkdir(parents=True)
    (models / "loop").symlink_to(models)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (models / "more").symlink_to(elsewhere)
    old(models, elsewhere)
    listing = FolderListing(Workspace(tmp_path))
    assert listing.list_files("checkpoints") == []
    (elsewhere / "a.safetensors").touch()
    assert listing.list_files("checkpoints") == ["more/a.safetensors"]


def test_subgraphs_of_node_packs(tmp_path):
    pack = tmp_path / "custom_nodes/pack"
    (pack / "subgraphs").mkdir(parents=True)
    (pack / "subgraphs/Upscale.json").write_text('{"nodes": []}')
    (pack / "subgraphs/Broken.json").write_text('{"nodes": ')
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    (pack / "subgraphs/Outside.json").symlink_to(tmp_path / "secret.json")

    async def test(server: Served) -> None:
        server.dispatcher._known.packs = (Pack("pack", str(pack)), Pack("gone", str(tmp_path / "gone")))
        found = await server.get("/api/global_subgraphs")
        by_name = {entry["name"]: key for key, entry in found.items()}
        assert set(by_name) == {"Upscale", "Broken"}
        entry = found[by_name["Upscale"]]
        assert entry == {"source": "custom_node", "name": "Upscale", "info": {"node_pack": "custom_nodes.pack"}}
        one = await server.get(f"/api/global_subgraphs/{by_name['Upscale']}")
        assert one == {**entry, "data": '{"nodes": []}'}
        await server.get(f"/api/global_subgraphs/{by_name['Broken']}", 404)
        await server.get("/api/global_subgraphs/unknown", 404)

    serving(tmp_path, test, NOBODY)
