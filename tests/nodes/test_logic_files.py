"""Names and pictures of folders, prompts and tables from files, texts saved."""

import os

import pytest
import torch
from PIL import Image

from execution.engine import Engine
from execution.graph import parse_prompt
from execution.node import NodeInputError, declared_node
from execution.registry import Registry
from nodes.logic import folder_files, text_files


@pytest.fixture
def files(workspace):
    return workspace.root / "input"


def picture(path, value, when=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (value, 8), (value, 0, 0)).save(path)
    os.utime(path, ns=(when, when))


def test_names_are_listed_by_pattern_and_order(bench, files):
    for number, name in enumerate(("b.png", "a.png", "c.jpg", ".hidden.png", "sub/d.png")):
        picture(files / name, 20, when=number * 10**9)
    assert bench.call(folder_files.file_names).names == ["a.png", "b.png", "c.jpg"]
    assert bench.call(folder_files.file_names, pattern="*.PNG").names == ["a.png", "b.png"]
    assert bench.call(folder_files.file_names, order="newest first").names == ["c.jpg", "a.png", "b.png"]
    assert bench.call(folder_files.file_names, order="oldest first", skip=1, count=1) == (["a.png"], 1)
    assert bench.call(folder_files.file_names, folder="sub/").names == ["sub/d.png"]
    picture(bench.workspace.root / "output/x.png", 9)
    assert bench.call(folder_files.file_names, below="output").names == ["x.png [output]"]


@pytest.mark.parametrize(
    "folder, sentence", [("../output", "outside|may not|must not|not"), ("none", "no folder 'none'")]
)
def test_folders_outside_or_missing_are_told(bench, folder, sentence):
    with pytest.raises(NodeInputError, match=sentence):
        bench.call(folder_files.file_names, folder=folder)


def test_pictures_of_a_folder_come_each_in_its_own_size(bench, files):
    picture(files / "poses/1.png", 30)
    picture(files / "poses/2.png", 40)
    (files / "poses/notes.txt").write_text("no picture")
    images, masks, names = bench.call(folder_files.load_images, folder="poses")
    assert [tuple(image.shape) for image in images] == [(1, 8, 30, 3), (1, 8, 40, 3)]
    assert [float(image.max()) for image in images] == pytest.approx([30 / 255, 40 / 255])
    assert len(masks) == 2 and names == ["1.png", "2.png"]
    with pytest.raises(NodeInputError, match="no pictures called"):
        bench.call(folder_files.load_images, folder="poses", pattern="*.webp")


def test_a_folder_is_read_again_when_it_changed_and_not_before(bench, files):
    picture(files / "a.png", 10)
    engine = Engine(Registry([declared_node(folder_files.load_images)]), services=[bench.workspace])
    graph = parse_prompt({"1": {"class_type": "WeftLoadImages", "inputs": {"below": "input", "folder": "",
                                "pattern": "*", "order": "by name", "skip": 0, "count": 0}}})  # fmt: skip
    assert engine.run_sync(graph, ["1"]).executed == ["1"]
    assert engine.run_sync(graph, ["1"]).executed == []
    picture(files / "b.png", 20)
    result = engine.run_sync(graph, ["1"])
    assert result.outputs["1"][2] == ["a.png", "b.png"]
    picture(files / "b.png", 25, when=10**9)
    assert engine.run_sync(graph, ["1"]).executed == ["1"]


def test_prompts_come_one_a_line_or_in_blocks(bench, files):
    (files / "p.txt").write_text("\ufeff# comment\na red circle\n\n  a star \nin blue\n", "utf-8")
    assert bench.call(text_files.prompts_from_file, file="p.txt") == (["a red circle", "a star", "in blue"], 3)
    blocks = bench.call(text_files.prompts_from_file, file="p.txt", divided_at="blank lines")
    assert blocks.prompts == ["a red circle", "a star \nin blue"]
    assert bench.call(text_files.prompts_from_file, file="p.txt", skip=1, count=1).prompts == ["a star"]
    with pytest.raises(NodeInputError, match="no prompts there"):
        bench.call(text_files.prompts_from_file, file="p.txt", skip=9)


@pytest.mark.parametrize("divider", [",", ";", "\t"])
def test_columns_of_a_table_become_lists(bench, files, divider):
    rows = [["Prompt", "seed", "x"], ['"a, red; circle"', " 7 ", "1"], ["star", "8"], []]
    (files / "t.csv").write_text("\n".join(divider.join(row) for row in rows))
    found = bench.call(text_files.table_from_file, file="t.csv", column_1="prompt", column_2="2", column_4="x")
    assert found.column_1 == ["a, red; circle", "star"]
    assert found.column_2 == ["7", "8"]
    assert (found.column_3, found.column_4, found.length) == ([], ["1", ""], 2)
    with pytest.raises(NodeInputError, match=r"no column .cfg.\. The table has: Prompt, seed, x"):
        bench.call(text_files.table_from_file, file="t.csv", column_1="cfg")


def test_files_that_are_no_texts_are_told(bench, files):
    (files / "x.txt").write_bytes(b"\xff\xfe\x00")
    (files / "empty.csv").write_text("")
    for file, sentence in (("x.txt", "UTF-8"), ("none.txt", "no 'none.txt'"), ("../x.txt", "x.txt")):
        with pytest.raises(NodeInputError, match=sentence):
            bench.call(text_files.load_text, file=file)
    with pytest.raises(NodeInputError, match="is empty"):
        bench.call(text_files.table_from_file, file="empty.csv")


def test_texts_are_saved_and_read_again(bench, workspace):
    saved = bench.call(text_files.save_text, text="ünï\nx", filename_prefix="notes/a", kind=".md")
    assert saved.value == "ünï\nx"
    assert (workspace.root / "output/notes/a_00001_.md").read_text("utf-8") == "ünï\nx"
    assert bench.call(text_files.load_text, file="notes/a_00001_.md [output]") == "ünï\nx"
    assert workspace.list_files("input/text") == []
    (workspace.root / "input/a.csv").write_text("a")
    assert workspace.list_files("input/text") == ["a.csv"]
    with pytest.raises(NodeInputError):
        bench.call(text_files.save_text, text="x", filename_prefix="../a", kind=".txt")


def test_pictures_are_what_later_nodes_take(bench, files):
    picture(files / "a.png", 12)
    image = bench.call(folder_files.load_images).images[0]
    assert image.dtype == torch.float32 and image.shape[-1] == 3
