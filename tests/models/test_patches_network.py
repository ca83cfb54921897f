"""Patches inside the network, on small random ones: what each does there, and what is left alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from models.attention import attention_received
from models.patches.deep_shrink import DeepShrink
from models.patches.freeu import FreeU, Scales
from models.patches.hypertile import HyperTile
from models.patches.perturbed_attention import PerturbedAttentionGuidance
from models.patches.self_attention_guidance import SelfAttentionGuidance
from models.patches.token_merging import TokenMerging
from models.sampling.guiders import CfgGuider
from models.sampling.run_start import RunStart
from models.sdxl.config import UNetConfig
from models.sdxl.network_patches import NetworkCall, Spot
from models.sdxl.unet import Residuals, UNet
from tests.models.guiding import guidance, prepare
from tests.models.small_models import randomise, relative
from tests.models.test_guidance import POOLED, latent, model

CFG, SIGMA = 7.0, 2.0
SDXL = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2, 4),
    num_res_blocks=1,
    transformer_depth=(0, 1, 2),
    middle_depth=2,
    context_dim=8,
    adm_channels=POOLED + 6 * 256,
    head_channels=16,
)
SD15 = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2),
    num_res_blocks=1,
    transformer_depth=(1, 1),
    middle_depth=1,
    context_dim=8,
    adm_channels=0,
    head_channels=16,
)


def made(config=SDXL):
    """A model whose attention matters: random weights give nearly even attention unless queries are large."""
    network = randomise(UNet(config), 1)
    for name, parameter in network.named_parameters():
        if name.endswith(("to_q.weight", "to_v.weight")):
            parameter.data *= 4
    return model(network, config, "sdxl" if config.adm_channels else "sd15")


def prompts(number, **options):
    generator = torch.Generator().manual_seed(number)
    context = torch.randn(1, 77, 8, generator=generator)
    return [context, {"pooled_output": torch.randn(1, POOLED, generator=generator), **options}]


def denoiser(model_, x, cfg=CFG, positive=None, negative=None):
    start = RunStart(x, x, None, torch.tensor([SIGMA, 0.0]), 0)
    return CfgGuider(model_, positive or [prompts(1)], negative or [prompts(2)], cfg).denoiser(start)


def guided(model_, x, cfg=CFG, sigma=SIGMA, **sides):
    return denoiser(model_, x, cfg, **sides)(x, sigma)


def alone(model_, x, number, cfg=1.0):
    """The prediction for one prompt."""
    return guided(model_, x, cfg, positive=[prompts(number)])


def spot(size, latents, part="input", number=0, depth=0, sigma=SIGMA, sides=(0, 1)):
    return Spot(NetworkCall((), sigma, latents, sides), part, number, size, depth)


def free_u(b1=1.3, b2=1.4, s1=0.9, s2=0.2, *, by_strength=True, width=32):
    return FreeU({4 * width: Scales(b1, s1), 2 * width: Scales(b2, s2)}, by_strength)


def shrink(stage=2, factor=2.0, first=1e9, last=0.0, *, keeps_skip=True, smaller="bicubic", larger="bicubic"):
    return DeepShrink(stage, factor, first, last, keeps_skip, smaller, larger)


def tiles(tile=64, choices=2, deepest=2, *, by_level=False):
    return HyperTile(tile, choices, deepest, by_level)


CHANGES = {
    "FreeU": lambda: {"network": (free_u(by_strength=False),)},
    "FreeU V2": lambda: {"network": (free_u(),)},
    "deep shrink": lambda: {"network": (shrink(),)},
    "deep shrink with its skip": lambda: {"network": (shrink(keeps_skip=False, smaller="bislerp"),)},
    "HyperTile": lambda: {"network": (tiles(),)},
    "PAG": lambda: {"after_guidance": (PerturbedAttentionGuidance(3.0),)},
    "SAG": lambda: sag(0.75),
}


def sag(scale, blur=2.0):
    change = SelfAttentionGuidance(scale, blur)
    return {"network": (change,), "after_guidance": (change,), "needs_uncond": True}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("size", [(32, 32), (24, 40)])
def test_a_patch_changes_the_prediction_and_the_model_without_it_stays_as_it_was(name, size):
    whole, x = made(), latent(*size)
    before = guided(whole, x)
    found = guided(whole.with_tweak(name, **CHANGES[name]()), x)
    assert relative(found, before) > 1e-3
    assert torch.equal(guided(whole, x), before)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("size", [(19, 27), (36, 52)])
def test_odd_sizes_and_batches_of_which_each_latent_is_as_if_alone(name, size):
    changed, x = made().with_tweak(name, **CHANGES[name]()), latent(*size, batch=2)
    found = guided(changed, x)
    assert found.shape == x.shape
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found[1:], guided(changed, x[1:]), rtol=1e-3, atol=1e-3)


IDENTITIES = {
    "FreeU": lambda: {"network": (free_u(1, 1, 1, 1, by_strength=False),)},
    "FreeU V2": lambda: {"network": (free_u(1, 1, 1, 1),)},
    "HyperTile": lambda: {"network": (tiles(tile=8 * 32),)},
    "token merging": lambda: {"network": (TokenMerging(0.0),)},
    "deep shrink outside of its steps": lambda: {"network": (shrink(first=1.9, last=1.0),)},
    "deep shrink by 1": lambda: {"network": (shrink(factor=1.0, smaller="nearest-exact"),)},
    "PAG": lambda: {"after_guidance": (PerturbedAttentionGuidance(0.0),)},
    "SAG": lambda: sag(0.0),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_settings_that_change_nothing_leave_the_prediction_bit_by_bit(name):
    whole, x = made(), latent(32, 32, batch=2)
    assert torch.equal(guided(whole.with_tweak(name, **IDENTITIES[name]()), x), guided(whole, x))


# perturbed attention


def perturbed(network):
    """The same network, whose middle's self-attention gives each token its own value: written out anew."""
    network = copy.deepcopy(network)
    for block in network.middle_block[1].transformer_blocks:
        attn = block.attn1
        attn.forward = lambda x, context, which, spot, attn=attn: attn.to_out(attn.to_v(context))
    return network


@pytest.mark.parametrize("cfg", [1.0, CFG])
def test_perturbed_attention_guidance_leads_away_from_the_network_without_attention(cfg):
    whole, x = made(), latent(batch=2)
    changed = whole.with_tweak("PAG", after_guidance=(PerturbedAttentionGuidance(3.0),))
    cond, blind = alone(whole, x, 1), alone(model(perturbed(whole.network), SDXL), x, 1)
    assert relative(blind, cond) > 1e-3
    torch.testing.assert_close(
        guided(changed, x, cfg), guided(whole, x, cfg) + 3 * (cond - blind), rtol=1e-3, atol=1e-3
    )


def test_perturbed_attention_guidance_asks_about_each_place_that_the_prompts_are_for():
    whole, x = made(), latent(32, 32)
    sides = {"positive": [prompts(1), prompts(3, area=(16, 16, 4, 8))], "negative": [prompts(2)]}
    changed = whole.with_tweak("PAG", after_guidance=(PerturbedAttentionGuidance(3.0),))
    cond = guided(whole, x, 1.0, **sides)
    blind = guided(model(perturbed(whole.network), SDXL), x, 1.0, **sides)
    expected = guided(whole, x, **sides) + 3 * (cond - blind)
    torch.testing.assert_close(guided(changed, x, **sides), expected, rtol=1e-3, atol=1e-3)


# self-attention guidance


def test_attention_received_is_the_mean_of_the_columns_sums():
    q, k = torch.randn(2, 2, 12, 32, generator=torch.Generator().manual_seed(1)).unbind()
    split = [one.unflatten(-1, (4, 8)).transpose(1, 2) for one in (q, k)]
    weights = (split[0] @ split[1].mT / 8**0.5).softmax(-1)  # [B, heads, n, m]
    torch.testing.assert_close(attention_received(q, k, 4), weights.mean(1).sum(1))


def test_self_attention_guidance_blurs_what_the_middle_attends_to():
    whole, x = made(), latent(32, 32, batch=2)
    seen = {}

    def note(module, inputs, _output):
        seen["tokens"] = inputs[0]

    attn = whole.network.middle_block[1].transformer_blocks[0].attn1
    hook = attn.register_forward_hook(note)
    uncond = alone(whole, x, 2)
    hook.remove()
    tokens = seen["tokens"]  # [B, 64, channels]: 8 x 8 in the middle
    q, k = (one.unflatten(-1, (attn.heads, -1)).transpose(1, 2) for one in (attn.to_q(tokens), attn.to_k(tokens)))
    weights = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1)
    salient = (weights.mean(1).sum(1) > 1).float().reshape(2, 1, 8, 8)
    assert 0.05 < salient.mean() < 0.95
    mask = salient.repeat_interleave(4, 2).repeat_interleave(4, 3)
    bell = torch.exp(-(torch.arange(-4.0, 5) ** 2) / (2 * 2.0**2))
    bell = (bell[:, None] * bell) / bell.sum() ** 2
    blurred = F.conv2d(F.pad(uncond, (4, 4, 4, 4), mode="reflect"), bell.expand(4, 1, 9, 9), groups=4)
    degraded = blurred * mask + uncond * (1 - mask)
    answer = alone(whole, degraded + x - uncond, 2)
    for cfg in (1.0, CFG):
        found = guided(whole.with_tweak("SAG", **sag(0.75)), x, cfg)
        torch.testing.assert_close(found, guided(whole, x, cfg) + 0.75 * (degraded - answer), rtol=1e-3, atol=1e-3)


def test_self_attention_guidance_without_a_negative_prompt_for_the_whole_picture_changes_nothing():
    whole, x = made(), latent(32, 32)
    sides = {"positive": [prompts(1)], "negative": [prompts(2, area=(16, 16, 0, 0))]}
    found = guided(whole.with_tweak("SAG", **sag(0.75)), x, **sides)
    torch.testing.assert_close(found, guided(whole, x, **sides))


def test_guidances_that_ask_again_add_up():
    whole, x = made(), latent(32, 32)
    plain = guided(whole, x)
    one, other = (whole.with_tweak(name, **CHANGES[name]()) for name in ("PAG", "SAG"))
    both = one.with_tweak("SAG", **CHANGES["SAG"]())
    expected = plain + (guided(one, x) - plain) + (guided(other, x) - plain)
    torch.testing.assert_close(guided(both, x), expected, rtol=1e-3, atol=1e-3)


# FreeU


def test_freeu_scales_half_of_the_channels_and_the_lowest_frequencies_of_the_skip():
    x, skip = torch.randn(2, 2, 128, 6, 10, generator=torch.Generator().manual_seed(1)).unbind()
    made_x, made_skip = free_u(b1=1.5, s1=0.25, by_strength=False).before_output(x, skip, spot((6, 10), (24, 40)))
    torch.testing.assert_close(made_x, torch.cat([1.5 * x[:, :64], x[:, 64:]], 1))
    waves = torch.fft.fft2(skip)
    for row in (0, -1):
        for column in (0, -1):
            waves[..., row, column] *= 0.25
    torch.testing.assert_close(made_skip, torch.fft.ifft2(waves).real, rtol=1e-4, atol=1e-5)


def test_freeu_v2_scales_most_where_the_features_are_strongest():
    x = torch.randn(2, 64, 6, 10, generator=torch.Generator().manual_seed(1))
    made_x, _ = free_u(b2=1.5, s2=1.0).before_output(x, x, spot((6, 10), (24, 40)))
    for before, after in zip(x, made_x, strict=True):
        mean = before.mean(0)
        factor = 1 + 0.5 * (mean - mean.min()) / (mean.max() - mean.min())
        torch.testing.assert_close(after, torch.cat([before[:32] * factor, before[32:]]))


def test_freeu_works_at_the_widths_of_two_and_four_times_the_networks_own():
    seen = []

    class Noting(FreeU):
        def before_output(self, x, skip, spot):
            changed, quieter = super().before_output(x, skip, spot)
            seen.append((x.shape[1], not torch.equal(changed, x), not torch.equal(quieter, skip)))
            return changed, quieter

    guided(made().with_tweak("FreeU", network=(Noting(free_u().by_width, True),)), latent())
    assert {(width, True, True) for width in (128, 64)} | {(32, False, False)} == set(seen)


# deep shrink


def sizes_inside(change, size, config=SDXL, sigma=SIGMA):
    """The (height, width) of the features that leave each stage: input stages, the middle, output stages."""
    whole, seen = made(config), []
    network = whole.network
    hooks = [
        stage.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape[-2:])))
        for stage in (*network.input_blocks, network.middle_block, *network.output_blocks)
    ]
    found = guided(whole.with_tweak("shrink", network=(change,)), latent(*size), sigma=sigma)
    for hook in hooks:
        hook.remove()
    return seen, found


def test_deep_shrink_works_at_a_smaller_size_from_a_stage_on():
    seen, found = sizes_inside(shrink(stage=2), (36, 52))
    # stages: 32 x1 | down | attention | down | attention ; middle ; on the way up two at each level
    assert seen[:6] == [(36, 52), (36, 52), (18, 26), (9, 13), (5, 7), (5, 7)]
    assert seen[6] == (5, 7)
    assert seen[7:] == [(5, 7), (9, 13), (9, 13), (36, 52), (36, 52), (36, 52)]
    assert found.shape[-2:] == (36, 52)


def test_deep_shrink_may_shrink_what_passes_by_as_well():
    whole, x = made(), latent(32, 32)
    skips = {}
    for keeps in (True, False):

        class Noting(DeepShrink):
            def before_output(self, x, skip, spot):
                skips.setdefault(self.keeps_skip, []).append(skip.shape[-1])
                return super().before_output(x, skip, spot)

        change = Noting(*[getattr(shrink(keeps_skip=keeps), name) for name in DeepShrink.__dataclass_fields__])
        guided(whole.with_tweak("shrink", network=(change,)), x)
    assert skips == {True: [4, 4, 8, 16, 32, 32], False: [4, 4, 8, 8, 32, 32]}


def test_deep_shrink_holds_between_two_noise_levels():
    change = shrink(first=3.0, last=2.0)
    assert sizes_inside(change, (32, 32), sigma=3.0)[0][6] == (4, 4)
    assert sizes_inside(change, (32, 32), sigma=2.0)[0][6] == (4, 4)
    assert sizes_inside(change, (32, 32), sigma=3.1)[0][6] == (8, 8)
    assert sizes_inside(change, (32, 32), sigma=1.9)[0][6] == (8, 8)


def test_what_a_controlnet_made_for_another_size_is_left_out():
    network, x = made().network, latent(32, 32)
    arguments = (x, torch.tensor([500.0]), prompts(1)[0], torch.zeros(1, SDXL.adm_channels))
    channels = [(32, 32), (32, 32), (32, 16), (64, 16), (64, 8), (128, 8)]
    generator = torch.Generator().manual_seed(1)
    skips = [torch.randn(1, width, side, side, generator=generator) for width, side in channels]
    middle = torch.randn(1, 128, 8, 8, generator=generator)
    call = NetworkCall((shrink(stage=2),), SIGMA, (32, 32), (0,))
    found = network(*arguments, control=Residuals(skips, middle), call=call)
    # from the third on the features are smaller than the ControlNet's
    torch.testing.assert_close(found, network(*arguments, control=Residuals([*skips[:3], None, None, None]), call=call))
    assert relative(found, network(*arguments, call=call)) > 1e-3


def test_patches_after_deep_shrink_see_the_size_that_the_features_have():
    seen = set()

    class Noting(HyperTile):
        def around(self, which, tokens, spot, rest):
            assert tokens.q.shape[1] == spot.size[0] * spot.size[1]
            seen.add((spot.part, spot.number, spot.size))
            return rest(tokens)

    network = (shrink(stage=2), Noting(64, 2, 2, False))
    guided(made().with_tweak("both", network=network), latent(32, 32))
    assert {("output", 0, (4, 4)), ("output", 1, (4, 4)), ("output", 2, (8, 8)), ("output", 3, (16, 16))} <= seen


# several together


def test_patches_of_different_kinds_work_together():
    whole, x = made(), latent(32, 48)
    together = whole.with_tweak("FreeU", network=(free_u(),)).with_tweak("HyperTile", network=(tiles(),))
    together = together.with_tweak("PAG", after_guidance=(PerturbedAttentionGuidance(3.0),))
    found = guided(together, x)
    for name in ("FreeU V2", "HyperTile", "PAG"):
        assert relative(found, guided(whole.with_tweak(name, **CHANGES[name]()), x)) > 1e-3
    both = whole.with_tweak("two", network=(free_u(), tiles()))
    blind_network = model(perturbed(whole.network), SDXL)
    blind = alone(blind_network.with_tweak("two", network=(free_u(), tiles())), x, 1)
    expected = guided(both, x) + 3 * (alone(both, x, 1) - blind)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_tiles_and_merging_leave_each_other_alone():
    """Merged tokens are no map that could be cut, a tile is none that could be merged: the first one given works."""
    whole, x = made(SD15), latent(16, 16)
    tiled, merged = tiles(deepest=0), TokenMerging(0.4)
    both = guided(whole.with_tweak("both", network=(tiled, merged)), x)
    torch.testing.assert_close(both, guided(whole.with_tweak("one", network=(tiled,)), x))
    both = guided(whole.with_tweak("both", network=(merged, tiled)), x)
    torch.testing.assert_close(both, guided(whole.with_tweak("one", network=(merged,)), x))


def test_patches_of_one_prompt_leave_the_other_sides_alone():
    whole, x = made(), latent(32, 32)
    wanted, unwanted = prepare(whole, [prompts(1)], [prompts(2)], (32, 32))
    wanted = [replace(one, network_patches=(free_u(),)) for one in wanted]
    found = guidance(whole, (wanted, unwanted), CFG)(x, SIGMA)
    cond, uncond = alone(whole.with_tweak("FreeU", network=(free_u(),)), x, 1), alone(whole, x, 2)
    torch.testing.assert_close(found, uncond + CFG * (cond - uncond), rtol=1e-3, atol=1e-3)


def test_a_network_knows_which_side_it_is_asked_about():
    seen = []

    class Noting(HyperTile):
        def around(self, which, tokens, spot, rest):
            seen.append(spot.call.sides)
            return rest(tokens)

    whole = made().with_tweak(
        "note", network=(Noting(64, 2, 2, False),), after_guidance=(PerturbedAttentionGuidance(1),)
    )
    guided(whole, latent())
    assert set(seen) == {(0, 1), (0,)}
    seen.clear()
    guided(made().with_tweak("note", network=(Noting(64, 2, 2, False),)).with_tweak("SAG", **sag(1.0)), latent())
    assert set(seen) == {(0, 1), (1,)}


def test_the_documentations_example_works():
    text = (Path(__file__).parents[2] / "docs" / "model-patches.md").read_text("utf-8")
    names: dict[str, type] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)
    whole, x = made(), latent()
    quiet = whole.with_tweak("quiet", network=(names["QuietMiddle"](),))
    away = guided(whole.with_tweak("away", after_guidance=(names["Away"](),)), x)
    expected = guided(whole, x) + 2 * (alone(whole, x, 1) - alone(quiet, x, 1))
    assert relative(away, guided(whole, x)) > 1e-3
    torch.testing.assert_close(away, expected, rtol=1e-3, atol=1e-3)
