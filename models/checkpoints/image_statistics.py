"""What a Stable unCLIP checkpoint says of the pictures' embeddings that it was trained on."""

from __future__ import annotations

from models.checkpoints.layout import Parts
from models.checkpoints.weights import open_weights
from models.sdxl.image_prompt import Statistics

MEAN, DEVIATION = "noise_augmentor.data_mean", "noise_augmentor.data_std"


def image_statistics(parts: Parts) -> Statistics | None:
    """Mean and deviation, or None where the file holds none: its embeddings are taken as they are."""
    if MEAN not in parts.names or DEVIATION not in parts.names:
        return None
    weights = open_weights(parts.path)
    return Statistics(*(weights.tensor(name).float().flatten() for name in (MEAN, DEVIATION)))
