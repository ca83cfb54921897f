"""No name in a prompt reaches a file outside its folder, or tells whether one is there."""

import os

import pytest
import torch
from PIL import Image

from execution.node import NodeInputError
from folders.safe_paths import UnsafeNameError, checked_parts, inside
from nodes.controlnet import control_net_loader
from nodes.image_effects.loading import load_image_output, load_image_set
from nodes.image_files import load_image, load_image_mask, save_image
from nodes.latent_files import load_latent, save_latent
from nodes.loaders import checkpoint_loader, vae_loader
from nodes.merging.numbered_models import numbered_models
from nodes.upscaling.with_models import upscale_model_loader
from nodes.vision.clip_vision import clip_vision_loader, unclip_checkpoint_loader
from nodes.vision.gligen import gligen_loader
from nodes.vision.photomakers import photo_maker_loader
from nodes.vision.style_models import style_model_loader

OUTSIDE = "secret.png"  # lies beside the workspace

HOSTILE = [
    "../secret.png", "../../secret.png", "../../../secret.png", "../../../../../../../../etc/passwd",
    "..", "../", "../..", "sub/..", "sub/../../secret.png", "sub/../../../secret.png", "./../../secret.png",
    ".././../secret.png", "a/b/../../../../secret.png", "sub/./../../../secret.png", "..//..//secret.png",
    "/etc/passwd", "//etc/passwd", "///etc/passwd", "/", "//", "/secret.png", "/../secret.png", "/proc/self/environ",
    "/dev/zero", "/dev/stdin",
    "..\\secret.png", "..\\..\\secret.png", "sub\\..\\..\\..\\secret.png", "\\secret.png", "\\\\server\\share\\x.png",
    "\\\\?\\C:\\x.png", "\\\\.\\pipe\\x", "sub\\x.png", "..\\/secret.png", "../\\..\\secret.png",
    "C:\\Windows\\win.ini", "C:/Windows/win.ini", "c:secret.png", "C:", "Z:/x.png", "C:../secret.png",
    "\0", "x.png\0", "x\0.png", "\0../secret.png", "../secret.png\0.png", "x.png\n", "x\r\n.png", "\tx.png",
    "x\x7f.png",
    "", " ", "   ", ".", "./", "./.", "x" * 5000, "../" * 400 + "etc/passwd", "a/" * 600 + "x.png",
    "../secret.png [input]", "../secret.png [output]", "../../secret.png [temp]", "/etc/passwd [output]",
    "..[input]", " [input]", "[output]", "..\\x [temp]",
]  # fmt: skip


@pytest.fixture(autouse=True)
def secret(workspace):
    Image.new("RGB", (8, 8)).save(workspace.root.parent / OUTSIDE)
    Image.new("RGB", (8, 8)).save(workspace.root / "secret.png")
    Image.new("RGB", (8, 8)).save(workspace.root / "input" / "x.png")
    (workspace.root / "input" / "sub").mkdir()
    (workspace.root / "output" / "sub").mkdir()


def test_there_are_enough_hostile_names():
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("name", HOSTILE)
def test_inputs_refuse_it(bench, name):
    ctx = bench.ctx
    calls = [
        lambda: load_image(image=name, ctx=ctx),
        lambda: load_image_mask(image=name, channel="red", ctx=ctx),
        lambda: load_latent(latent=name, ctx=ctx),
        lambda: checkpoint_loader(ckpt_name=name, ctx=ctx),
        lambda: vae_loader(vae_name=name, ctx=ctx),
    ]
    for call in calls:
        with pytest.raises(NodeInputError) as error:
            call()
        assert str(error.value).endswith((".", ")"))


@pytest.mark.parametrize("name", HOSTILE)
def test_the_engine_is_told_nothing_of_it(workspace, name):
    assert workspace.has_file("input", name) is False
    assert workspace.has_file("checkpoints", name) is False
    for folder in ("input", "input/*.latent", "checkpoints"):
        with pytest.raises(OSError):
            workspace.digest(folder, name)


LOADERS = {
    "clip vision": lambda name, ctx: clip_vision_loader(clip_name=name, ctx=ctx),
    "unclip": lambda name, ctx: unclip_checkpoint_loader(ckpt_name=name, ctx=ctx),
    "style": lambda name, ctx: style_model_loader(style_model_name=name, ctx=ctx),
    "gligen": lambda name, ctx: gligen_loader(gligen_name=name, ctx=ctx),
    "photomaker": lambda name, ctx: photo_maker_loader(photomaker_model_name=name, ctx=ctx),
    "upscaler": lambda name, ctx: upscale_model_loader(model_name=name, ctx=ctx),
    "control": lambda name, ctx: control_net_loader(control_net_name=name, ctx=ctx),
    "picture set": lambda name, ctx: load_image_set(folder=name, ctx=ctx),
    "saved picture": lambda name, ctx: load_image_output(image=name, ctx=ctx),
}


@pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
def test_loaders_of_other_files_refuse_it(bench, loader):
    for name in HOSTILE:
        with pytest.raises(NodeInputError) as error:
            loader(name, bench.ctx)
        assert str(error.value).endswith((".", ")"))


@pytest.mark.parametrize("prefix", ["../x", "/tmp/x", "a/../../x", "C:/x", "..\\x", "a\0b"])
def test_names_of_saved_models_stay_in_the_folder(bench, prefix):
    with pytest.raises(NodeInputError) as error:
        numbered_models(bench.ctx, prefix)
    assert error.value.input_name == "filename_prefix"


def everything_outside(workspace):
    allowed = {workspace.root / "output", workspace.root / "temp"}
    return {
        path for path in workspace.root.parent.rglob("*") if not any(path.is_relative_to(folder) for folder in allowed)
    }


@pytest.mark.parametrize("prefix", HOSTILE)
def test_outputs_stay_in_their_folder(bench, workspace, prefix):
    before = everything_outside(workspace)
    for save, value in (
        (save_image, {"images": torch.zeros(1, 8, 8, 3)}),
        (save_latent, {"samples": {"samples": torch.zeros(1, 4, 1, 1)}}),
    ):
        try:
            saved = bench.call(save, **value, filename_prefix=prefix)
        except NodeInputError as error:
            assert error.input_name == "filename_prefix"
        else:
            (entry,) = next(iter(saved.data.values()))
            path = workspace.root / "output" / entry["subfolder"] / entry["filename"]
            assert path.resolve().is_relative_to((workspace.root / "output").resolve())
            assert path.is_file()
    assert everything_outside(workspace) == before


def answer(call):
    with pytest.raises(NodeInputError) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize(
    "there, missing", [("../secret.png", "../secreT.png"), ("../../secret.png", "../../secreT.png")]
)
def test_the_answer_does_not_tell_whether_a_file_exists_outside(bench, there, missing):
    ctx = bench.ctx
    answers = {answer(lambda name=name: load_image(image=name, ctx=ctx)).replace(name, "") for name in (there, missing)}
    assert len(answers) == 1


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege elsewhere")
def test_a_link_that_leads_outside_is_refused_alike_whatever_is_there(bench, workspace):
    (workspace.root / "input" / "out").symlink_to(workspace.root.parent)
    ctx = bench.ctx
    there = answer(lambda: load_image(image="out/secret.png", ctx=ctx))
    missing = answer(lambda: load_image(image="out/secreT.png", ctx=ctx))
    assert "outside" in there
    assert there.lower() == missing.lower()
    with pytest.raises(NodeInputError, match="outside"):
        bench.call(save_image, images=torch.zeros(1, 8, 8, 3), filename_prefix="../input/out/x")
    (workspace.root / "output" / "out").symlink_to(workspace.root.parent)
    with pytest.raises(NodeInputError, match="outside"):
        bench.call(save_image, images=torch.zeros(1, 8, 8, 3), filename_prefix="out/x")


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege elsewhere")
def test_links_that_stay_inside_or_lead_in_a_circle(workspace):
    (workspace.root / "input" / "again").symlink_to(workspace.root / "input" / "sub")
    assert inside(workspace.root / "input", "again/x.png") == (workspace.root / "input" / "sub" / "x.png").resolve()
    loop = workspace.root / "input" / "loop"
    loop.symlink_to(loop)
    try:
        path = inside(workspace.root / "input", "loop/x.png")
    except UnsafeNameError:
        return
    assert not path.is_file()


@pytest.mark.parametrize(
    "name", ["x.png", "sub/x.png", "sub/deep/x.png", "ä ö.png", "a..b.png", "...", "x [1].png", "~/x", "%41"]
)
def test_ordinary_names_pass(name):
    assert "/".join(checked_parts(name)) == name
