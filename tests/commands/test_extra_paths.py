"""extra_model_paths.yaml as people have written it."""

import pytest

from commands.errors import UsageProblem
from commands.extra_paths import read_extra_paths


def write(tmp_path, text):
    file = tmp_path / "extra_model_paths.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_start_at_base_path_or_at_the_files_own_folder(tmp_path):
    file = write(
        tmp_path,
        "a111:\n  base_path: sd/webui\n  checkpoints: models/Stable-diffusion\n"
        "  loras: |\n    models/Lora\n    models/LyCORIS\n"
        "tests:\n  custom_nodes: testing_nodes\n",
    )
    first, further = read_extra_paths([file])
    webui = tmp_path / "sd" / "webui" / "models"
    assert first == {}
    assert further == {
        "checkpoints": (webui / "Stable-diffusion",),
        "loras": (webui / "Lora", webui / "LyCORIS"),
        "custom_nodes": (tmp_path / "testing_nodes",),
    }


def test_default_sections_come_first_and_old_names_are_understood(tmp_path):
    file = write(tmp_path, f"comfy:\n  is_default: true\n  base_path: {tmp_path}/c\n  unet: unet/\n  clip: clip\n")
    first, further = read_extra_paths([file])
    assert first == {"diffusion_models": (tmp_path / "c/unet",), "text_encoders": (tmp_path / "c/clip",)}
    assert further == {}


def test_several_files_add_up(tmp_path):
    one = write(tmp_path, "a:\n  vae: one\n")
    two = one.with_name("two.yaml")
    two.write_text("b:\n  vae: two\n", encoding="utf-8")
    assert read_extra_paths([one, two])[1] == {"vae": (tmp_path / "one", tmp_path / "two")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n- b\n", "has no sections"),
        ("a: b\n", "the section a holds no folders"),
        ("a:\n  vae: [x, y]\n", "must be text"),
        ("a:\n\tvae: x\n", "no valid YAML"),
    ],
)
def test_what_has_another_form_is_refused_with_a_sentence(tmp_path, text, said):
    with pytest.raises(UsageProblem, match=said):
        read_extra_paths([write(tmp_path, text)])


def test_an_empty_file_adds_nothing_and_a_missing_one_is_told(tmp_path):
    assert read_extra_paths([write(tmp_path, "# nothing yet\n")]) == ({}, {})
    with pytest.raises(UsageProblem, match="cannot be read"):
        read_extra_paths([tmp_path / "absent.yaml"])
