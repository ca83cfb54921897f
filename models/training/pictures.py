"""Pictures from captions by training's own short path, to judge a network before any file or node exists."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from models.sdxl.unet import UNet
from models.sdxl.vae import AutoencoderKL
from models.training.captions import plain_prompt
from models.training.conditioning import base_vector, refiner_vector
from models.training.diffusion import euler, euler_sigmas
from models.training.judge import look
from models.training.scenes import COLOURS, NATIVE_SIZE, Framing
from models.training.shapes import SHAPES
from models.training.text_encoders import TextEncoders
from models.training.vae_stage import LATENT_SCALE


def judged_prompts(count: int) -> list[tuple[str, str, str]]:
    """`count` triples (colour, shape, background): shapes and colours in turn, all different for up to 336."""
    pairs = list(itertools.permutations(COLOURS, 2))
    chosen = [(pairs[(index * 17) % len(pairs)], SHAPES[index % len(SHAPES)]) for index in range(count)]
    return [(colour, shape, background) for (colour, background), shape in chosen]


class Painter:
    """Networks that together make pictures."""

    def __init__(self, vae: AutoencoderKL, encoders: TextEncoders) -> None:
        self.vae, self.encoders = vae, encoders

    def _guided(
        self, network: UNet, captions: Sequence[str], framing: Framing, guidance: float, refiner: bool
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """A noise predictor with classifier-free guidance against the empty caption (arXiv 2207.12598)."""
        count = len(captions)
        encoded = self.encoders([*captions, *[""] * count])
        framings = [framing] * (2 * count)
        if refiner:
            context = encoded.context_g
            vector = refiner_vector(encoded.pooled, framings, [6.0] * count + [2.5] * count)
        else:
            context = torch.cat([encoded.context_l, encoded.context_g], dim=-1)
            vector = base_vector(encoded.pooled, framings)

        def predict(x: Tensor, timesteps: Tensor) -> Tensor:
            both = network(torch.cat([x, x]), torch.cat([timesteps, timesteps]).float(), context, vector)
            wanted, empty = both.chunk(2)
            return empty + guidance * (wanted - empty)

        return predict

    @torch.inference_mode()
    def paint(
        self,
        base: UNet,
        captions: Sequence[str],
        seed: int = 0,
        steps: int = 20,
        guidance: float = 4.5,
        refiner: UNet | None = None,
        handover: float = 0.8,
        framing: Framing | None = None,
    ) -> Tensor:
        """Pictures `[B, 3, 128, 128]` in 0..1; with a `refiner`, it takes the steps after `handover` of them."""
        framing = framing or Framing()
        side = NATIVE_SIZE // 8
        noise = torch.randn(len(captions), 4, side, side, generator=torch.Generator().manual_seed(seed))
        sigmas = euler_sigmas(steps)
        cut = len(sigmas) - 1 if refiner is None else round(steps * handover)
        state = noise * (sigmas[0].square() + 1).sqrt()
        state = euler(self._guided(base, captions, framing, guidance, False), state, sigmas[: cut + 1])
        if refiner is not None:
            state = euler(self._guided(refiner, captions, framing, guidance, True), state, sigmas[cut:])
        return ((self.vae.decode(state / LATENT_SCALE) + 1) / 2).clamp(0, 1)

    def score(self, base: UNet, count: int = 48, guidance: float = 4.5) -> tuple[str, Tensor]:
        """A line of how many plain prompts came out right, and their pictures."""
        triples = judged_prompts(count)
        pictures = self.paint(base, [plain_prompt(*triple) for triple in triples], guidance=guidance)
        verdicts = [look(picture) for picture in pictures]
        pairs = list(zip(triples, verdicts, strict=True))
        colours = sum(v.colour == colour and v.background == ground for (colour, _, ground), v in pairs)
        shapes = sum(v.shape == shape for (_, shape, _), v in pairs)
        return f"both colours {colours / count:.0%}, shape {shapes / count:.0%} of {count}", pictures
