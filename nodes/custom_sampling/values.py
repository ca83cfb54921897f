"""What travels between the nodes of custom sampling: noise, noise levels, samplers and guiders."""

from typing import Annotated, Protocol

import torch

from execution.fields import Help, Range, Socket
from models.sampling import guiders
from models.sampling import samplers as methods
from nodes.types import LatentValue


class NoiseValue(Protocol):
    """Makes the noise of a run. Other programs' nodes know it by these two names."""

    @property
    def seed(self) -> int:
        """What the noise that samplers add on the way is seeded with."""
        ...

    def generate_noise(self, input_latent: LatentValue) -> torch.Tensor:
        """Noise of unit variance for latents, of their shape."""
        ...


Noise = Annotated[NoiseValue, Socket("NOISE")]
Sigmas = Annotated[torch.Tensor, Socket("SIGMAS")]  # float32 [steps + 1], noise over signal, usually falling to 0
Sampler = Annotated[methods.Sampler, Socket("SAMPLER")]
Guider = Annotated[guiders.Guider, Socket("GUIDER")]

Level = Annotated[float, Range(0, 5000, step=0.01, round=False)]
Highest = Annotated[Level, Help("The noise level to begin with; SD and SDXL were trained up to 14.614642.")]
Least = Annotated[Level, Help("The last noise level before 0; 0.0291675 is the least of SD's and SDXL's training.")]
Eta = Annotated[float, Range(0, 100, step=0.01, round=False), Help("How much fresh noise each step adds; 0: none.")]
NoiseFactor = Annotated[
    float, Range(0, 100, step=0.01, round=False), Help("Multiplies the fresh noise; a little over 1 adds detail.")
]
EditedSigmas = Annotated[Sigmas, Help("The noise levels to change.")]
