"""Guiders' formulas, through a network that answers with its prompt (`test_guidance.Echo`)."""

import pytest
import torch

from models.sampling.guiders import CfgGuider, DualCfgGuider, PerpNegGuider
from models.sampling.run_start import RunStart
from tests.models.test_guidance import CONFIG, Echo, latent, model, prompt

SIGMA = 2.0


class Pattern(Echo):
    """Predicts as noise the first values of the prompt's first token, one for each channel."""

    def forward(self, x, timesteps, context, y=None):
        self.calls.append((x, timesteps, context, y))
        return context[:, 0, :4, None, None].expand_as(x)


def start(x):
    return RunStart(torch.zeros_like(x), torch.zeros_like(x), None, torch.tensor([14.6, 0.0]), 0)


def noise_of(guider, x, *, pair=False):
    denoiser = guider.denoiser(start(x))
    predictions = denoiser.pair(x, SIGMA) if pair else (denoiser(x, SIGMA),)
    return [(x - one) / SIGMA for one in predictions]


def full(x, value):
    return torch.full_like(x, float(value))


def dual(made, style="regular", upper=2.0, lower=5.0):
    return DualCfgGuider(made, [prompt(7)], [prompt(3)], [prompt(1)], upper, lower, style)


def test_regular_dual_guidance():
    x = latent()
    (noise,) = noise_of(dual(model()), x)
    torch.testing.assert_close(noise, full(x, 1 + (3 - 1) * 5 + (7 - 3) * 2))


def test_nested_dual_guidance():
    x = latent()
    (noise,) = noise_of(dual(model(), "nested"), x)
    upper = 3 + (7 - 3) * 2
    torch.testing.assert_close(noise, full(x, 1 + (upper - 1) * 5))


def test_what_cfg_pp_takes_for_unconditional():
    x = latent()
    torch.testing.assert_close(noise_of(dual(model()), x, pair=True)[1], full(x, 1))
    torch.testing.assert_close(noise_of(dual(model(), "nested"), x, pair=True)[1], full(x, 3))
    perp = PerpNegGuider(model(), [prompt(7)], [prompt(3)], [prompt(1)], 2.0, 1.0)
    torch.testing.assert_close(noise_of(perp, x, pair=True)[1], full(x, 3))


@pytest.mark.parametrize("upper, lower, asked", [(1.0, 1.0, [7]), (2.0, 1.0, [7, 3]), (1.0, 2.0, [7, 1, 3])])
def test_dual_guidance_asks_only_the_prompts_that_count(upper, lower, asked):
    made, x = model(), latent()
    (noise,) = noise_of(dual(made, upper=upper, lower=lower), x)
    torch.testing.assert_close(noise, full(x, 1 + (3 - 1) * lower + (7 - 3) * upper))
    assert [value for call in made.network.calls for value in call[2][:, 0, 0].tolist()] == asked


def vector(*values):
    context = torch.zeros(1, 77, CONFIG.context_dim)
    context[..., :4] = torch.tensor(values)
    return [context, {"pooled_output": torch.zeros(1, 16)}]


def test_perp_neg_against_plain_arithmetic():
    x = latent(batch=2)
    positive, negative, empty = ((1.0, 2.0, 0.0, -1.0), (0.0, 3.0, 1.0, 1.0), (0.5, 0.0, 0.0, 0.0))
    cfg, scale = 4.0, 0.7
    guider = PerpNegGuider(model(Pattern()), [vector(*positive)], [vector(*negative)], [vector(*empty)], cfg, scale)
    (noise,) = noise_of(guider, x)
    wanted = [p - e for p, e in zip(positive, empty, strict=True)]
    unwanted = [n - e for n, e in zip(negative, empty, strict=True)]
    along = sum(w * u for w, u in zip(wanted, unwanted, strict=True)) / sum(w * w for w in wanted)
    expected = [e + cfg * (w - scale * (u - along * w)) for e, w, u in zip(empty, wanted, unwanted, strict=True)]
    torch.testing.assert_close(noise, torch.tensor(expected).view(1, 4, 1, 1).expand_as(x), rtol=1e-4, atol=1e-4)


def test_perp_neg_of_a_positive_prompt_that_says_nothing_is_finite():
    x = latent()
    (noise,) = noise_of(PerpNegGuider(model(), [prompt(1)], [prompt(3)], [prompt(1)], 4.0, 1.0), x)
    torch.testing.assert_close(noise, full(x, 1 + 4 * -(3 - 1)))


def test_changes_after_guidance_hold_for_all_guiders():
    x = latent()
    made = model().with_tweak("halve", after_guidance=(lambda state: state.x - (state.x - state.denoised) / 2,))
    for guider, whole in (
        (CfgGuider(made, [prompt(3)], [prompt(1)], 7.0), 1 + 7 * 2),
        (DualCfgGuider(made, [prompt(3)], [prompt(1)], [prompt(1)], 7.0, 2.0, "nested"), None),
        (PerpNegGuider(made, [prompt(3)], [prompt(1)], [prompt(1)], 7.0, 1.0), 1 + 7 * 2),
    ):
        (noise,) = noise_of(guider, x)
        expected = whole / 2 if whole else 1 + ((1 + 7 * 2) / 2 - 1) * 2
        torch.testing.assert_close(noise, full(x, expected))
