"""Loading by an old configuration file, and from a folder of diffusers."""

import pytest

from execution.events import Warned
from execution.node import NodeInputError
from models.checkpoints.config_file import KNOWN
from models.export.convert import to_diffusers
from nodes.loaders import checkpoint_loader, checkpoint_loader_with_config, diffusers_loader
from tests.models.small_models import make, relative

V_AND_SKIP = """
model:
  target: some.program.LatentDiffusion
  params:
    parameterization: "v"
    cond_stage_config:
      params: {layer: hidden, layer_idx: -3}
"""


@pytest.fixture
def checkpoint(bench):
    make("sdxl").save(bench.workspace.root / "models/checkpoints/base.safetensors")
    return bench


def config(bench, text, name="mine.yaml"):
    folder = bench.workspace.root / "models/configs"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return name


def load(bench, name):
    return bench.call(checkpoint_loader_with_config, config_name=name, ckpt_name="base.safetensors")


def test_a_file_that_says_v_and_a_layer_is_heeded(checkpoint):
    plain = checkpoint.call(checkpoint_loader, ckpt_name="base.safetensors")
    loaded = load(checkpoint, config(checkpoint, V_AND_SKIP))
    assert loaded.MODEL.schedule.prediction == "v_prediction"
    assert (loaded.MODEL.schedule.sigmas == plain.MODEL.schedule.sigmas).all()
    wanted = plain.CLIP.with_layer(-3).encode_text("a fox").cond
    assert relative(loaded.CLIP.encode_text("a fox").cond, wanted) == 0
    assert relative(plain.CLIP.encode_text("a fox").cond, wanted) > 1e-3


@pytest.mark.parametrize(
    ("name", "prediction", "layer"),
    [
        ("v1-inference.yaml", "epsilon", None),
        ("v1-inference_clip_skip_2.yaml", "epsilon", -2),
        ("v2-inference-v.yaml", "v_prediction", None),
    ],
)
def test_the_usual_files_need_not_be_there(checkpoint, name, prediction, layer):
    loaded = load(checkpoint, name)
    assert (loaded.MODEL.schedule.prediction, loaded.CLIP.layer) == (prediction, layer)
    assert not checkpoint.told(Warned) and name in KNOWN


def test_the_users_own_file_of_a_usual_name_comes_first(checkpoint):
    config(checkpoint, V_AND_SKIP, "v1-inference.yaml")
    assert load(checkpoint, "v1-inference.yaml").CLIP.layer == -3
    assert "v1-inference.yaml" in checkpoint.workspace.list_files("configs")


def test_an_unknown_file_is_passed_over_with_a_warning(checkpoint):
    assert load(checkpoint, "nowhere.yaml").MODEL.schedule.prediction == "epsilon"
    assert ["nowhere.yaml" in event.sentence for event in checkpoint.told(Warned)] == [True]


@pytest.mark.parametrize("text", ["a: [", "just words", "model: {params: 3}", "- 1", "\x00"])
def test_what_is_no_configuration_is_refused(checkpoint, text):
    with pytest.raises(NodeInputError) as caught:
        load(checkpoint, config(checkpoint, text))
    assert caught.value.input_name == "config_name" and str(caught.value).endswith(".")


def test_a_folder_loads_as_the_checkpoint_that_it_was_made_of(checkpoint):
    models = checkpoint.workspace.root / "models"
    (models / "diffusers/deep").mkdir(parents=True)
    to_diffusers(models / "checkpoints/base.safetensors", models / "diffusers/deep/base")
    assert checkpoint.workspace.list_files("diffusers") == ["deep/base"]
    loaded = checkpoint.call(diffusers_loader, model_path="deep/base")
    plain = checkpoint.call(checkpoint_loader, ckpt_name="base.safetensors")
    assert loaded.MODEL.family == "sdxl"
    assert relative(loaded.CLIP.encode_text("a fox").cond, plain.CLIP.encode_text("a fox").cond) == 0
    with pytest.raises(NodeInputError, match="no 'deep' among the diffusers"):
        checkpoint.call(diffusers_loader, model_path="deep")
