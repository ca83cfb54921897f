"""Where the noise of a run comes from."""

from dataclasses import dataclass
from typing import Annotated

import torch

from execution.fields import Help
from execution.node import node
from models.sampling.sample import noised
from nodes.custom_sampling.values import Noise, Sigmas
from nodes.latent import with_samples
from nodes.sampling import NoiseSeed, noise_for, samples_for
from nodes.types import Latent, LatentValue, Model


@dataclass(frozen=True)
class SeededNoise:
    """Noise by a seed; a latent taken out of a batch keeps the noise that it had there."""

    seed: int

    def generate_noise(self, input_latent: LatentValue) -> torch.Tensor:
        """See `NoiseValue`."""
        return noise_for(input_latent, self.seed)


@dataclass(frozen=True)
class NoNoise:
    """For latents that hold their noise already."""

    seed: int = 0

    def generate_noise(self, input_latent: LatentValue) -> torch.Tensor:
        """See `NoiseValue`."""
        return torch.zeros(input_latent["samples"].shape)


@node("RandomNoise", category="sampling/custom_sampling/noise", display_name="RandomNoise")
def random_noise(*, noise_seed: NoiseSeed = 0) -> Noise:
    """Noise by a seed: the same number gives the same picture."""
    return SeededNoise(noise_seed)


@node("DisableNoise", category="sampling/custom_sampling/noise", display_name="DisableNoise")
def disable_noise() -> Noise:
    """No noise: for latents that hold theirs already, left by an earlier sampler."""
    return NoNoise()


@node("AddNoise", category="_for_testing/custom_sampling/noise", display_name="AddNoise")
def add_noise(
    *,
    model: Annotated[Model, Help("The model that will remove the noise: it decides how much a noise level is.")],
    noise: Annotated[Noise, Help("The noise to add.")],
    sigmas: Annotated[
        Sigmas, Help("As much noise is added as there is between the first and the last of these levels.")
    ],
    latent_image: Annotated[Latent, Help("The latents to add it to.")],
) -> Latent:
    """Add noise to latents without sampling, as much as a run over these noise levels would remove."""
    if not len(sigmas):
        return latent_image
    strength = (sigmas[0] - sigmas[-1]).abs().item() if len(sigmas) > 1 else sigmas[0].item()
    samples = samples_for(model, latent_image)
    return with_samples(latent_image, noised(model, noise.generate_noise(latent_image), samples, strength))
