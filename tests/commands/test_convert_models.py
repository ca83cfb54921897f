"""`main.py convert MODEL`: between single files and folders, whole or not at all."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.export.convert import to_diffusers
from tests.models.small_models import make

NOTES = {"weft.unet.head_channels": "32", "somebody's note": "kept"}
FAMILIES = ("sdxl", "sdxl_refiner", "sd15", "sd21")


def single(path, family="sdxl", dtype=torch.float16, **extra):
    notes = NOTES if family in ("sd15", "sd21") else {"somebody's note": "kept"}
    tensors = {name: value.to(dtype).contiguous() for name, value in make(family).state.items()}
    save_file({**tensors, **extra}, path, notes)
    return path


@pytest.mark.parametrize("family", FAMILIES)
def test_there_and_back_every_tensor_is_the_same(weft, tmp_path, family):
    extra = {
        "model.diffusion_model.unheard_of": torch.tensor([1.0, 2.0]),  # in no program's tables
        "betas": torch.arange(3.0),
        "v_pred": torch.zeros(0),
    }
    source = single(tmp_path / "a.safetensors", family, **extra)
    assert weft("convert", source, "--to", "diffusers", "--output", tmp_path / "folder").code == 0
    done = weft("convert", tmp_path / "folder", "--to", "single", "--output", tmp_path / "b.safetensors")
    assert done.lines == [str(tmp_path / "b.safetensors")]
    before, after = load_file(source), load_file(tmp_path / "b.safetensors")
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert value.dtype == after[name].dtype and torch.equal(value, after[name]), name
    scheduler = json.loads((tmp_path / "folder/scheduler/scheduler_config.json").read_text())
    assert scheduler["prediction_type"] == "v_prediction"
    from safetensors import safe_open

    with safe_open(tmp_path / "b.safetensors", "pt") as file:
        assert file.metadata()["somebody's note"] == "kept"


def test_half_precision_as_a_variant(weft, tmp_path):
    source = single(tmp_path / "a.safetensors", dtype=torch.float32)
    made = tmp_path / "folder"
    done = weft("convert", source, "--to", "diffusers", "--output", made, "--dtype", "fp16", "--variant", "fp16")
    assert done.code == 0
    weights = sorted(path.relative_to(made).as_posix() for path in made.rglob("*.fp16.safetensors"))
    assert weights == [
        "text_encoder/model.fp16.safetensors",
        "text_encoder_2/model.fp16.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]
    assert {value.dtype for name in weights for value in load_file(made / name).values()} == {torch.float16}


@pytest.mark.parametrize(
    ("missing", "said"),
    [("first_stage_model.", "has no VAE"), ("conditioner.", "has no text encoder"), ("model.diff", "is needed here")],
)
def test_a_model_without_a_part_is_refused_in_a_sentence(weft, tmp_path, missing, said):
    tensors = {name: value for name, value in make("sdxl").state.items() if not name.startswith(missing)}
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, tmp_path / "a.safetensors")
    done = weft("convert", tmp_path / "a.safetensors", "--to", "diffusers", "--output", tmp_path / "folder")
    assert done.code == 2 and said in done.err and "Traceback" not in done.err
    assert not (tmp_path / "folder").exists()


def test_what_is_there_is_never_overwritten(weft, tmp_path):
    source = single(tmp_path / "a.safetensors")
    (tmp_path / "there").write_text("mine")
    done = weft("convert", source, "--to", "diffusers", "--output", tmp_path / "there")
    assert done.code == 2 and "there already" in done.err
    assert (tmp_path / "there").read_text() == "mine"


def test_a_file_that_is_not_there_and_options_that_do_not_go_together(weft, tmp_path):
    absent = weft("convert", tmp_path / "no.safetensors", "--to", "single", "--output", tmp_path / "b")
    assert absent.code == 2 and "There is no model" in absent.err
    source = single(tmp_path / "a.safetensors")
    odd = weft("convert", source, "--to", "single", "--variant", "fp16", "--output", tmp_path / "b")
    assert odd.code == 2 and "--variant" in odd.err


def test_stopped_in_the_middle_nothing_is_left(tmp_path):
    class Stop(BaseException):
        pass

    def told(written, size):
        if written > size / 2:
            raise Stop

    source = single(tmp_path / "a.safetensors")
    with pytest.raises(Stop):
        to_diffusers(source, tmp_path / "folder", told=told)
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
