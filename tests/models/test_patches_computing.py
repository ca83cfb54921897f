"""How a network is computed: with multiplied weights, in another format, compiled; and that nobody else notices."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from models.adapters.weight_patches import NO_PATCHES
from models.patches.compiled import CompiledNetwork, why_not_compile
from models.patches.compute_dtype import computed_in
from models.patches.multiply import multiplied
from tests.models.small_models import relative
from tests.models.test_guidance import latent
from tests.models.test_patches_network import SD15, free_u, guided, made, model


def with_factors(whole, factors):
    names = [name for name, _ in whole.network.named_parameters()]
    return replace(whole, patches=NO_PATCHES.plus(multiplied(names, factors)))


def test_multiplied_weights_are_those_of_the_layers_that_are_named():
    whole, x = made(), latent(16, 24)
    factors = {"attn2.to_v": 1.5, "attn2.to_out.0": 0.5, "attn1.to_q": 1.0}
    network, changed = copy.deepcopy(whole.network), 0
    for name, parameter in network.named_parameters():
        if ".attn2.to_v." in name or ".attn2.to_out.0." in name:
            parameter.data = parameter.data * (1.5 if "to_v" in name else 0.5)
            changed += 1
    before = guided(whole, x)
    found = with_factors(whole, factors)
    assert len(found.patches.changes) == changed == 3 * len(list(block_names(whole.network)))
    torch.testing.assert_close(guided(found, x), guided(model(network, whole.config), x), rtol=1e-4, atol=1e-4)
    assert torch.equal(guided(whole, x), before)
    assert list(found.patches.memory_parts()) == []


def block_names(network):
    return (name for name, _ in network.named_modules() if name.endswith("attn2"))


def test_factors_of_one_are_no_change():
    assert multiplied(["a.attn1.to_q.weight", "a.attn1.to_q.bias"], {"attn1.to_q": 1.0}) == {}
    assert set(multiplied(["b.xattn1.to_q.weight", "b.attn1.to_q.weight"], {"attn1.to_q": 2.0})) == {
        "b.attn1.to_q.weight"
    }


@pytest.mark.parametrize(("dtype", "coarse"), [(torch.bfloat16, 1e-3), (torch.float16, 1e-4), (torch.float64, 1e-8)])
def test_another_format_rounds_as_it_does_and_leaves_the_weights(dtype, coarse):
    whole, x = made(), latent(16, 16)
    before = guided(whole, x)
    seen = []
    hook = whole.network.middle_block.register_forward_hook(lambda _m, _i, out: seen.append(out.dtype))
    found = guided(computed_in(whole, dtype), x)
    hook.remove()
    assert seen == [dtype]
    assert found.dtype == torch.float32
    assert coarse < relative(found, before) < 1000 * coarse
    whole_again = copy.deepcopy(whole.network).to(dtype)
    torch.testing.assert_close(found, guided(replace(computed_in(whole, dtype), network=whole_again), x))
    assert {parameter.dtype for parameter in whole.network.parameters()} == {torch.float32}
    assert not any("forward" in layer.__dict__ for layer in whole.network.modules())
    assert torch.equal(guided(whole, x), before)


def test_the_last_format_holds_and_default_is_that_of_the_weights():
    whole, x = made(), latent(16, 16)
    coarse = computed_in(whole, torch.bfloat16)
    assert len(computed_in(coarse, torch.float16).tweaks.calling) == 1
    back = computed_in(coarse, None)
    assert (back.dtype, back.tweaks.calling) == (torch.float32, ())
    assert torch.equal(guided(back, x), guided(whole, x))


def test_another_format_works_with_changed_weights_and_patches():
    whole, x = made(), latent(16, 16)
    changed = with_factors(whole.with_tweak("FreeU", network=(free_u(),)), {"attn2.to_v": 1.5})
    exact, found = guided(changed, x), guided(computed_in(changed, torch.bfloat16), x)
    assert 1e-3 < relative(found, exact) < 0.2
    assert torch.equal(guided(changed, x), exact)


def test_a_failed_call_leaves_no_converted_weights_behind():
    coarse = computed_in(made(), torch.bfloat16)
    prompt, label = torch.zeros(1, 77, 7), torch.zeros(1, coarse.config.adm_channels)  # tokens of a wrong width
    arguments = [one.to(torch.bfloat16) for one in (torch.zeros(1, 4, 8, 8), torch.ones(1), prompt, label)]
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        coarse.tweaks.calling[0](coarse.network, coarse.network)(*arguments)
    assert not any("forward" in layer.__dict__ for layer in coarse.network.modules())
    assert {parameter.dtype for parameter in coarse.network.parameters()} == {torch.float32}


class Compiler:
    """Stands for `torch.compile`: notes what it is given, and gives what doubles the network's answers."""

    def __init__(self, error=None):
        self.compiled, self.called, self.error = [], 0, error

    def __call__(self, function, backend):
        self.compiled.append((function, backend))

        def program(*inputs, **named):
            self.called += 1
            if self.error:
                raise self.error
            return function(*inputs, **named)

        return program


@pytest.fixture
def compiler(monkeypatch):
    compiler = Compiler()
    monkeypatch.setattr(torch, "compile", compiler)
    return compiler


def test_a_network_is_compiled_once_when_it_is_first_called_and_for_its_handle_alone(compiler):
    whole, x = made(), latent(16, 16)
    fast = whole.with_tweak("compile", calling=(CompiledNetwork("inductor"),))
    assert compiler.compiled == []
    assert torch.equal(guided(fast, x), guided(whole, x))
    assert torch.equal(guided(fast, x), guided(whole, x))
    assert compiler.compiled == [(whole.network.forward, "inductor")]
    assert compiler.called == 2


def test_patches_inside_changed_weights_and_other_formats_run_uncompiled(compiler):
    whole, x = made(), latent(16, 16)
    calling = (CompiledNetwork("inductor"),)
    for changed in (whole.with_tweak("FreeU", network=(free_u(),)), with_factors(whole, {"attn2.to_v": 1.5})):
        assert torch.equal(guided(changed.with_tweak("compile", calling=calling), x), guided(changed, x))
    for one, other in ((computed_in, True), (computed_in, False)):
        fast = whole.with_tweak("compile", calling=calling) if other else one(whole, torch.bfloat16)
        fast = one(fast, torch.bfloat16) if other else fast.with_tweak("compile", calling=calling)
        assert torch.equal(guided(fast, x), guided(one(whole, torch.bfloat16), x))
    assert compiler.called == 0


def test_what_cannot_be_compiled_runs_as_it_is_from_then_on(compiler, caplog):
    compiler.error = torch._dynamo.exc.BackendCompilerFailed(made, RuntimeError("no compiler"), None)
    whole, x = made(), latent(16, 16)
    fast = whole.with_tweak("compile", calling=(CompiledNetwork("inductor"),))
    for _ in range(2):
        assert torch.equal(guided(fast, x), guided(whole, x))
    assert compiler.called == 1
    assert "the network runs uncompiled" in caplog.text


def test_why_a_device_cannot_be_compiled_for_is_said(monkeypatch):
    assert why_not_compile("cudagraphs", torch.device("cpu")) == (
        "The backend cudagraphs works on CUDA devices alone, and this one is cpu."
    )

    def failing(function, backend):
        raise RuntimeError("No working C++ compiler found\nlong story")

    monkeypatch.setattr(torch, "compile", failing)
    assert why_not_compile("inductor", torch.device("cpu")) == (
        "torch cannot compile here: No working C++ compiler found"
    )


@pytest.mark.filterwarnings("ignore")  # torch warns of parts of its own
def test_torch_traces_the_network_without_changing_its_answers():
    """With torch's tracer alone, which needs no compiler of the machine's."""
    torch._dynamo.reset()
    whole, x = made(SD15), latent(8, 8)
    calling = CompiledNetwork("eager")
    fast = whole.with_tweak("compile", calling=(calling,))
    torch.testing.assert_close(guided(fast, x), guided(whole, x))
    assert calling._programs[whole.network] is not None  # it did not fall back
    assert not any("forward" in layer.__dict__ for layer in whole.network.modules())
