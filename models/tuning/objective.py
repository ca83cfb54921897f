"""What is asked of the network: noise added to latents, what it should answer, and what an error costs.

Ho et al., arXiv 2006.11239 (predicting the noise); Salimans & Ho, arXiv 2202.00512 (v); Hang et al., arXiv 2303.09556
(min-SNR); the noise offset is that of a whole channel (crosslabs.org, "Diffusion with Offset Noise", 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from models.sampling.noise_schedule import NoiseSchedule
from models.tuning.errors import TuningError
from models.tuning.settings import TrainSettings

LearnedPrediction = Literal["epsilon", "v_prediction"]


@dataclass(frozen=True)
class Noise:
    """What is drawn by chance for a batch."""

    values: Tensor  # [B, 4, h, w]
    timesteps: Tensor  # [B], whole numbers

    def part(self, rows: slice) -> Noise:
        """That of some of the batch's pictures."""
        return Noise(self.values[rows], self.timesteps[rows])

    def to(self, device: torch.device) -> Noise:
        """The same on a device."""
        return Noise(self.values.to(device), self.timesteps.to(device))


@dataclass(frozen=True, eq=False)
class Objective:
    """How latents are made noisy, and the loss of an answer."""

    sigmas: Tensor  # [T], noise over signal
    prediction: LearnedPrediction
    min_snr: float = 0.0  # 0: every noise level counts alike
    noise_offset: float = 0.0
    first: int = 0
    last: int = 999

    @classmethod
    def of(cls, schedule: NoiseSchedule, settings: TrainSettings) -> Objective:
        """The objective of a model's schedule.

        Raises:
            TuningError: the model answers in a way that is not trained here, or there are no such timesteps.
        """
        own = schedule.prediction
        if settings.prediction != "auto":
            own = settings.prediction
        if own not in ("epsilon", "v_prediction"):
            raise TuningError(
                f"The model predicts {own!r}, and only epsilon and v_prediction are trained. Choose another model, or "
                "set train.prediction to what the result is to predict."
            )
        last = min(settings.last_timestep, len(schedule.sigmas) - 1)
        if settings.first_timestep > last:
            raise TuningError(
                f"train.first_timestep is {settings.first_timestep}, which is above the last one, {last}. Lower it."
            )
        return cls(schedule.sigmas.float(), own, settings.min_snr, settings.noise_offset, settings.first_timestep, last)

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> Noise:
        """Noise for a batch of latents of `shape` [B, 4, h, w], in main memory; timesteps are all equally likely."""
        timesteps = torch.randint(self.first, self.last + 1, shape[:1], generator=generator)
        values = torch.randn(shape, generator=generator)
        if self.noise_offset:
            values = values + self.noise_offset * torch.randn((*shape[:2], 1, 1), generator=generator)
        return Noise(values, timesteps)

    def noisy(self, latents: Tensor, noise: Noise) -> Tensor:
        """Latents [B, 4, h, w] in the model's units with noise, of unit variance again."""
        signal, strength = self._shares(noise)
        return signal * latents + strength * noise.values

    def target(self, latents: Tensor, noise: Noise) -> Tensor:
        """What the network should answer."""
        if self.prediction == "epsilon":
            return noise.values
        signal, strength = self._shares(noise)
        return signal * noise.values - strength * latents

    def loss(self, answer: Tensor, latents: Tensor, noise: Noise) -> Tensor:
        """The weighted mean of squared errors, one number."""
        errors = (answer.float() - self.target(latents, noise)).square().mean((1, 2, 3))
        return (errors * self.weights(noise.timesteps)).mean()

    def weights(self, timesteps: Tensor) -> Tensor:
        """What an error at each timestep counts [B]: 1, or with min-SNR min(SNR, gamma) over SNR (of v: SNR + 1)."""
        if not self.min_snr:
            return torch.ones(timesteps.shape, device=timesteps.device)
        snr = self.sigmas.to(timesteps.device)[timesteps] ** -2
        below = snr if self.prediction == "epsilon" else snr + 1
        return snr.clamp(max=self.min_snr) / below

    def _shares(self, noise: Noise) -> tuple[Tensor, Tensor]:
        """How much of the picture is left, and how much noise there is: their squares sum to 1."""
        sigma = self.sigmas.to(noise.timesteps.device)[noise.timesteps][:, None, None, None]
        whole = (1 + sigma.square()).sqrt()
        return 1 / whole, sigma / whole
