"""Nodes that enlarge pictures with networks."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from execution.context import Cancelled
from execution.events import Progress
from execution.node import NodeInputError
from nodes.upscaling.with_models import image_upscale_with_model, upscale_model_loader

SCALE = 2


@pytest.fixture
def upscaler(bench, workspace):
    """A compact network in models/upscale_models that does no more than to repeat each pixel."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.PReLU(4), nn.Conv2d(4, 3 * SCALE**2, 3, padding=1)]
    nn.init.zeros_(layers[-1].weight)
    nn.init.zeros_(layers[-1].bias)
    folder = workspace.root / "models" / "upscale_models"
    folder.mkdir(parents=True)
    save_file({f"body.{name}": value for name, value in nn.ModuleList(layers).state_dict().items()}, folder / "2x.pth")
    return upscale_model_loader(model_name="2x.pth", ctx=bench.ctx)


def test_pictures_are_enlarged(bench, upscaler):
    image = torch.rand(2, 6, 5, 4, generator=torch.Generator().manual_seed(0))
    result = bench.call(image_upscale_with_model, upscale_model=upscaler, image=image)
    assert torch.equal(result, image[..., :3].repeat_interleave(SCALE, 1).repeat_interleave(SCALE, 2))
    assert [(event.value, event.total) for event in bench.told(Progress)] == [(1, 2), (2, 2)]


def test_a_cancelled_run_stops_after_a_tile(bench, upscaler):
    bench.cancel.cancel()
    with pytest.raises(Cancelled):
        bench.call(image_upscale_with_model, upscale_model=upscaler, image=torch.zeros(3, 4, 4, 3))
    assert bench.told(Progress) == []


def test_errors_name_their_input(bench, workspace, upscaler):
    with pytest.raises(NodeInputError, match="channels") as error:
        bench.call(image_upscale_with_model, upscale_model=upscaler, image=torch.zeros(4, 4, 3))
    assert error.value.input_name == "image"
    save_file({"a.lora_down.weight": torch.zeros(1)}, workspace.root / "models" / "upscale_models" / "lora.safetensors")
    for name, says in (("lora.safetensors", "is a LoRA"), ("none.pth", "no 'none.pth'"), ("../x.pth", r"\.\.")):
        with pytest.raises(NodeInputError, match=says) as error:
            upscale_model_loader(model_name=name, ctx=bench.ctx)
        assert error.value.input_name == "model_name"
