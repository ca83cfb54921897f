"""The ControlNet nodes and Canny."""

import pytest
import torch
from safetensors.torch import save_file

from execution.node import NodeInputError
from models.adapters.control_network import ControlNetwork
from nodes import controlnet, loaders, preprocessors, sampling
from tests.models.small_models import BASE, randomise

PROMPT = [[torch.ones(1, 77, BASE.context_dim), {"pooled_output": torch.zeros(1, 96)}]]
PICTURE = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def bench(models):
    folder = models.workspace.root / "models" / "controlnet"
    folder.mkdir(parents=True)
    save_file(randomise(ControlNetwork(BASE), 1).state_dict(), folder / "net.safetensors")
    save_file({"latent_tensor": torch.zeros(1)}, folder / "latent.safetensors")
    return models


@pytest.fixture
def net(bench):
    return controlnet.control_net_loader(control_net_name="net.safetensors", ctx=bench.ctx)


def test_applying_makes_copies_and_adds_to_what_is_there(net):
    once = controlnet.control_net_apply(conditioning=PROMPT, control_net=net, image=PICTURE, strength=0.5)
    both = controlnet.control_net_apply_advanced(
        positive=once, negative=PROMPT, control_net=net, image=PICTURE, start_percent=0.1, end_percent=0.9
    )
    assert "control" not in PROMPT[0][1]
    assert [control.strength for control in once[0][1]["control"]] == [0.5]
    assert [control.strength for control in both.positive[0][1]["control"]] == [0.5, 1.0]
    assert [(one.start_percent, one.end_percent) for one in both.negative[0][1]["control"]] == [(0.1, 0.9)]
    assert both.positive[0][1]["control"][1] is both.negative[0][1]["control"][0]
    assert once[0][1]["control_apply_to_uncond"]
    assert not both.positive[0][1]["control_apply_to_uncond"]


def test_no_strength_changes_nothing(net):
    assert controlnet.control_net_apply(conditioning=PROMPT, control_net=net, image=PICTURE, strength=0.0) is PROMPT
    both = controlnet.control_net_apply_advanced(
        positive=PROMPT, negative=PROMPT, control_net=net, image=PICTURE, strength=0.0
    )
    assert both.positive is PROMPT


def test_pictures_of_other_channels(net):
    for channels in (1, 4):
        image = torch.rand(1, 8, 8, channels)
        made = controlnet.control_net_apply(conditioning=PROMPT, control_net=net, image=image)
        assert made[0][1]["control"][0].hint.shape[-1] == 3
    with pytest.raises(NodeInputError, match="2 channels"):
        controlnet.control_net_apply(conditioning=PROMPT, control_net=net, image=torch.rand(1, 8, 8, 2))


def test_the_sampler_says_what_fits_together(bench, net):
    put = controlnet.control_net_apply(conditioning=PROMPT, control_net=net, image=PICTURE)
    refiner = loaders.checkpoint_loader(ckpt_name="refiner.safetensors", ctx=bench.ctx).MODEL
    base = loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=bench.ctx).MODEL
    settings = {"sampler_name": "euler", "scheduler": "normal", "steps": 1, "ctx": bench.ctx}
    start = {"samples": torch.zeros(1, 4, 8, 8)}
    plain = sampling.ksampler(model=base, positive=PROMPT, negative=PROMPT, latent_image=start, **settings)
    made = sampling.ksampler(model=base, positive=put, negative=PROMPT, latent_image=start, **settings)
    assert not torch.equal(plain["samples"], made["samples"])
    with pytest.raises(NodeInputError):
        sampling.ksampler(model=refiner, positive=put, negative=PROMPT, latent_image=start, **settings)


def test_files_that_do_not_fit_blame_the_input(bench):
    for name, says in (("none.safetensors", "There is no"), ("latent.safetensors", "Load it with LoadLatent")):
        with pytest.raises(NodeInputError, match=says) as error:
            controlnet.control_net_loader(control_net_name=name, ctx=bench.ctx)
        assert error.value.input_name == "control_net_name"


def test_a_whole_file_loads_with_a_model_as_well(bench, net):
    base = loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=bench.ctx).MODEL
    found = controlnet.diff_control_net_loader(model=base, control_net_name="net.safetensors", ctx=bench.ctx)
    pairs = zip(found.network.parameters(), net.network.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_canny_makes_pictures():
    picture = torch.zeros(2, 32, 32, 3)
    picture[:, :, 16:] = 1
    edges = preprocessors.canny_edges(image=picture)
    assert edges.shape == (2, 32, 32, 3)
    assert edges[..., 14:18, :].sum() > 0
    with pytest.raises(NodeInputError, match="Swap them"):
        preprocessors.canny_edges(image=picture, low_threshold=0.9, high_threshold=0.1)
