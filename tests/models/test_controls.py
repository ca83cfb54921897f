"""ControlNets in a run: who is steered, when, by what, and what is said of one that does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from execution.sizes import measure
from models.adapters.control import Control
from models.adapters.control_loading import load_control
from models.adapters.control_network import ControlNetwork
from models.adapters.controlnet import ControlNet
from models.checkpoint import CheckpointError, load_checkpoint
from models.memory import DeviceMemory
from models.sampling.controls import steering
from nodes.controlnet import steered
from tests.models.guiding import guidance, prepare
from tests.models.small_models import BASE, make, randomise, relative

SIGMA = 2.0
SIZE = (8, 8)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    file = make("sdxl").save(tmp_path_factory.mktemp("base") / "base.safetensors")
    return load_checkpoint(file, DeviceMemory.choose("cpu"))


def net(base, seed=7, config=BASE):
    network = randomise(ControlNetwork(config), seed)
    return ControlNet(network, base.model.memory, torch.float32, "net.safetensors", "")


def hint(seed=1, batch=1, size=64):
    return torch.rand(batch, size, size, 3, generator=torch.Generator().manual_seed(seed))


def entry(seed, **options):
    generator = torch.Generator().manual_seed(seed)
    context = torch.randn(1, 77, BASE.context_dim, generator=generator)
    return [[context, {"pooled_output": torch.randn(1, 96, generator=generator), **options}]]


def latents(batch=1):
    return torch.randn(batch, 4, *SIZE, generator=torch.Generator().manual_seed(3))


def denoised(base, positive, negative, x=None, cfg=3.0, sigma=SIGMA):
    made = guidance(base.model, prepare(base.model, positive, negative, SIZE), cfg)
    return made(latents() if x is None else x, sigma)


def test_strength_and_the_hint_matter(base):
    control = Control(net(base), hint(), 1.0)
    plain = denoised(base, entry(1), entry(2))
    found = [
        denoised(base, steered(entry(1), one, both=False), steered(entry(2), one, both=False))
        for one in (control, Control(control.net, hint(), 0.5), Control(control.net, hint(2), 1.0))
    ]
    assert all(relative(one, plain) > 1e-3 for one in found)
    assert relative(found[0], found[1]) > 1e-3
    assert relative(found[0], found[2]) > 1e-4


def test_asked_together_or_apart_gives_the_same(base):
    control = Control(net(base), hint(), 1.0)
    positive, negative = (steered(side, control, both=False) for side in (entry(1), entry(2)))
    together = denoised(base, positive, negative)
    sides = [denoised(base, side, side, cfg=1.0) for side in (positive, negative)]
    assert relative(together, sides[1] + 3.0 * (sides[0] - sides[1])) < 1e-4


def test_one_side_alone_may_be_steered(base):
    control = Control(net(base), hint(), 1.0)
    steered_alone = denoised(base, steered(entry(1), control, both=False), entry(2))
    wanted = denoised(base, steered(entry(1), control, both=False), entry(1), cfg=1.0)
    plain = denoised(base, entry(2), entry(2), cfg=1.0)
    assert relative(steered_alone, plain + 3.0 * (wanted - plain)) < 1e-4


def test_the_old_node_steers_the_negative_side_too(base):
    control = Control(net(base), hint(), 1.0)
    old = denoised(base, steered(entry(1), control, both=True), entry(2))
    new = denoised(base, steered(entry(1), control, both=False), steered(entry(2), control, both=False))
    assert torch.equal(old, new)


def test_the_old_node_leaves_a_negative_side_alone_that_is_steered_itself(base):
    first, second = Control(net(base), hint(1), 1.0), Control(net(base), hint(2), 1.0)
    negative = steered(entry(2), second, both=False)
    both = denoised(base, steered(entry(1), first, both=True), negative)
    assert torch.equal(both, denoised(base, steered(entry(1), first, both=False), negative))


def test_more_pictures_than_negative_prompts_repeat_these(base):
    controls = [Control(net(base), hint(seed), 1.0) for seed in (1, 2)]
    positive = [*steered(entry(1), controls[0], both=True), *steered(entry(3), controls[1], both=True)]
    _, unwanted = prepare(base.model, positive, entry(2), SIZE)
    assert [[one.control for one in condition.controls] for condition in unwanted] == [[one] for one in controls]


def test_several_add_up(base):
    controls = [Control(net(base, seed), hint(seed), 0.7) for seed in (7, 8)]
    x, timesteps, context = latents(), torch.tensor([500.0]), entry(1)[0][0]
    label = torch.randn(1, BASE.adm_channels, generator=torch.Generator().manual_seed(1))
    both = steered(steered(entry(1), controls[0], both=False), controls[1], both=False)
    assert [one.control for one in prepare(base.model, both, [], SIZE)[0][0].controls] == controls
    running = prepare(base.model, both, [], SIZE)[0][0].controls
    with torch.no_grad():
        together = steering(running, SIGMA, 1, x, timesteps, context, label)
        one, other = (steering([single], SIGMA, 1, x, timesteps, context, label) for single in running)
    assert torch.allclose(together.middle, one.middle + other.middle)
    for total, first, second in zip(together.skips, one.skips, other.skips, strict=True):
        assert torch.allclose(total, first + second)
        assert relative(total, first) > 1e-3


def test_outside_of_its_range_nothing_is_steered(base):
    control = Control(net(base), hint(), 1.0, 0.2, 0.6)
    edges = [base.model.schedule.percent_to_sigma(percent) for percent in (0.2, 0.6)]
    plain, changed = ([], [])
    for sigma in (edges[0] * 1.01, edges[0] * 0.99, edges[1] * 1.01, edges[1] * 0.99):
        plain.append(denoised(base, entry(1), [], cfg=1.0, sigma=sigma))
        changed.append(denoised(base, steered(entry(1), control, both=False), [], cfg=1.0, sigma=sigma))
    same = [torch.equal(one, other) for one, other in zip(plain, changed, strict=True)]
    assert same == [True, False, False, True]


def test_hints_are_cut_and_resized_to_the_picture_and_dealt_to_the_batch(base):
    wide = torch.zeros(2, 32, 96, 3)
    wide[1] = 1
    wide[:, :, :32] = 0.5  # cut away: what is left is the middle
    (sized,) = net(base).for_model(base.model).prepare(Control(net(base), wide, 1.0).picture, 8, 8)
    assert sized.shape == (2, 3, 64, 64)
    assert (sized[0].unique().tolist(), sized[1].unique().tolist()) == ([0.0], [1.0])
    control = Control(net(base), torch.cat([hint(1), hint(2)]), 1.0)
    x = latents(3)
    batch = denoised(base, steered(entry(1), control, both=False), steered(entry(2), control, both=False), x)
    for number, picture in enumerate((1, 2, 1)):
        single = Control(control.net, hint(picture), 1.0)
        sides = [steered(entry(seed), single, both=False) for seed in (1, 2)]
        assert relative(batch[number : number + 1], denoised(base, *sides, x[number : number + 1])) < 1e-4


def test_one_for_another_model_says_what_it_is_for(base):
    other = net(base, config=replace(BASE, channel_mult=(1, 4), context_dim=48))
    with pytest.raises(ValueError, match=r"levels 32, 128 channels wide and prompts 48 .* 32, 64 .* 192 values wide"):
        prepare(base.model, steered(entry(1), Control(other, hint(), 1.0), both=False), [], SIZE)


def test_files_that_are_no_controlnet(base, tmp_path):
    for tensors, says in (
        ({"lora_unet_x.lora_up.weight": torch.zeros(1)}, "a LoRA, but a ControlNet is needed"),
        ({"lora_controlnet": torch.zeros(1)}, "lacks the tensor 'input_hint_block.0.weight'"),
        ({"task_embedding": torch.zeros(1), "controlnet_mid_block.weight": torch.zeros(1)}, "a ControlNet"),
    ):
        save_file(tensors, tmp_path / "file.safetensors")
        with pytest.raises(CheckpointError, match=says):
            load_control(tmp_path / "file.safetensors", base.model.memory)
    state = ControlNetwork(BASE).state_dict()
    del state["zero_convs.0.0.weight"]
    save_file(state, tmp_path / "file.safetensors")
    with pytest.raises(CheckpointError, match=r"lacks the tensor 'zero_convs\.0\.0\.weight'"):
        load_control(tmp_path / "file.safetensors", base.model.memory)


def test_files_of_differences_need_the_model(base, tmp_path):
    network = randomise(ControlNetwork(BASE), 5)
    own = base.model.network.state_dict()
    state = {name: value - own[name] if name in own else value for name, value in network.state_dict().items()}
    save_file({f"control_model.{name}": value for name, value in state.items()} | {"difference": torch.zeros(0)},
              tmp_path / "diff.safetensors")  # fmt: skip
    with pytest.raises(CheckpointError, match="DiffControlNetLoader"):
        load_control(tmp_path / "diff.safetensors", base.model.memory)
    found = load_control(tmp_path / "diff.safetensors", base.model.memory, base.model)
    for name, value in network.state_dict().items():
        assert torch.allclose(found.network.get_parameter(name), value, atol=1e-5)


def test_caches_count_network_and_hint_once(base):
    control = Control(net(base), hint(), 1.0)
    sides = [steered(entry(seed), control, both=False) for seed in (1, 2)]
    weights = sum(parameter.nbytes for parameter in control.net.network.parameters())
    found = sum(size for _, size in measure(sides))
    assert weights + control.hint.nbytes <= found <= weights + control.hint.nbytes + 200_000
