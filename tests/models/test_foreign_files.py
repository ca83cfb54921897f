"""What is said of a file that was chosen where another kind is needed."""

import pytest

from models.checkpoints.foreign import recognise
from tests.models.small_models import make


@pytest.mark.parametrize("family", ["sdxl", "sdxl_refiner", "sd15"])
def test_a_whole_checkpoint_is_called_one(family):
    kind = recognise(make(family).state.keys())
    assert kind is not None and kind.name == "a whole checkpoint" and "CheckpointLoaderSimple" in kind.remedy


def test_its_denoising_network_alone_is_called_that():
    names = [name for name in make("sdxl").state if name.startswith("model.diffusion_model.")]
    kind = recognise(names)
    assert kind is not None and "UNETLoader" in kind.remedy
