"""Pictures from the output folder, and whole folders of pictures with captions."""

import os

import pytest
import torch
from PIL import Image

from execution.node import NodeInputError
from folders.listing import FolderListing
from folders.workspace import INPUT_FOLDERS
from nodes.image_effects.loading import load_image_output, load_image_set, load_image_text_set
from nodes.loaders import checkpoint_loader
from nodes.text import clip_text_encode


def save(path, size=(6, 4), colour=(255, 0, 0)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def set_folder(workspace):
    return workspace.root / "input" / "cats"


def test_results_are_listed_newest_first_and_loaded(bench, workspace):
    output = workspace.root / "output"
    for age, name in enumerate(("old.png", "new.webp")):
        os.utime(save(output / name), (age, age))
    (output / "notes.txt").write_text("x")
    assert FolderListing(workspace).list_files("output") == ["new.webp", "old.png"]
    save(workspace.root / "input" / "old.png", colour=(0, 0, 255))
    for name in ("old.png", "old.png [output]"):
        assert workspace.has_file("output", name)
        assert load_image_output(image=name, ctx=bench.ctx).IMAGE[0, 0, 0].tolist() == [1, 0, 0]
    assert workspace.digest("output", "old.png") != workspace.digest("input", "old.png")
    with pytest.raises(NodeInputError, match=r"no 'none\.png' in the output folder"):
        load_image_output(image="none.png", ctx=bench.ctx)
    assert workspace.home("output") == output


def test_folders_are_listed_and_change_with_what_they_hold(workspace, set_folder):
    save(set_folder / "a.png")
    (workspace.root / "input" / ".hidden").mkdir()
    assert FolderListing(workspace).list_files(INPUT_FOLDERS) == ["cats"]
    assert workspace.has_file(INPUT_FOLDERS, "cats") and not workspace.has_file(INPUT_FOLDERS, "cats/a.png")
    assert not workspace.has_file(INPUT_FOLDERS, "../input")
    before = workspace.digest(INPUT_FOLDERS, "cats")
    (set_folder / "a.txt").write_text("a cat")
    assert workspace.digest(INPUT_FOLDERS, "cats") != before


def test_the_pictures_of_a_folder_are_one_batch(bench, set_folder):
    for name, colour in (("b.png", (0, 255, 0)), ("a.webp", (0, 0, 255)), (".c.png", (9, 9, 9))):
        save(set_folder / name, colour=colour)
    (set_folder / "b.txt").write_text("green")
    images = load_image_set(folder="cats", ctx=bench.ctx)
    assert images.shape == (2, 4, 6, 3)
    assert images[1, 0, 0].tolist() == [0, 1, 0]


@pytest.mark.parametrize("method, black", [("Stretch", 0), ("Crop", 0), ("Pad", 2 * 4)])
def test_pictures_of_another_size(bench, set_folder, method, black):
    save(set_folder / "a.png")
    save(set_folder / "b.png", (8, 8), (255, 255, 255))
    with pytest.raises(NodeInputError, match=r"b\.png has 8 x 8 pixels and not 6 x 4") as error:
        load_image_set(folder="cats", ctx=bench.ctx)
    assert error.value.input_name == "resize_method"
    images = load_image_set(folder="cats", resize_method=method, ctx=bench.ctx)
    assert images.shape == (2, 4, 6, 3)
    assert images[1].amax(-1).eq(0).sum() == black
    assert images[1].amax(-1).eq(1).sum() == 24 - black


def test_what_is_no_set_of_pictures(bench, workspace, set_folder):
    with pytest.raises(NodeInputError, match="no folder 'cats' in the input folder"):
        load_image_set(folder="cats", ctx=bench.ctx)
    set_folder.mkdir()
    for name, says in (("cats", "no pictures"), ("..", r"\.\."), ("/", "/")):
        with pytest.raises(NodeInputError, match=says) as error:
            load_image_set(folder=name, ctx=bench.ctx)
        assert error.value.input_name == "folder"
    (set_folder / "bad.png").write_bytes(b"nonsense")
    with pytest.raises(NodeInputError, match=r"bad\.png is not a picture"):
        load_image_set(folder="cats", ctx=bench.ctx)


def test_captions_become_a_prompt_for_each_picture(models):
    folder = models.workspace.root / "input" / "cats"
    save(folder / "a.png")
    (folder / "a.txt").write_text("a red cat\n")
    save(folder / "2_blue" / "b.png", (12, 8), (0, 0, 255))
    (folder / "2_blue" / "b.txt").write_text("a blue cat")
    save(folder / "plain" / "c.png")
    clip = checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx).CLIP
    loaded = load_image_text_set(folder="cats", clip=clip, resize_method="Stretch", width=8, height=4, ctx=models.ctx)
    assert loaded.IMAGE.shape == (4, 4, 8, 3)
    assert loaded.IMAGE[:, 0, 0, 2].tolist() == [0, 1, 1, 0]
    for entry, text in zip(loaded.CONDITIONING, ("a red cat", "a blue cat", "a blue cat", ""), strict=True):
        assert torch.equal(entry[0], clip_text_encode(text=text, clip=clip, ctx=models.ctx)[0][0])
    first = load_image_text_set(folder="cats", clip=clip, resize_method="Pad", ctx=models.ctx)
    assert first.IMAGE.shape == (4, 4, 6, 3)
