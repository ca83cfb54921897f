"""Self-attention guidance: away from a prediction whose salient places were blurred.

Hong et al., "Improving Sample Quality of Diffusion Models Using Self-Attention Guidance" (arXiv 2210.00939). What the
network's middle attends to most is blurred in the prediction for the negative prompts; the network is asked what it
makes of that, and guidance leads away from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from models.attention import attention_received
from models.patches.blur import gaussian_blur
from models.sampling.tweaks import Guided
from models.sdxl.network_patches import QKV, Attention, NetworkPatch, Spot

NEGATIVE = 1  # the side whose attention is looked at
SALIENT = 1.0  # of attention received: what each token would get if all got the same
KERNEL = 9  # latent values, the sides of the blur
SMALLEST = 4  # latents this small have nothing to blur


@dataclass(frozen=True, eq=False)
class SelfAttentionGuidance(NetworkPatch):
    """Both a patch, which notes where the network looks, and a change of `Tweaks.after_guidance`.

    Each step asks the network once more.
    """

    scale: float
    blur: float  # sigma, in latent values

    def attend(self, which: Attention, projected: QKV, heads: int, spot: Spot) -> Tensor | None:
        """Note what is salient for the negative prompts in the middle's first self-attention; change nothing."""
        call = spot.call
        if which == "self" and (spot.part, spot.depth) == ("middle", 0) and NEGATIVE in call.sides:
            sides = len(call.sides)
            place = call.sides.index(NEGATIVE)
            received = attention_received(projected.q.chunk(sides)[place], projected.k.chunk(sides)[place], heads)
            if received.shape[1] == spot.size[0] * spot.size[1]:
                call.notes[self] = call.size, (received > SALIENT).unflatten(1, spot.size)[:, None]
        return None

    def __call__(self, state: Guided) -> Tensor:
        """Return the guided clean latent anew."""
        size = (state.x.shape[-2], state.x.shape[-1])
        seen, salient = state.notes.pop(self, (None, None))
        if not self.scale or min(size) <= SMALLEST or seen != size:
            return state.denoised
        mask = F.interpolate(salient.to(state.x.dtype), size, mode="nearest")
        blurred = gaussian_blur(state.uncond, KERNEL, self.blur)
        degraded = state.uncond + (blurred - state.uncond) * mask
        predicted = state.ask(degraded + state.x - state.uncond, NEGATIVE)
        state.notes.pop(self, None)  # the question's own
        return state.denoised + (degraded - predicted) * self.scale
