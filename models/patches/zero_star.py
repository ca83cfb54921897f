"""CFG-Zero*: the negative prediction, scaled to fit the positive one as well as may be before both are compared.

Fan et al., "CFG-Zero*: Improved Classifier-Free Guidance for Flow Matching Models" (arXiv 2503.18886), equation 5.
"""

from __future__ import annotations

from torch import Tensor

from models.patches.numbers import dot
from models.sampling.tweaks import Guided

TINY = 1e-8  # keeps a prediction of no noise from being divided by


def fitted_guidance(state: Guided) -> Tensor:
    """Return the guided clean latent anew; a change of `Tweaks.after_guidance`.

    The fit s = <p, n> / |n|^2 is that of the noises p and n; it then scales the negative clean latent.
    """
    if not state.both:
        return state.denoised
    positive, negative = state.x - state.cond, state.x - state.uncond
    fit = dot(positive, negative) / (dot(negative, negative) + TINY)
    return state.denoised + (state.cfg - 1) * (1 - fit) * state.uncond
