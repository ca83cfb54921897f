"""LoadImage, LoadImageMask, SaveImage and PreviewImage."""

import json
import re

import pytest
import torch
from PIL import Image

from execution.events import Warned
from execution.node import NodeInputError
from folders.embedded import read_embedded
from nodes.image_files import load_image, load_image_mask, preview_image, save_image
from nodes.mask import mask_preview


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def test_saved_pictures_load_as_they_were_to_eight_bits(bench, workspace):
    images = noise(2, 16, 24, 3)
    saved = bench.call(save_image, images=images, filename_prefix="sub/x")
    assert saved.data == {
        "images": [
            {"filename": "x_00001_.png", "subfolder": "sub", "type": "output"},
            {"filename": "x_00002_.png", "subfolder": "sub", "type": "output"},
        ]
    }
    for index in range(2):
        loaded = load_image(image=f"sub/x_0000{index + 1}_.png [output]", ctx=bench.ctx)
        assert torch.equal(loaded.IMAGE, (images[index : index + 1] * 255).floor() / 255)
        assert torch.equal(loaded.MASK, torch.zeros(1, 64, 64))


def test_transparency_survives_as_a_mask(bench):
    images = noise(1, 8, 8, 4)
    bench.call(save_image, images=images, filename_prefix="x")
    loaded = load_image(image="x_00001_.png [output]", ctx=bench.ctx)
    assert loaded.IMAGE.shape == (1, 8, 8, 3)
    assert torch.allclose(loaded.MASK, 1 - (images[..., 3] * 255).floor() / 255)


def test_saved_pictures_carry_prompt_workflow_and_other_notes(bench, workspace):
    prompt = {"9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "ä"}}}
    extra = {"workflow": {"nodes": [{"id": 9}]}, "author": "me"}
    bench.call(save_image, images=noise(1, 8, 8, 3), filename_prefix="x", prompt=prompt, extra_pnginfo=extra)
    path = workspace.root / "output" / "x_00001_.png"
    texts = read_embedded(path)
    assert json.loads(texts.prompt) == prompt
    assert json.loads(texts.workflow) == extra["workflow"]
    with Image.open(path) as opened:
        assert opened.mode == "RGB"
        assert list(opened.text) == ["prompt", "workflow", "author"]
        assert json.loads(opened.text["author"]) == "me"


def test_without_a_prompt_nothing_is_carried(bench, workspace):
    bench.call(save_image, images=noise(1, 8, 8, 3), filename_prefix="x")
    with Image.open(workspace.root / "output" / "x_00001_.png") as opened:
        assert opened.text == {}


def test_the_size_of_the_pictures_in_the_prefix(bench):
    saved = bench.call(save_image, images=noise(1, 8, 24, 3), filename_prefix="%width%x%height%")
    assert saved.data["images"][0]["filename"] == "24x8_00001_.png"


def test_previews_are_temporary_and_named_apart(bench, workspace):
    names = set()
    for show, value in ((preview_image, {"images": noise(1, 8, 8, 3)}), (mask_preview, {"mask": noise(1, 8, 8)})):
        (entry,) = bench.call(show, **value).data["images"]
        assert re.fullmatch(r"ComfyUI_temp_[a-z]{5}_00001_\.png", entry["filename"])
        assert entry["type"] == "temp"
        assert (workspace.root / "temp" / entry["filename"]).is_file()
        names.add(entry["filename"])
    assert len(names) == 2
    assert list((workspace.root / "output").iterdir()) == []


@pytest.mark.parametrize("shape", [(8, 8, 3), (1, 8, 8, 2), (1, 8, 8)])
def test_what_is_no_picture_is_not_saved(bench, workspace, shape):
    with pytest.raises(NodeInputError, match="channels"):
        bench.call(save_image, images=torch.zeros(shape), filename_prefix="x")
    assert list((workspace.root / "output").iterdir()) == []


def test_pixels_that_are_no_numbers_are_told(bench, workspace):
    images = torch.full((1, 8, 8, 3), float("nan"))
    bench.call(save_image, images=images, filename_prefix="x")
    assert "overflowed" in bench.told(Warned)[0].sentence
    assert load_image(image="x_00001_.png [output]", ctx=bench.ctx).IMAGE.eq(0).all()


def test_masks_from_channels(bench, workspace):
    image = Image.new("RGBA", (4, 2), (255, 0, 51, 204))
    image.save(workspace.root / "input" / "a.png")
    for channel, value in (("red", 1), ("green", 0), ("blue", 0.2), ("alpha", 0.2)):
        mask = load_image_mask(image="a.png", channel=channel, ctx=bench.ctx)
        assert mask.shape == (1, 2, 4)
        assert torch.allclose(mask, torch.full((1, 2, 4), float(value)))


def test_an_animation_has_a_mask_for_each_frame(bench, workspace):
    frames = [Image.new("RGBA", (4, 4), (index * 100, 0, 0, 255)) for index in range(3)]
    frames[0].save(workspace.root / "input" / "a.png", save_all=True, append_images=frames[1:])
    loaded = load_image(image="a.png", ctx=bench.ctx)
    assert loaded.IMAGE.shape[0] == loaded.MASK.shape[0] == 3


def test_missing_and_damaged_files_are_told(bench, workspace):
    (workspace.root / "input" / "bad.png").write_bytes(b"nonsense")
    for name, says in (("none.png", "no 'none.png' in the input folder"), ("bad.png", "not a picture")):
        with pytest.raises(NodeInputError, match=says) as error:
            load_image(image=name, ctx=bench.ctx)
        assert error.value.input_name == "image"
