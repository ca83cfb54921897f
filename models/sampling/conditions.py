"""Conditioning as it travels on wires, made ready for one run: where, when and how strongly each prompt counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from models.adapters.gligen import BoxPatch
from models.compositing import as_mask, fit_batch
from models.sampling.controls import RunningControl, RunningControls
from models.sampling.further_channels import further_channels
from models.sampling.hooks import RunningHooks
from models.sampling.noise_schedule import BEFORE_THE_START
from models.sdxl.conditioning import PIXELS, label_vector

if TYPE_CHECKING:
    from models.adapters.gligen import Box, Gligen
    from models.adapters.weight_patches import Patches
    from models.sampling.run_start import RunStart
    from models.sdxl.network_patches import NetworkPatch
    from models.types import Model

FEATHER = 8  # latent values over which the edge of an area fades in
LEAST_SIDE = 8  # of an area drawn around a mask


class Area(NamedTuple):
    """A rectangle in units of the latent."""

    height: int
    width: int
    y: int
    x: int

    def within(self, other: Area) -> bool:
        """Say whether `other` holds all of this one."""
        return (
            self.y >= other.y
            and self.x >= other.x
            and self.y + self.height <= other.y + other.height
            and self.x + self.width <= other.x + other.width
        )

    def crop(self, x: torch.Tensor) -> torch.Tensor:
        """Return the view of x [..., h, w] that the area covers."""
        return x[..., self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True, eq=False)
class Condition:
    """One prompt of a run."""

    context: torch.Tensor  # [B, n, C], the prompt's tokens, on the model's device and in its format
    label: torch.Tensor | None  # [B, adm_channels], likewise
    area: Area | None = None  # None: everywhere
    mask: torch.Tensor | None = None  # [B, h, w], the size of the latent
    strength: float = 1.0
    mask_strength: float = 1.0
    first_sigma: float = BEFORE_THE_START  # counts from this noise level ...
    last_sigma: float = 0.0  # ... down to this one
    controls: tuple[RunningControl, ...] = ()  # pictures that steer
    controls_both: bool = False  # whether they steer the other sides' prompts as well
    control_context: torch.Tensor | None = None  # [B, m, C], what those pictures' networks read; None: the context
    beside: torch.Tensor | None = None  # [1 or B, c, h, w], further channels that the network takes beside the latent
    network_patches: tuple[NetworkPatch, ...] = ()  # what this prompt changes inside the network
    weights_at: Callable[[float], Patches] | None = None  # the weights' patches at a noise level; None: the model's
    default: bool = False  # counts only where the other prompts of its side do not, see `default_prompts.py`
    fills: torch.Tensor | None = None  # [B, 1, h, w], how much it then counts at each point of the whole latent

    @property
    def read_by_controls(self) -> torch.Tensor:
        """The tokens that the networks of steering pictures read."""
        return self.context if self.control_context is None else self.control_context

    def active(self, sigma: float) -> bool:
        """Say whether the prompt counts at a noise level."""
        return self.last_sigma <= sigma <= self.first_sigma

    def place(self, x: torch.Tensor) -> Area:
        """Return the part of a latent [B, C, h, w] that the prompt is asked about."""
        return self.area or Area(x.shape[-2], x.shape[-1], 0, 0)

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Return how much the prompt counts at each point of its place, [1 or B, 1, h, w].

        Areas fade in over their edges, except where the edge is the picture's; masks are as soft as they are drawn.
        """
        area = self.place(x)
        if self.fills is not None:
            return area.crop(self.fills)
        if self.mask is not None:
            weights = fit_batch(area.crop(self.mask), len(x))[:, None].to(x) * self.mask_strength
        else:
            height, width = x.shape[-2:]
            down = _fade(area.height, area.y > 0, area.y + area.height < height)
            across = _fade(area.width, area.x > 0, area.x + area.width < width)
            weights = (down[:, None] * across)[None, None].to(x)
        return weights * self.strength


def _fade(length: int, at_start: bool, at_end: bool) -> torch.Tensor:
    """Return weights [length] that rise from the start and fall to the end, where asked, and are 1 between."""
    width = min(FEATHER, length // 4)
    rise = torch.arange(1, width + 1) / width
    weights = torch.ones(length)
    if at_start:
        weights[:width] *= rise
    if at_end:
        weights[length - width :] *= rise.flip(0)
    return weights


class Side(NamedTuple):
    """The prompts of one side, as they travel on wires."""

    entries: Iterable[Sequence[Any]]
    negative: bool = False  # whether what the picture shall not be: some numbers have other defaults then


def prepare(model: Model, sides: Sequence[Side], start: RunStart) -> list[list[Condition]]:
    """Return the conditions of each side for one run; the first side is the positive one.

    Where one side asks for an area, the others answer for the same area, so that guidance compares like with like.
    Raises ValueError when a prompt was encoded for another kind of model.
    """
    running, hooks = RunningControls(model), RunningHooks(model, start)
    prepared = [
        [
            _condition(model, *entry, running=running, hooks=hooks, start=start, negative=side.negative)
            for entry in side.entries
        ]
        for side in sides
    ]
    for one in prepared:
        for condition in one:
            for other in prepared:
                if other is not one:
                    other += _counterpart(condition, other)
    return [prepared[0], *(_with_boxes(prepared[0], _with_controls(prepared[0], other)) for other in prepared[1:])]


def _condition(
    model: Model,
    context: torch.Tensor,
    options: Mapping[str, Any],
    *,
    running: RunningControls,
    hooks: RunningHooks,
    start: RunStart,
    negative: bool,
) -> Condition:
    for_controls = options.get("cross_attn_controlnet")
    for tokens in (context, for_controls):
        _check_width(tokens, model)
    area = _area(options.get("area"), start.size)
    mask = None
    if "mask" in options:
        mask = as_mask(options["mask"], start.size)[:, 0]
        if options.get("set_area_to_bounds", False):
            area = _bounds(mask)
    if area is not None:
        area = _clipped(area, start.size)
    label = label_vector(model, options, latent_size=start.size, negative=negative, seed=start.seed)
    first_sigma, last_sigma = _when(model, options)
    return Condition(
        context.to(model.memory.device, model.dtype),
        None if label is None else label.to(model.memory.device, model.dtype),
        area,
        mask,
        options.get("strength", 1.0),
        options.get("mask_strength", 1.0),
        first_sigma,
        last_sigma,
        running.of(options.get("control", ())),
        options.get("control_apply_to_uncond", False),
        None if for_controls is None else for_controls.to(model.memory.device, model.dtype),
        further_channels(model, options, start),
        _boxes(model, options.get("gligen")),
        hooks.of(options.get("hooks")),
        bool(options.get("default", False)),
    )


def _when(model: Model, options: Mapping[str, Any]) -> tuple[float, float]:
    """Return the noise levels from and down to which a prompt counts: its own span, cut by its text encoders'."""
    to_sigma = model.schedule.percent_to_sigma
    starts = [options[name] for name in ("start_percent", "clip_start_percent") if name in options]
    ends = [options[name] for name in ("end_percent", "clip_end_percent") if name in options]
    first, last = options.get("weft_sigmas", (BEFORE_THE_START, 0.0))  # noise levels themselves, see prompt schedules
    return min(first, to_sigma(max(starts))) if starts else first, max(last, to_sigma(min(ends))) if ends else last


def _boxes(model: Model, gligen: tuple[str, Gligen, Sequence[Box]] | None) -> tuple[NetworkPatch, ...]:
    """Return what GLIGEN's boxes change inside the network. Raises ValueError where they are for another model."""
    if gligen is None:
        return ()
    _, network, boxes = gligen
    network.check(model)
    return (BoxPatch(network, boxes),)


def _check_width(tokens: torch.Tensor | None, model: Model) -> None:
    if tokens is not None and tokens.shape[-1] != model.config.context_dim:
        raise ValueError(
            f"The conditioning's tokens are {tokens.shape[-1]} values wide, this model takes "
            f"{model.config.context_dim}. Encode the prompt with the text encoders (CLIP) that belong to the model."
        )


def _area(area: Sequence[Any] | None, latent_size: tuple[int, int]) -> Area | None:
    """Read (height, width, y, x), or ("percentage", ...) with the same as fractions of the latent."""
    if area is None:
        return None
    if area[0] != "percentage":
        return Area(*area)
    down, across = latent_size
    height, width, y, x = area[1:]
    return Area(max(1, round(height * down)), max(1, round(width * across)), round(y * down), round(x * across))


def _clipped(area: Area, latent_size: tuple[int, int]) -> Area:
    height, width = latent_size
    if area.y >= height or area.x >= width:
        raise ValueError(
            f"The conditioning's area begins at x = {area.x * PIXELS}, y = {area.y * PIXELS}, outside of the picture "
            f"of {width * PIXELS} x {height * PIXELS} pixels. Move the area, or make the picture larger."
        )
    return Area(min(area.height, height - area.y), min(area.width, width - area.x), area.y, area.x)


def _bounds(mask: torch.Tensor) -> Area:
    """Return the smallest area that holds all that is not 0 in mask [B, h, w], but no smaller than 8 x 8."""
    used = mask.abs().amax(dim=0) > 0
    rows, columns = used.any(dim=1).nonzero()[:, 0], used.any(dim=0).nonzero()[:, 0]
    if not len(rows):
        return Area(LEAST_SIDE, LEAST_SIDE, 0, 0)
    y, x = int(rows[0]), int(columns[0])
    return Area(max(int(rows[-1]) - y + 1, LEAST_SIDE), max(int(columns[-1]) - x + 1, LEAST_SIDE), y, x)


def _counterpart(condition: Condition, others: list[Condition]) -> list[Condition]:
    """Return what the other side lacks to answer for the area of `condition`: nothing, or one condition.

    It says what the most local of the others says that cover the area, and counts where and when `condition` does.
    """
    if condition.area is None:
        return []
    local = [other for other in others if other.area is not None and condition.area.within(other.area)]
    everywhere = [other for other in others if other.area is None]
    if local:
        nearest = min(local, key=lambda other: other.area.height * other.area.width if other.area else 0)
        if nearest.area == condition.area:
            return []
    elif everywhere:
        nearest = everywhere[0]
    else:
        return []
    said = {"context": nearest.context, "label": nearest.label, "control_context": nearest.control_context}
    return [replace(condition, **said, beside=nearest.beside)]


def _with_controls(wanted: Sequence[Condition], unwanted: Sequence[Condition]) -> list[Condition]:
    """The negative side with the pictures that shall steer it as well, unless pictures of its own do."""
    given = [one for one in wanted if one.controls and one.controls_both]
    steered = any(one.controls and one.area is None for one in unwanted)
    return list(unwanted) if steered else _passed_on(given, unwanted, "controls")


def _with_boxes(wanted: Sequence[Condition], unwanted: Sequence[Condition]) -> list[Condition]:
    """The negative side with the positive side's changes inside the network, unless it has its own."""
    given = [one for one in wanted if one.network_patches]
    changed = any(one.network_patches and one.area is None for one in unwanted)
    return list(unwanted) if changed else _passed_on(given, unwanted, "network_patches")


def _passed_on(given: Sequence[Condition], unwanted: Sequence[Condition], what: str) -> list[Condition]:
    """The negative side, each of its prompts with one of the positive side's `what`.

    Conditions of an area stay out of it. Where more is given than there are negative prompts, prompts are repeated.
    """
    given = [one for one in given if one.area is None]
    result = list(unwanted)
    places = [number for number, one in enumerate(result) if one.area is None]
    if not places:
        return result
    for number, one in enumerate(given):
        place = places[number % len(places)]
        changed = replace(result[place], **{what: getattr(one, what)})
        if number < len(places):
            result[place] = changed
        else:
            result.append(changed)
    return result
