"""Control-LoRAs, unions, T2I-Adapters, averaged answers and masks: what each adds, and what is said of misfits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from execution.sizes import measure
from models.adapters.control import Control, MaskedSteerer
from models.adapters.control_loading import load_control
from models.adapters.control_network import ControlNetwork
from models.adapters.controlnet import ControlNet
from models.adapters.deltas import LowRank
from models.adapters.weight_patches import Change
from models.checkpoint import CheckpointError, load_checkpoint
from models.memory import DeviceMemory
from models.sampling.controls import RunningControls, steering
from models.sdxl.unet import UNet
from tests.models.small_adapters import (
    THREE_LEVELS,
    random_tensors,
    t2i_adapter_shapes,
    unet_facts,
    write_control_lora,
    write_controlnet_union,
    write_t2i_adapter,
)
from tests.models.small_models import BASE, SD15, make, randomise, relative

MEMORY = DeviceMemory.choose("cpu")
SIDE = 16


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    file = make("sdxl").save(tmp_path_factory.mktemp("base") / "base.safetensors")
    return load_checkpoint(file, MEMORY).model


def picture(seed=1, size=8 * SIDE, batch=1):
    return torch.rand(batch, size, size, 3, generator=torch.Generator().manual_seed(seed))


def added(model, *controls, batch=1, sigma=2.0, side=SIDE):
    """What controls add to a call of a model's network."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(batch, 4, side, side, generator=generator)
    context = torch.randn(batch, 77, model.config.context_dim, generator=generator)
    label = None
    if model.config.adm_channels:
        label = torch.randn(batch, model.config.adm_channels, generator=generator)
    running = RunningControls(model).of(controls)
    with torch.no_grad():
        return steering(running, sigma, batch, x, torch.full((batch,), 500.0), context, label)


def flat(residuals):
    tensors = [*residuals.skips, *residuals.inputs, residuals.middle]
    return torch.cat([one.flatten() for one in tensors if one is not None])


def of_three_levels(model):
    return replace(model, config=THREE_LEVELS, network=randomise(UNet(THREE_LEVELS), 9))


def test_a_control_lora_is_a_controlnet_of_the_models_weights_and_the_files(base, tmp_path):
    file = write_control_lora(tmp_path / "lora.safetensors", BASE)
    tensors = load_file(file)
    before = {name: value.clone() for name, value in base.network.state_dict().items()}
    merged = ControlNetwork(BASE)
    state = {}
    for name, value in merged.state_dict().items():
        layer = name.removesuffix(".weight")
        state[name] = tensors.get(name, before.get(name, value))
        if f"{layer}.up" in tensors and name != layer:
            up, down = tensors[f"{layer}.up"], tensors[f"{layer}.down"]
            state[name] = state[name] + (up.flatten(1) @ down.flatten(1)).reshape(value.shape)
    merged.load_state_dict(state)
    plain = ControlNet(merged.requires_grad_(False).eval(), MEMORY, torch.float32, "merged", "")
    found = added(base, Control(load_control(file, MEMORY), picture(), 0.7))
    wanted = added(base, Control(plain, picture(), 0.7))
    assert relative(flat(found), flat(wanted)) < 1e-5
    assert all(torch.equal(before[name], value) for name, value in base.network.state_dict().items())


def test_a_control_lora_shares_the_models_memory_and_takes_its_loras(base, tmp_path):
    net = load_control(write_control_lora(tmp_path / "lora.safetensors", BASE), MEMORY)
    steered = net.for_model(base).net.network
    shared = {one.data_ptr() for one in base.network.parameters()} & {one.data_ptr() for one in steered.parameters()}
    own = sum(one.numel() for one in steered.parameters() if one.data_ptr() not in shared)
    assert own < 0.6 * sum(one.numel() for one in steered.parameters())
    assert net.for_model(base).net.network is steered
    weight = "input_blocks.1.0.in_layers.2.weight"
    shape = base.network.get_parameter(weight).shape
    up, down = torch.randn(shape[0], 2), torch.randn(2, shape[1:].numel())
    patched = replace(base, patches=base.patches.plus({weight: Change(LowRank(up, down))}))
    plain, changed = (flat(added(model, Control(net, picture(), 1.0))) for model in (base, patched))
    assert relative(changed, plain) > 1e-3
    assert torch.equal(flat(added(base, Control(net, picture(), 1.0))), plain)


def test_a_control_lora_for_another_model_says_which_weight(base, tmp_path):
    other = load_control(write_control_lora(tmp_path / "a.safetensors", replace(BASE, model_channels=64)), MEMORY)
    with pytest.raises(ValueError, match=r"a\.safetensors was made for another model: its '.+' has the shape"):
        other.for_model(base)
    tensors = load_file(write_control_lora(tmp_path / "b.safetensors", BASE))
    del tensors[next(name for name in tensors if name.endswith(".down"))]
    save_file(tensors, tmp_path / "b.safetensors")
    with pytest.raises(CheckpointError, match="lacks the tensor"):
        load_control(tmp_path / "b.safetensors", MEMORY)


def test_a_union_is_told_what_it_reads(base, tmp_path):
    net = load_control(write_controlnet_union(tmp_path / "union.safetensors", types=6), MEMORY)
    made = [flat(added(base, Control(one, picture(), 1.0))) for one in (net, net.of_kind(0), net.of_kind(3))]
    assert relative(made[1], made[0]) > 1e-3
    assert relative(made[2], made[1]) > 1e-3
    assert torch.equal(flat(added(base, Control(net.of_kind(3).of_kind(None), picture(), 1.0))), made[0])
    with pytest.raises(ValueError, match=r"first 6 kinds .* ProMax"):
        net.of_kind(7)


def test_a_batch_of_hints_is_read_one_by_one(base, tmp_path):
    net = load_control(write_controlnet_union(tmp_path / "union.safetensors"), MEMORY).of_kind(1)
    hints = torch.cat([picture(1), picture(2)])
    both = added(base, Control(net, hints, 1.0), batch=2)
    swapped = added(base, Control(net, hints.flip(0), 1.0), batch=2)
    first = added(base, Control(net, torch.cat([picture(1), picture(1)]), 1.0), batch=2)
    assert relative(both.middle[:1], first.middle[:1]) < 1e-5
    assert relative(swapped.middle[:1], first.middle[:1]) > 1e-3


def test_other_kinds_are_told_none(base, tmp_path):
    plain = ControlNet(randomise(ControlNetwork(BASE), 1), MEMORY, torch.float32, "plain.safetensors", "")
    adapter = load_control(write_t2i_adapter(tmp_path / "adapter.safetensors"), MEMORY)
    lora = load_control(write_control_lora(tmp_path / "lora.safetensors", BASE), MEMORY)
    for net in (plain, adapter, lora):
        with pytest.raises(ValueError, match="one kind of picture"):
            net.of_kind(1)
    with pytest.raises(ValueError, match="one kind of picture"):
        MaskedSteerer(plain, torch.ones(1, 8, 8)).of_kind(1)


def test_an_adapter_adds_the_same_at_every_step_where_its_features_fit(base, tmp_path):
    model = of_three_levels(base)
    net = load_control(write_t2i_adapter(tmp_path / "adapter.safetensors"), MEMORY)
    found = added(model, Control(net, picture(), 1.0))
    assert [number for number, one in enumerate(found.inputs) if one is not None] == [2, 3, 5]
    assert [tuple(one.shape[1:]) for one in found.inputs if one is not None] == [(32, 8, 8), (64, 8, 8), (128, 4, 4)]
    assert found.middle.shape == (1, 128, 4, 4)
    assert torch.equal(flat(added(model, Control(net, picture(), 1.0), sigma=9.0)), flat(found))
    assert relative(flat(added(model, Control(net, picture(), 0.5))), 0.5 * flat(found)) < 1e-5
    x, context = torch.randn(1, 4, SIDE, SIDE), torch.randn(1, 77, BASE.context_dim)
    inputs = x, torch.tensor([500.0]), context, torch.randn(1, BASE.adm_channels)
    with torch.no_grad():
        assert relative(model.network(*inputs, control=found), model.network(*inputs)) > 1e-3


def test_an_adapter_takes_odd_sizes_and_grey_pictures(base, tmp_path):
    model = of_three_levels(base)
    net = load_control(write_t2i_adapter(tmp_path / "adapter.safetensors", channels=1), MEMORY)
    found = added(model, Control(net, picture(), 1.0), side=13)
    assert found.middle.shape == (1, 128, 4, 4)
    x, context = torch.randn(1, 4, 13, 13), torch.randn(1, 77, BASE.context_dim)
    with torch.no_grad():
        made = model.network(x, torch.tensor([5.0]), context, torch.randn(1, BASE.adm_channels), control=found)
    assert made.shape == x.shape
    grey = picture().mean(dim=-1, keepdim=True).expand(-1, -1, -1, 3)
    assert (
        relative(flat(added(model, Control(net, grey, 1.0))), flat(added(model, Control(net, picture(), 1.0)))) < 1e-5
    )


def test_an_adapter_in_diffusers_names_is_the_same(tmp_path):
    first = load_control(write_t2i_adapter(tmp_path / "a.safetensors"), MEMORY)
    named = {}
    for name, value in random_tensors(t2i_adapter_shapes(), 61).items():
        _, number, rest = name.split(".", 2) if name.startswith("body.") else ("", "", "")
        if not number:
            named[f"adapter.{name}"] = value
            continue
        level, block = divmod(int(number), 2)
        place = rest if rest.startswith("in_conv") else f"resnets.{block}.{rest}"
        named[f"adapter.body.{level}.{place}"] = value
    save_file(named, tmp_path / "b.safetensors")
    second = load_control(tmp_path / "b.safetensors", MEMORY)
    states = first.network.state_dict(), second.network.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_an_adapter_for_another_model_says_so(base, tmp_path):
    net = load_control(write_t2i_adapter(tmp_path / "adapter.safetensors", SD15, xl=False), MEMORY)
    with pytest.raises(ValueError, match=r"features are 32, 64 channels wide, .* takes 32, 64, 128 .* SD 1\.x"):
        net.for_model(of_three_levels(base))


def test_a_mask_says_where_it_steers(base, tmp_path):
    net = ControlNet(randomise(ControlNetwork(BASE), 1), MEMORY, torch.float32, "plain.safetensors", "")
    mask = torch.zeros(1, 8 * SIDE, 8 * SIDE)
    mask[:, :, 4 * SIDE :] = 1
    whole = added(base, Control(net, picture(), 1.0))
    half = added(base, Control(MaskedSteerer(net, mask), picture(), 1.0))
    for one, other in zip(half.skips, whole.skips, strict=True):
        middle = one.shape[-1] // 2
        assert not one[..., :middle].any()
        assert torch.equal(one[..., middle:], other[..., middle:])
    faint = added(base, Control(MaskedSteerer(net, 0.25 * torch.ones(1, 8, 8)), picture(), 1.0))
    assert relative(flat(faint), 0.25 * flat(whole)) < 1e-5
    assert not flat(added(base, Control(MaskedSteerer(net, torch.zeros(1, 8, 8)), picture(), 1.0))).any()


def test_masks_go_with_every_kind(base, tmp_path):
    model = of_three_levels(base)
    adapter = load_control(write_t2i_adapter(tmp_path / "adapter.safetensors"), MEMORY)
    half = torch.zeros(1, 8 * SIDE, 8 * SIDE)
    half[:, 4 * SIDE :] = 1
    found = added(model, Control(MaskedSteerer(adapter, half), picture(), 1.0))
    assert not found.inputs[3][..., :4, :].any()
    assert found.inputs[3][..., 4:, :].all()
    union = MaskedSteerer(load_control(write_controlnet_union(tmp_path / "u.safetensors"), MEMORY), half).of_kind(2)
    assert union.inner.kind == 2
    assert sum(size for _, size in measure(Control(union, picture(), 1.0))) > half.nbytes


def test_a_shuffle_controlnet_steers_the_whole_picture_alike(base, tmp_path):
    network = randomise(ControlNetwork(BASE), 1)
    for name in ("net_shuffle.safetensors", "net.safetensors"):
        save_file(network.state_dict(), tmp_path / name, unet_facts(BASE))
    pooled, plain = (load_control(tmp_path / name, MEMORY) for name in ("net_shuffle.safetensors", "net.safetensors"))
    assert (pooled.pooled, plain.pooled) == (True, False)
    found, wanted = (added(base, Control(net, picture(), 1.0)) for net in (pooled, plain))
    for one, other in zip(found.skips, wanted.skips, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other.mean(dim=(2, 3), keepdim=True).expand_as(one), atol=1e-5)


def test_controlnets_and_adapters_add_up(base, tmp_path):
    model = of_three_levels(base)
    control = Control(
        ControlNet(randomise(ControlNetwork(THREE_LEVELS), 1), MEMORY, torch.float32, "plain", ""), picture(), 0.5
    )
    adapter = Control(load_control(write_t2i_adapter(tmp_path / "adapter.safetensors"), MEMORY), picture(2), 1.0)
    both, one, other = (added(model, *these) for these in ((control, adapter), (control,), (adapter,)))
    assert torch.allclose(both.middle, one.middle + other.middle)
    assert all(torch.equal(*pair) for pair in zip(both.skips, one.skips, strict=True))
    assert torch.equal(both.inputs[3], other.inputs[3])
