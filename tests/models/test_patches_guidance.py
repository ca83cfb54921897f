"""Changes of guidance, held against plain arithmetic on the answers of a network that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from models.patches import operations
from models.patches.epsilon import ScaledNoise
from models.patches.fresca import FrequencyScaledGuidance
from models.patches.mahiro import similarity_guidance
from models.patches.norm_limit import LimitedGuidance
from models.patches.perp_neg import PerpendicularNegative
from models.patches.projected import ProjectedGuidance
from models.patches.rescale import RescaledGuidance
from models.patches.tangential import damp_tangential
from models.patches.zero_star import fitted_guidance
from models.sampling.guiders import CfgGuider
from models.sampling.run_start import RunStart
from models.sampling.tweaks import FurtherPrompts
from tests.models.test_guidance import latent, model, prompt

SIGMA, CFG = 2.0, 7.0
POSITIVE, NEGATIVE, EMPTY = 3, 1, 0
SIDE = 16
PATTERNS = torch.randn(4, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(8))


class Patterned(nn.Module):
    """Predicts as noise the pattern that the prompt numbers, and a little of the latent; counts its questions."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def forward(self, x, timesteps, context, y=None, call=None):
        self.asked += len(x)
        return PATTERNS[context[:, 0, 0].long()] + 0.3 * x


def predicted(x, number, sigma=SIGMA):
    """The clean latent that follows, as numpy's float64."""
    return (x - sigma * (PATTERNS[number] + 0.3 * x / math.sqrt(1 + sigma**2))).double().numpy()


def guided(made, x, cfg=CFG, sigmas=(SIGMA,), pair=False):
    """The last of the guided predictions at some noise levels of one run."""
    start = RunStart(x, x, None, torch.tensor([*sigmas, 0.0]), 0)
    denoiser = CfgGuider(made, [prompt(POSITIVE)], [prompt(NEGATIVE)], cfg).denoiser(start)
    for sigma in sigmas:
        answer = denoiser.pair(x, sigma) if pair else denoiser(x, sigma)
    return answer


def patched(**changes):
    return model(Patterned()).with_tweak("test", **changes)


def plain(x, cfg=CFG):
    cond, uncond = predicted(x, POSITIVE), predicted(x, NEGATIVE)
    return uncond + cfg * (cond - uncond)


def each(formula, x, cfg=CFG, sigma=SIGMA):
    """A formula of (x, cond, uncond, cfg, sigma), computed for one latent at a time."""
    made = []
    for one in x:
        cond, uncond = predicted(one, POSITIVE, sigma), predicted(one, NEGATIVE, sigma)
        made.append(formula(one.double().numpy(), cond, uncond, cfg, sigma))
    return torch.from_numpy(np.stack(made)).float()


def rescaled(share):
    def formula(x, cond, uncond, cfg, sigma):
        # v = alpha * noise - s * clean in units where the latent has variance one (Salimans & Ho)
        alpha, s = 1 / math.sqrt(1 + sigma**2), sigma / math.sqrt(1 + sigma**2)
        positive, negative = (alpha * (x - clean) / sigma - s * clean for clean in (cond, uncond))
        v = negative + cfg * (positive - negative)
        v = share * v * (positive.std(ddof=1) / v.std(ddof=1)) + (1 - share) * v
        return alpha * (alpha * x) - s * v  # back: clean = alpha * z - s * v, z = alpha * x

    return formula


def mahiro(x, cond, uncond, cfg, sigma):
    usual, leap = uncond + cfg * (cond - uncond), cond * cfg
    one, other = (np.sign(v) * np.abs(v) ** 0.5 for v in (uncond * cfg, (leap + usual) / 2))
    cosine = (one * other).sum(0) / np.sqrt((one**2).sum(0)) / np.sqrt((other**2).sum(0))
    share = (cosine.mean() + 1) * 2
    return (share * usual + (4 - share) * leap) / 4


def zero_star(x, cond, uncond, cfg, sigma):
    positive, negative = x - cond, x - uncond
    fit = (positive * negative).sum() / (negative**2).sum()
    return uncond * fit + cfg * (cond - uncond * fit)


def tangential(x, cond, uncond, cfg, sigma):
    rows = np.stack([(x - uncond).ravel(), (x - cond).ravel()])
    first = np.linalg.svd(rows, full_matrices=False)[2][0]
    damped = x - (rows[0] @ first * first).reshape(x.shape)
    return damped + cfg * (cond - damped)


def norm(strength):
    def formula(x, cond, uncond, cfg, sigma):
        usual = uncond + cfg * (cond - uncond)
        ratio = np.sqrt((cond**2).sum(0)) / np.sqrt((usual**2).sum(0))
        return usual * np.minimum(ratio, 1) * strength

    return formula


def projected(eta, longest):
    def formula(x, cond, uncond, cfg, sigma):
        step = cond - uncond
        size = np.sqrt((step**2).sum())
        short = step * min(1, longest / size) if longest else step
        unit = cond / np.sqrt((cond**2).sum())
        along = (short * unit).sum() * unit
        return cond + cfg * (short - along + eta * along)

    return formula


def fresca(low, high, cutoff):
    def formula(x, cond, uncond, cfg, sigma):
        def frequencies(n):
            return np.rint(np.fft.fftfreq(n) * n)

        waves = np.fft.fft2(cond - uncond)
        is_low = [(-cutoff <= f) & (f < cutoff) for f in map(frequencies, waves.shape[-2:])]
        scale = np.where(is_low[0][:, None] & is_low[1], low, high)
        return uncond + cfg * np.fft.ifft2(waves * scale).real

    return formula


FORMULAS = {
    "RescaleCFG": ({"guidance": RescaledGuidance(0.7)}, rescaled(0.7)),
    "RescaleCFG entirely": ({"guidance": RescaledGuidance(1.0)}, rescaled(1.0)),
    "Mahiro": ({"after_guidance": (similarity_guidance,)}, mahiro),
    "CFGZeroStar": ({"after_guidance": (fitted_guidance,)}, zero_star),
    "TCFG": ({"before_guidance": (damp_tangential,)}, tangential),
    "CFGNorm": ({"after_guidance": (LimitedGuidance(0.9),)}, norm(0.9)),
    "APG": ({"before_guidance": (ProjectedGuidance(0.25, 5.0, 0.0),)}, projected(0.25, 5.0)),
    "APG unlimited": ({"before_guidance": (ProjectedGuidance(-1.0, 0.0, 0.0),)}, projected(-1.0, 0.0)),
    "FreSca": ({"before_guidance": (FrequencyScaledGuidance(0.5, 1.5, 3),)}, fresca(0.5, 1.5, 3)),
    "Epsilon Scaling": (
        {"after_guidance": (ScaledNoise(1.25),)},
        lambda x, cond, uncond, cfg, sigma: x - (x - (uncond + cfg * (cond - uncond))) / 1.25,
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_guidance_follows_its_formula_for_each_latent_of_a_batch(name):
    changes, formula = FORMULAS[name]
    x = latent(batch=3)
    found = guided(patched(**changes), x)
    torch.testing.assert_close(found, each(formula, x), rtol=1e-4, atol=1e-4)
    assert (found - torch.from_numpy(plain(x))).abs().max() > 1e-2  # it does change something


@pytest.mark.parametrize("name", FORMULAS)
def test_a_latent_does_not_depend_on_those_it_shares_a_batch_with(name):
    changes, _ = FORMULAS[name]
    x = latent(batch=3)
    torch.testing.assert_close(
        guided(patched(**changes), x)[1:2], guided(patched(**changes), x[1:2]), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", [name for name in FORMULAS if name not in ("Epsilon Scaling", "CFGNorm")])
def test_at_a_scale_of_one_there_is_no_guidance_to_change_and_nothing_more_is_asked(name):
    made = patched(**FORMULAS[name][0])
    x = latent()
    found = guided(made, x, cfg=1.0)
    torch.testing.assert_close(found, torch.from_numpy(predicted(x, POSITIVE)).float(), rtol=1e-4, atol=1e-4)
    assert made.network.asked == 1


IDENTITIES = {
    "FreSca": {"before_guidance": (FrequencyScaledGuidance(1.0, 1.0, 3),)},
    "Epsilon Scaling": {"after_guidance": (ScaledNoise(1.0),)},
    "sharpening by 0": {"before_guidance": (operations.OperatedGuidance(operations.Sharpen(3, 1.0, 0.0)),)},
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_settings_that_change_nothing_leave_the_prediction(name):
    x = latent(batch=2)
    torch.testing.assert_close(guided(patched(**IDENTITIES[name]), x), guided(patched(), x), rtol=1e-5, atol=1e-5)


def test_rescaling_by_nothing_is_plain_guidance():
    x = latent(batch=2)
    torch.testing.assert_close(guided(patched(guidance=RescaledGuidance(0.0)), x), guided(patched(), x))


def test_momentum_counts_earlier_steps_of_the_run_and_is_forgotten_when_the_noise_rises():
    change = ProjectedGuidance(1.0, 0.0, -0.5)
    made, x = patched(before_guidance=(change,)), latent()

    def step(sigma):
        return predicted(x[0], POSITIVE, sigma) - predicted(x[0], NEGATIVE, sigma)

    def expected(difference, sigma):
        return torch.from_numpy(predicted(x[0], POSITIVE, sigma) + CFG * difference).float()[None]

    torch.testing.assert_close(guided(made, x, sigmas=(4.0,)), expected(step(4.0), 4.0), rtol=1e-4, atol=1e-4)
    second = step(2.0) - 0.5 * step(4.0)
    torch.testing.assert_close(guided(made, x, sigmas=(4.0, 2.0)), expected(second, 2.0), rtol=1e-4, atol=1e-4)
    third = step(1.0) - 0.5 * second
    torch.testing.assert_close(guided(made, x, sigmas=(4.0, 2.0, 1.0)), expected(third, 1.0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(guided(made, x, sigmas=(4.0, 2.0, 3.0)), expected(step(3.0), 3.0), rtol=1e-4, atol=1e-4)
    # another run of the same handle begins anew
    torch.testing.assert_close(guided(made, x, sigmas=(2.0,)), expected(step(2.0), 2.0), rtol=1e-4, atol=1e-4)


def test_perp_neg_takes_away_only_what_is_perpendicular():
    empty = FurtherPrompts([prompt(EMPTY)])
    made = patched(prompts=(empty,), guidance=PerpendicularNegative(empty, 0.8))
    x = latent(batch=2)

    def formula(one, cond, uncond, cfg, sigma):
        nothing = predicted(torch.from_numpy(one).float(), EMPTY)
        positive, negative = cond - nothing, uncond - nothing
        across = negative - (negative * positive).sum() / (positive**2).sum() * positive
        assert abs((across * positive).sum()) < 1e-6 * (positive**2).sum()
        return nothing + cfg * (positive - 0.8 * across)

    torch.testing.assert_close(guided(made, x), each(formula, x), rtol=1e-4, atol=1e-4)
    assert made.network.asked == 2 * 3  # positive, negative and empty, of two latents each


def test_of_two_formulas_the_last_one_given_holds_and_changes_add_up():
    x = latent()
    made = patched(guidance=RescaledGuidance(1.0)).with_tweak("then", guidance=RescaledGuidance(0.7))
    torch.testing.assert_close(guided(made, x), each(rescaled(0.7), x), rtol=1e-4, atol=1e-4)
    both = patched(guidance=RescaledGuidance(0.7), after_guidance=(ScaledNoise(1.25),))
    torch.testing.assert_close(guided(both, x), x - (x - each(rescaled(0.7), x)) / 1.25, rtol=1e-4, atol=1e-4)
    twice = patched(after_guidance=(ScaledNoise(1.25),)).with_tweak("again", after_guidance=(ScaledNoise(1.25),))
    expected = x - (x - torch.from_numpy(plain(x)).float()) / 1.25**2
    torch.testing.assert_close(guided(twice, x), expected, rtol=1e-4, atol=1e-4)
    assert twice.tweaks.names == ("test", "again")


def test_the_pair_keeps_the_negative_prediction_beside_the_changed_one():
    x = latent()
    answer = guided(patched(after_guidance=(ScaledNoise(1.25),)), x, pair=True)
    torch.testing.assert_close(answer.uncond, torch.from_numpy(predicted(x, NEGATIVE)).float())


def test_tone_mapping_follows_reinhard_and_keeps_directions():
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(2)) * torch.linspace(0.1, 5, 8)
    made = operations.ReinhardToneMap(0.5)(latent=x)
    for before, after in zip(x.double().numpy(), made.double().numpy(), strict=True):
        length = np.sqrt((before**2).sum(0))
        top = 0.5 * (length.mean() + 5 * length.std(ddof=1))
        np.testing.assert_allclose(np.sqrt((after**2).sum(0)), top * (length / top) / (1 + length / top), rtol=1e-4)
        cosine = (before * after).sum(0) / length / np.sqrt((after**2).sum(0))
        np.testing.assert_allclose(cosine, 1, rtol=1e-5)
    assert x.std() > made.std()


def test_sharpening_adds_the_difference_to_a_blurred_copy():
    x = torch.randn(1, 4, 9, 7, generator=torch.Generator().manual_seed(2))
    made = operations.Sharpen(2, 0.8, 0.05)(latent=x)[0].double().numpy()
    length = np.sqrt((x[0].double().numpy() ** 2).sum(0))
    units = x[0].double().numpy() / length
    places = np.linspace(-1, 1, 5)
    bell = np.exp(-(places[:, None] ** 2 + places**2) / (2 * 0.8**2))
    bell /= bell.sum()
    around = np.pad(units, ((0, 0), (2, 2), (2, 2)), mode="reflect")
    blurred = np.stack(
        [[[(around[c, i : i + 5, j : j + 5] * bell).sum() for j in range(7)] for i in range(9)] for c in range(4)]
    )
    np.testing.assert_allclose(made, length * (units + 0.5 * (units - blurred)), rtol=1e-4, atol=1e-4)


def test_sharpening_reaches_further_than_a_small_latent():
    x = torch.randn(1, 4, 4, 1, generator=torch.Generator().manual_seed(2))
    assert torch.isfinite(operations.Sharpen(9, 1.0, 0.1)(latent=x)).all()
    flat = torch.ones(1, 4, 4, 6)
    torch.testing.assert_close(operations.Sharpen(9, 1.0, 0.1)(latent=flat), flat)


def test_operations_work_on_the_difference_or_at_scale_one_on_the_prediction():
    x = latent()
    halve = operations.OperatedGuidance(lambda *, latent: latent / 2)
    cond, uncond = (torch.from_numpy(predicted(x, number)).float() for number in (POSITIVE, NEGATIVE))
    torch.testing.assert_close(guided(patched(before_guidance=(halve,)), x), uncond + CFG * (cond - uncond) / 2)
    torch.testing.assert_close(guided(patched(before_guidance=(halve,)), x, cfg=1.0), cond / 2)
