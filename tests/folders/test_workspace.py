"""Which files a folder offers, and which file a name means."""

import os

import pytest

from folders.workspace import Workspace, split_annotation


def touch(path, content=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_models_are_listed_with_sub_folders_sorted_without_hidden_and_other_files(workspace):
    base = workspace.root / "models" / "checkpoints"
    for name in ("b.safetensors", "a.ckpt", "sdxl/z.safetensors", "sdxl/old/c.pt", ".hidden.safetensors", "readme.txt"):
        touch(base / name)
    touch(base / ".cache" / "x.safetensors")
    assert workspace.list_files("checkpoints") == ["a.ckpt", "b.safetensors", "sdxl/old/c.pt", "sdxl/z.safetensors"]
    assert workspace.list_files("loras") == []


def test_further_model_folders_add_to_the_list_and_the_users_own_comes_first(tmp_path):
    workspace = Workspace(tmp_path / "w", model_dirs=(tmp_path / "shared",))
    own = touch(tmp_path / "w" / "models" / "vae" / "both.safetensors", b"own")
    touch(tmp_path / "shared" / "vae" / "both.safetensors", b"shared")
    only = touch(tmp_path / "shared" / "vae" / "only.safetensors")
    assert workspace.list_files("vae") == ["both.safetensors", "only.safetensors"]
    assert workspace.model("vae", "both.safetensors") == own
    assert workspace.model("vae", "only.safetensors") == only


@pytest.mark.parametrize("folder, old", [("text_encoders", "clip"), ("diffusion_models", "unet")])
def test_folders_that_go_by_an_older_name(workspace, folder, old):
    path = touch(workspace.root / "models" / old / "m.safetensors")
    assert workspace.list_files(folder) == ["m.safetensors"]
    assert workspace.model(folder, "m.safetensors") == path


def test_bundled_checkpoints_come_last_and_the_users_own_of_that_name_wins(tmp_path):
    bundled = tmp_path / "bundled"
    touch(bundled / "weft_base.safetensors", b"bundled")
    workspace = Workspace(tmp_path / "w", bundled=bundled)
    touch(tmp_path / "w" / "models" / "checkpoints" / "z.safetensors")
    assert workspace.list_files("checkpoints") == ["z.safetensors", "weft_base.safetensors"]
    assert workspace.list_files("vae") == ["weft_base.safetensors"]
    assert workspace.list_files("loras") == []
    assert workspace.model("checkpoints", "weft_base.safetensors") == bundled / "weft_base.safetensors"
    own = touch(tmp_path / "w" / "models" / "checkpoints" / "weft_base.safetensors", b"own")
    assert workspace.list_files("checkpoints") == ["weft_base.safetensors", "z.safetensors"]
    assert workspace.model("checkpoints", "weft_base.safetensors") == own


def test_input_lists_pictures_and_latents_at_its_top(workspace):
    for name in ("b.PNG", "a.webp", "notes.txt", "x.latent", ".hidden.png", "sub/c.png"):
        touch(workspace.root / "input" / name)
    assert workspace.list_files("input") == ["a.webp", "b.PNG"]
    assert workspace.list_files("input/*.latent") == ["x.latent"]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("x.png", ("x.png", "input")),
        ("sub/x.png [output]", ("sub/x.png", "output")),
        ("x.png [temp]", ("x.png", "temp")),
        ("x.png[input]", ("x.png", "input")),
        ("x [1].png", ("x [1].png", "input")),
        ("x.png [other]", ("x.png [other]", "input")),
    ],
)
def test_the_folder_that_a_name_says(name, expected):
    assert split_annotation(name, "input") == expected


def test_a_name_with_its_folder_is_a_file_although_the_list_does_not_show_it(workspace):
    path = touch(workspace.root / "output" / "sub" / "x.png")
    assert workspace.own_file("sub/x.png [output]") == path.resolve()
    assert workspace.has_file("input", "sub/x.png [output]")
    assert not workspace.has_file("input", "sub/x.png")


@pytest.mark.parametrize("name", ["x" * 300 + ".png", "\ud800.png", "sub/\ud800/x.png"])
@pytest.mark.parametrize("folder", ["input", "checkpoints"])
def test_names_that_no_disk_can_hold_are_not_there(tmp_path, folder, name):
    workspace = Workspace(tmp_path)
    workspace.folder("input").mkdir()
    assert not workspace.has_file(folder, name)
    with pytest.raises(OSError):
        workspace.digest(folder, name)


def test_an_output_folder_of_ones_own(tmp_path):
    workspace = Workspace(tmp_path / "w", output_dir=tmp_path / "pictures")
    path = touch(tmp_path / "pictures" / "x.png")
    assert workspace.own_file("x.png [output]") == path.resolve()


def test_equal_content_has_an_equal_digest_whatever_its_name(workspace):
    touch(workspace.root / "input" / "a.png", b"same")
    touch(workspace.root / "output" / "b.png", b"same")
    touch(workspace.root / "input" / "c.png", b"else")
    same = workspace.digest("input", "a.png")
    assert workspace.digest("input", "b.png [output]") == same
    assert workspace.digest("input", "c.png") != same
    with pytest.raises(FileNotFoundError, match=r"There is no 'd\.png' in the input folder"):
        workspace.digest("input", "d.png")


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege elsewhere")
def test_links_to_models_are_followed_and_circles_of_links_end(workspace, tmp_path):
    real = touch(tmp_path / "elsewhere" / "m.safetensors")
    base = workspace.root / "models" / "checkpoints"
    (base / "linked.safetensors").symlink_to(real)
    (base / "folder").symlink_to(real.parent)
    (base / "circle").symlink_to(base)
    assert workspace.list_files("checkpoints") == ["folder/m.safetensors", "linked.safetensors"]
    assert workspace.model("checkpoints", "linked.safetensors").read_bytes() == b"x"


def test_files_that_are_no_models_cannot_be_loaded_as_such(workspace):
    touch(workspace.root / "models" / "checkpoints" / "readme.txt")
    touch(workspace.root / "models" / "checkpoints" / ".x" / "m.safetensors")
    for name in ("readme.txt", ".x/m.safetensors"):
        with pytest.raises(FileNotFoundError):
            workspace.model("checkpoints", name)


def test_bundled_loras_and_controlnets_are_listed_as_such(tmp_path):
    bundled = tmp_path / "bundled"
    touch(bundled / "weft_base.safetensors", b"base")
    touch(bundled / "loras" / "weft_lora.safetensors", b"lora")
    touch(bundled / "controlnet" / "weft_controlnet.safetensors", b"control")
    workspace = Workspace(tmp_path / "w", bundled=bundled)
    assert workspace.list_files("checkpoints") == ["weft_base.safetensors"]
    assert workspace.list_files("loras") == ["weft_lora.safetensors"]
    assert workspace.list_files("controlnet") == ["weft_controlnet.safetensors"]
    assert workspace.list_files("embeddings") == []
    assert workspace.model("loras", "weft_lora.safetensors") == bundled / "loras" / "weft_lora.safetensors"
    with pytest.raises(FileNotFoundError):
        workspace.model("checkpoints", "weft_lora.safetensors")
