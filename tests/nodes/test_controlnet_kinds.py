"""What ControlNets are told besides their picture, and pictures made for them."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from execution.node import NodeInputError
from folders.workspace import Workspace
from models.adapters.control_network import ControlNetwork
from nodes import controlnet, loaders, sampling
from nodes.vision import control_kinds
from tests.models.small_adapters import write_control_lora, write_controlnet_union, write_t2i_adapter
from tests.models.small_models import BASE, SD15, make, randomise, relative
from tests.nodes.conftest import Bench

PROMPT = [[torch.ones(1, 77, BASE.context_dim), {"pooled_output": torch.zeros(1, 96)}]]
PICTURE = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(1))
START = {"samples": torch.zeros(1, 4, 8, 8)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("controls")
    for kind in ("checkpoints", "controlnet"):
        (root / kind).mkdir()
    make("sdxl").save(root / "checkpoints" / "base.safetensors")
    folder = root / "controlnet"
    save_file(randomise(ControlNetwork(BASE), 1).state_dict(), folder / "plain.safetensors")
    write_controlnet_union(folder / "union.safetensors")
    write_controlnet_union(folder / "first_union.safetensors", types=6)
    write_control_lora(folder / "lora.safetensors")
    write_t2i_adapter(folder / "adapter.safetensors", replace(SD15, model_channels=64), xl=False)
    return root


@pytest.fixture
def bench(tmp_path, files):
    return Bench(Workspace(tmp_path / "w", model_dirs=(files,)))


def load(bench, name):
    return controlnet.control_net_loader(control_net_name=f"{name}.safetensors", ctx=bench.ctx)


def draw(bench, net=None, strength=1.0):
    positive, negative = PROMPT, PROMPT
    if net is not None:
        positive, negative = controlnet.control_net_apply_advanced(
            positive=PROMPT, negative=PROMPT, control_net=net, image=PICTURE, strength=strength
        )
    model = loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=bench.ctx).MODEL
    settings = {"sampler_name": "euler", "scheduler": "normal", "steps": 2, "seed": 3, "ctx": bench.ctx}
    made = sampling.ksampler(model=model, positive=positive, negative=negative, latent_image=START, **settings)
    return made["samples"]


def told(net, kind):
    return control_kinds.set_union_control_net_type(control_net=net, type=kind)


def test_one_loader_reads_every_kind(bench):
    bare = draw(bench)
    for name in ("plain", "union", "lora"):
        assert relative(draw(bench, load(bench, name)), bare) > 1e-4
    assert torch.equal(draw(bench), bare)


def test_a_union_draws_by_the_kind_that_it_is_told(bench):
    union = load(bench, "union")
    made = {kind: draw(bench, told(union, kind)) for kind in ("auto", "openpose", "depth", "repaint")}
    assert torch.equal(made["auto"], draw(bench, union))
    names = list(made)
    assert all(relative(made[a], made[b]) > 1e-5 for a in names for b in names if a != b)


def test_kinds_that_a_file_does_not_know_blame_the_input(bench):
    for name, kind, says in (
        ("first_union", "tile", "first 6 kinds"),
        ("plain", "depth", "one kind of picture"),
        ("adapter", "depth", "T2I-Adapter, made for one kind"),
        ("lora", "auto", "Control-LoRA, made for one kind"),
    ):
        with pytest.raises(NodeInputError, match=says) as error:
            told(load(bench, name), kind)
        assert error.value.input_name == "control_net"


def test_a_kind_that_came_by_a_link_is_judged(bench):
    with pytest.raises(NodeInputError, match=r"no kind 'sketch'\. Choose one of auto, openpose") as error:
        told(load(bench, "union"), "sketch")
    assert error.value.input_name == "type"


def test_an_adapter_for_another_model_is_told_by_the_sampler(bench):
    with pytest.raises(NodeInputError, match=r"T2I-Adapter adapter\.safetensors .* SD 1\.x\)"):
        draw(bench, load(bench, "adapter"))


def test_a_mask_of_zeros_switches_off_and_one_of_ones_changes_nothing(bench):
    net = load(bench, "plain")
    masked = {
        value: control_kinds.control_net_mask(control_net=net, mask=torch.full((1, 30, 50), value))
        for value in (0.0, 1.0)
    }
    assert torch.equal(draw(bench, masked[0.0]), draw(bench))
    assert relative(draw(bench, masked[1.0]), draw(bench, net)) < 1e-5


def test_a_mask_keeps_the_rest_closer_to_the_plain_picture(bench):
    """The network sees the whole picture, so its effect spreads; but the masked half differs most."""
    mask = torch.zeros(1, 64, 64)
    mask[:, :, 32:] = 1
    net = control_kinds.control_net_mask(control_net=load(bench, "plain"), mask=mask)
    change = (draw(bench, net) - draw(bench)).abs()
    assert change[..., 4:].mean() > 1.2 * change[..., :4].mean()


def test_masks_and_kinds_go_together_in_any_order(bench):
    mask, union = torch.ones(1, 8, 8), load(bench, "union")
    one = told(control_kinds.control_net_mask(control_net=union, mask=mask), "depth")
    other = control_kinds.control_net_mask(control_net=told(union, "depth"), mask=mask)
    assert torch.equal(draw(bench, one), draw(bench, other))


def test_a_picture_to_fill_in_has_holes_of_minus_one():
    mask = torch.zeros(1, 32, 32)
    mask[:, :16] = 1
    made = control_kinds.control_net_inpaint_image(image=PICTURE, mask=mask)
    assert (made[:, :31] == -1).all()
    assert torch.equal(made[:, 33:], PICTURE[:, 33:])
    several = control_kinds.control_net_inpaint_image(image=PICTURE.repeat(3, 1, 1, 1), mask=mask)
    assert several.shape == (3, 64, 64, 3)
