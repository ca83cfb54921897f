"""SaveAnimatedWEBP and SaveAnimatedPNG: what is in the files, and what the editor is told."""

import json

import pytest
import torch
from PIL import Image, ImageSequence

from execution.node import NodeInputError
from folders.embedded import read_embedded
from nodes.image_effects.animations import save_animated_png, save_animated_webp
from nodes.image_files import load_image

PROMPT = {"9": {"class_type": "SaveAnimatedPNG", "inputs": {"images": ["8", 0], "filename_prefix": "ä"}}}
EXTRA = {"workflow": {"nodes": [{"id": 9}]}, "author": "me"}

SAVERS = {
    ".webp": (save_animated_webp, {"method": "fastest"}),
    ".png": (save_animated_png, {}),
}


def frames(count=3, channels=3):
    return torch.rand(count, 8, 12, channels, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=SAVERS)
def suffix(request):
    return request.param


@pytest.fixture
def save(bench, suffix):
    node, usual = SAVERS[suffix]
    return lambda images, **inputs: bench.call(node, images=images, filename_prefix="sub/a", **usual, **inputs)


@pytest.fixture
def path(workspace, suffix):
    return workspace.root / "output" / "sub" / f"a_00001_{suffix}"


def test_the_frames_come_back_as_they_were_to_eight_bits(bench, save, suffix, path):
    images = frames()
    saved = save(images, fps=8.0)
    assert saved.data == {
        "images": [{"filename": path.name, "subfolder": "sub", "type": "output"}],
        "animated": [True],
    }
    loaded = load_image(image=f"sub/{path.name} [output]", ctx=bench.ctx).IMAGE
    assert torch.equal(loaded, (images * 255).floor() / 255)
    with Image.open(path) as opened:
        assert opened.is_animated
        assert [frame.copy().info["duration"] for frame in ImageSequence.Iterator(opened)] == [125] * 3
        assert opened.info["loop"] == 0


def test_one_picture_does_not_move(save, path):
    assert save(frames(1)).data["animated"] == [False]
    with Image.open(path) as opened:
        assert not getattr(opened, "is_animated", False)


def test_files_carry_prompt_and_workflow(save, path):
    save(frames(), prompt=PROMPT, extra_pnginfo=EXTRA)
    texts = read_embedded(path)
    assert json.loads(texts.prompt) == PROMPT
    assert json.loads(texts.workflow) == EXTRA["workflow"]


def test_files_are_numbered(save, path):
    for number in (1, 2):
        assert save(frames()).data["images"][0]["filename"] == f"a_0000{number}_{path.suffix}"


def test_transparency_is_kept(save, path):
    save(frames(2, 4))
    with Image.open(path) as opened:
        assert opened.has_transparency_data


@pytest.mark.parametrize("fps, lasting", [(1000.0, 1), (0.01, 100_000)])
def test_the_fastest_and_the_slowest(save, path, fps, lasting):
    save(frames(2), fps=fps)
    with Image.open(path) as opened:
        opened.seek(1)
        opened.load()
        assert opened.info["duration"] == lasting


def test_quality_and_compression_change_the_size(bench, workspace):
    smooth = (
        torch.linspace(0, 1, 64 * 64 * 3).view(1, 64, 64, 3).expand(2, -1, -1, -1)
        * torch.tensor([1, 0.5])[:, None, None, None]
    )
    images = (smooth + 0.1 * torch.rand(2, 64, 64, 3, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    sizes = {}
    for name, node, options in (
        ("lossless", save_animated_webp, {"method": "default", "lossless": True}),
        ("good", save_animated_webp, {"method": "default", "lossless": False, "quality": 95}),
        ("poor", save_animated_webp, {"method": "default", "lossless": False, "quality": 5}),
        ("stored", save_animated_png, {"compress_level": 0}),
        ("packed", save_animated_png, {"compress_level": 9}),
    ):
        file = bench.call(node, images=images, filename_prefix=name, **options).data["images"][0]["filename"]
        sizes[name] = (workspace.root / "output" / file).stat().st_size
    assert sizes["lossless"] > sizes["good"] > sizes["poor"]
    assert sizes["stored"] > sizes["packed"]


def test_what_is_no_picture_or_too_large_is_not_saved(bench, workspace):
    with pytest.raises(NodeInputError, match="channels"):
        bench.call(save_animated_webp, images=torch.zeros(8, 8, 3), method="default")
    with pytest.raises(NodeInputError, match="at most 16383 pixels"):
        bench.call(save_animated_webp, images=torch.zeros(1, 1, 16384, 3), method="default")
    assert list((workspace.root / "output").iterdir()) == []
