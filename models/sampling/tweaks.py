"""What a MODEL handle changes about sampling, beside its weights and its noise schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

    from models.sampling.noise_schedule import NoiseSchedule
    from models.sdxl.network_patches import NetworkPatch


@dataclass(frozen=True, eq=False)
class FurtherPrompts:
    """Prompts that a change of guidance asks about beside the positive and the negative ones."""

    entries: Sequence[Sequence[Any]]  # as on CONDITIONING wires


class AskAgain(Protocol):
    """Asks the network once more about one side's prompts, in the middle of guidance."""

    def __call__(self, x: Tensor, side: int | FurtherPrompts, patches: Sequence[NetworkPatch] = ()) -> Tensor:
        """Return the clean latent [B, C, h, w] predicted for side 0 (positive), 1 (negative) or one of the tweaks'
        own prompts, with more patches."""
        ...


class NetworkCaller(Protocol):
    """Changes how the network as a whole is called."""

    def __call__(self, network: nn.Module, run: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Return what to call in place of `run`, which takes the network's arguments and is it or another change."""
        ...


@dataclass(frozen=True, eq=False)
class Guided:
    """One guided prediction in the making. Tensors are [B, C, h, w]."""

    x: Tensor  # the noisy latent
    sigma: float  # its noise level
    cfg: float
    cond: Tensor  # the clean latent predicted for the positive prompts
    uncond: Tensor  # and for the negative ones; zeros where these were not asked
    denoised: Tensor  # what guidance made of both so far
    schedule: NoiseSchedule
    ask: AskAgain
    both: bool = True  # whether the negative prompts were asked: not at a scale of 1, see `Tweaks.needs_uncond`
    notes: dict[Any, Any] = field(default_factory=dict[Any, Any])  # what changes keep for later, in this run alone


@dataclass(frozen=True, eq=False)
class MaskedRun:
    """What a change of the mask may know of a run."""

    mask: Tensor  # [1 or B, 1, h, w], 0 keep .. 1 change
    sigmas: Tensor  # [n], the run's noise levels
    schedule: NoiseSchedule


@dataclass(frozen=True, eq=False)
class Tweaks:
    """Changes to sampling, in the order in which they are made. Immutable; `plus` gives one with more."""

    names: tuple[str, ...] = ()  # for people: what was changed
    network: tuple[NetworkPatch, ...] = ()  # inside the UNet
    before_guidance: tuple[Callable[[Guided], tuple[Tensor, Tensor]], ...] = ()  # gives (cond, uncond) anew
    guidance: Callable[[Guided], Tensor] | None = None  # in place of uncond + (cond - uncond) * cfg
    after_guidance: tuple[Callable[[Guided], Tensor], ...] = ()  # gives `denoised` anew
    prompts: tuple[FurtherPrompts, ...] = ()  # beside those of the run
    calling: tuple[NetworkCaller, ...] = ()  # how the network is called; the last is the outermost
    needs_uncond: bool = False  # whether the negative prompts are asked even at a scale of 1
    mask_at: Callable[[MaskedRun, float], Tensor] | None = None  # the mask at a noise level, of inpainting runs

    def plus(self, name: str, **changes: Any) -> Tweaks:
        """Return these and `changes` by field: tuples are continued, anything else is set."""
        joined = {
            field: (*getattr(self, field), *value) if isinstance(value, tuple) else value
            for field, value in changes.items()
        }
        return replace(self, names=(*self.names, name), **joined)


NO_TWEAKS = Tweaks()
