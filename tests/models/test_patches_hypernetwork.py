"""Hypernetwork files, and what they do to keys and values."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from models.checkpoints.errors import CheckpointError
from models.memory import DeviceMemory
from models.patches.hypernetwork import Hypernetwork
from models.patches.hypernetwork_file import read_hypernetwork
from models.weights_in_memory import memory_parts
from tests.models.small_models import relative
from tests.models.test_guidance import latent
from tests.models.test_patches_network import guided, made, model

FACTS = {"step": 1000, "name": "test", "layer_structure": [1, 2, 1], "activation_func": "relu", "sd_checkpoint": None}


def tensors(width, seed, *, names=("linear.0", "linear.2"), norm=False, inner=2):
    """The tensors of one network: to `inner` times the width and back."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, (out, into) in zip(names, ((inner * width, width), (width, inner * width)), strict=True):
        found[f"{name}.weight"] = torch.randn(out, into, generator=generator) * into**-0.5
        found[f"{name}.bias"] = torch.randn(out, generator=generator) * 0.1
        if norm:
            found[f"{name}n.weight"] = torch.rand(out, generator=generator) + 0.5
            found[f"{name}n.bias"] = torch.randn(out, generator=generator)
    return found


def write(path, widths=(8,), facts=FACTS, keys=int, **options):
    pairs = {keys(w): [tensors(w, 2 * w, **options), tensors(w, 2 * w + 1, **options)] for w in widths}
    torch.save({**pairs, **facts}, path)
    return path, pairs


def by_hand(weights, x, activation=torch.relu, *, at_end=False):
    """What the network says, layer by layer."""
    names = [name.removesuffix(".weight") for name in weights if name.endswith(".weight")]
    linear = [name for name in names if weights[f"{name}.weight"].ndim == 2]
    for name in names:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        if weight.ndim == 1:
            x = nn.functional.layer_norm(x, x.shape[-1:], weight, bias)
        else:
            x = x @ weight.T + bias
            x = activation(x) if at_end or name != linear[-1] else x
    return x


CASES = {
    "plain": ({}, {}, lambda x: x),
    "of kohya, without facts": ({}, None, lambda x: x),
    "old names": ({"names": ("linear1", "linear2")}, {}, lambda x: x),
    "relu": ({}, {"activation_func": "relu"}, torch.relu),
    "swish is what torch calls hardswish": ({}, {"activation_func": "swish"}, nn.functional.hardswish),
    "mish": ({}, {"activation_func": "mish", "is_layer_norm": False}, nn.functional.mish),
    "normalised": ({"norm": True}, {"activation_func": "tanh", "is_layer_norm": True, "use_dropout": True}, torch.tanh),
    "activated at the end": ({}, {"activation_func": "elu", "activate_output": True}, nn.functional.elu),
}


@pytest.mark.parametrize("case", CASES)
def test_files_give_the_networks_that_they_describe(tmp_path, case):
    options, facts, activation = CASES[case]
    path, pairs = write(tmp_path / "a.pt", (8, 64), facts or {}, **options)
    networks = read_hypernetwork(path, torch.float32)
    assert networks.widths() == {8, 64}
    for width, pair in pairs.items():
        x = torch.randn(2, 5, width, generator=torch.Generator().manual_seed(0))
        for network, weights in zip(networks[str(width)], pair, strict=True):
            wanted = by_hand(weights, x, activation, at_end=bool(facts and facts.get("activate_output")))
            torch.testing.assert_close(network(x), wanted, rtol=1e-4, atol=1e-5)


def test_widths_may_be_written_as_text_and_numbers_in_another_format(tmp_path):
    path, _ = write(tmp_path / "a.pt", (8,), {}, keys=str)
    networks = read_hypernetwork(path, torch.bfloat16)
    assert networks.widths() == {8}
    assert {parameter.dtype for parameter in networks.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("strength", [1.0, -0.5])
def test_keys_and_values_are_made_of_changed_tokens_where_the_width_fits(tmp_path, strength):
    path, pairs = write(tmp_path / "a.pt", (8, 64), {})  # the prompt's width, and that of the second level's tokens
    whole, x = made(), latent(16, 24, batch=2)
    networks = read_hypernetwork(path, torch.float32)
    change = Hypernetwork(networks, strength, DeviceMemory.choose("cpu"))
    found = guided(whole.with_tweak("hypernetwork", network=(change,)), x)

    class Changed(nn.Module):
        """A layer that is told other tokens."""

        def __init__(self, layer, weights):
            super().__init__()
            self.layer, self.weights = layer, weights

        def forward(self, tokens):
            return self.layer(tokens + strength * by_hand(self.weights, tokens, lambda x: x))

    network = copy.deepcopy(whole.network)
    changed = 0
    for module in list(network.modules()):
        if hasattr(module, "to_k") and module.to_k.in_features in pairs:
            keys, values = pairs[module.to_k.in_features]
            module.to_k, module.to_v = Changed(module.to_k, keys), Changed(module.to_v, values)
            changed += 1
    assert 0 < changed < sum(hasattr(module, "to_k") for module in network.modules())
    torch.testing.assert_close(found, guided(model(network, whole.config), x), rtol=1e-3, atol=1e-3)
    assert relative(found, guided(whole, x)) > 1e-3
    assert set(change.memory_parts()) == set(memory_parts(networks))


def refused(tmp_path, content, message):
    path = tmp_path / "bad.pt"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=message):
        read_hypernetwork(path, torch.float32)


def test_other_files_are_refused_with_a_reason(tmp_path):
    pair = [tensors(8, 1), tensors(8, 2)]
    refused(tmp_path, {"a.weight": torch.zeros(3)}, "is no hypernetwork")
    refused(tmp_path, [1, 2], "is no hypernetwork")
    refused(tmp_path, {8: pair, "activation_func": "sine"}, "activation 'sine', which Weft does not know")
    refused(tmp_path, {8: pair[:1]}, "no pair of networks for width 8")
    refused(tmp_path, {8: [{}, {}]}, "networks for width 8 give tokens of width 8")
    refused(tmp_path, {16: pair}, r"'linear.0.weight' has a weight of shape \[16, 8\] where tokens are 16 wide")
    half = {name: value for name, value in pair[0].items() if name.startswith("linear.0")}
    refused(tmp_path, {8: [half, half]}, "give tokens of width 16")
    bent = {**pair[0], "linear.0.weight": torch.zeros(2, 2, 8)}
    refused(tmp_path, {8: [bent, bent]}, r"shape \[2, 2, 8\]")


def test_a_file_that_runs_code_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    refused(tmp_path, {8: Evil()}, "holds more than weights")
