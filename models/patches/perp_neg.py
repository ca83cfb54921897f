"""Perp-Neg: negative prompts that take away only what is not part of the positive ones.

Armandpour et al., "Re-imagine the Negative Prompt Algorithm" (arXiv 2304.04968): the negative prompts' direction,
seen from an empty prompt, is made perpendicular to the positive ones' direction before it is taken away.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.patches.numbers import dot
from models.sampling.tweaks import FurtherPrompts, Guided

TINY = 1e-24  # keeps positive prompts that say nothing from being divided by


def perpendicular_guidance(cond: Tensor, uncond: Tensor, empty: Tensor, scale: float, cfg: float) -> Tensor:
    """Return the guided prediction from those for the positive, the negative and the empty prompt, [B, C, h, w].

    `scale` is how strongly negative prompts count.
    """
    positive, negative = cond - empty, uncond - empty
    perpendicular = negative - positive * (dot(negative, positive) / dot(positive, positive).clamp(min=TINY))
    return empty + cfg * (positive - scale * perpendicular)


@dataclass(frozen=True, eq=False)
class PerpendicularNegative:
    """A `Tweaks.guidance`, which asks about an empty prompt besides."""

    empty: FurtherPrompts
    scale: float

    def __call__(self, state: Guided) -> Tensor:
        """Return the guided clean latent. Where the negative prompts are not asked they say what the empty one does."""
        empty = state.ask(state.x, self.empty)
        uncond = state.uncond if state.both else empty
        return perpendicular_guidance(state.cond, uncond, empty, self.scale, state.cfg)
