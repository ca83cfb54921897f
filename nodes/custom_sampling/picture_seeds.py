"""A batch whose pictures can each be made again alone, by seed."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import node
from nodes.types import Latent


@node("LatentSeeds", category="latent/batch", display_name="Seed for Each Latent")
def latent_seeds(
    *,
    samples: Annotated[Latent, Help("The batch of latents, before it is sampled.")],
    step: Annotated[int, Range(1, 2**32), Help("How far the seeds of neighbours lie apart.")] = 1,
) -> Latent:
    """Give each picture of a batch a seed of its own: the sampler's, the next number, and so on.

    Each then is what a sampler makes of it alone with that seed, whatever the method: picture 3 of seed 100 is the
    picture of seed 102. One taken out by Latent From Batch keeps its place.
    """
    return {**samples, "seed_offsets": [step * place for place in range(len(samples["samples"]))]}
