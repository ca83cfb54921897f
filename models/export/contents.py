"""A whole model on its way to files, whatever it came from: handles, a single file or a folder of diffusers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.checkpoint import LATENT_SCALES, family_of
from models.checkpoints.assemble import unet_config, vae_config
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal, refuse_lookalikes
from models.checkpoints.layout import Parts, find_parts
from models.checkpoints.origin import origin_of
from models.checkpoints.schedule import latent_units, noise_schedule
from models.checkpoints.vae_precision import survives_float16, with_float16_note
from models.checkpoints.weights import Weights
from models.export.networks import text_tensors, unet_tensors, vae_tensors
from models.export.tensors import ExportError, Outgoing, of_weights
from models.sampling.latent_statistics import LatentUnits
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.schedule_facts import ScheduleFacts, facts_of
from models.sdxl.config import UNetConfig, VAEConfig
from models.sdxl.text import Clip
from models.sdxl.text_config import TextConfig, TextRole, text_config
from models.types import Family, Model, Vae

ENCODERS: Mapping[Family, tuple[str, ...]] = {
    "sdxl": ("l", "g"), "sdxl_refiner": ("g",), "sd15": ("l",), "sd21": ("h",),
}  # fmt: skip
"""The text encoders of each family, in the order in which their states are put side by side."""

NO_PARTS = "A whole model is written: denoising network, text encoders and VAE."


@dataclass(frozen=True)
class TextContent:
    """One text encoder, its tensors named as `transformers` does, without `text_model.`."""

    role: TextRole
    config: TextConfig
    tensors: Mapping[str, Outgoing]


@dataclass(frozen=True)
class Contents:
    """What is written. UNet and VAE bear official names without a prefix."""

    family: Family
    unet_config: UNetConfig
    unet: Mapping[str, Outgoing]
    vae_config: VAEConfig
    vae: Mapping[str, Outgoing]
    texts: Sequence[TextContent]
    noise: ScheduleFacts
    latent_scale: float
    latent_units: LatentUnits | None  # of a network whose latents are normalised by channel
    vae_for_float16: bool  # whether the autoencoder was made for it; SDXL's overflows
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])  # notes of the file it came from


def contents_of_handles(model: Model, clip: Clip, vae: Vae) -> Contents:
    """The parts of a model with everything that patches make of them.

    Raises:
        ExportError: a part is missing, or they do not belong together.
    """
    if not clip.encoders:
        raise ExportError(clip.absence)
    texts = [TextContent(one.role, one.config, text_tensors(clip, one)) for one in clip.encoders]
    _check_encoders(model.family, [one.role.name for one in texts])
    return Contents(
        model.family,
        model.config,
        unet_tensors(model),
        vae.config,
        vae_tensors(vae),
        texts,
        told_of(model.schedule),
        model.latent_scale,
        latent_units_of(model),
        made_for_float16(vae),
    )


def made_for_float16(vae: Vae) -> bool:
    """Whether the file that a VAE came from says so."""
    origin = origin_of(vae.network)
    return origin is not None and survives_float16(origin.metadata)


def contents_of_file(path: Path) -> tuple[Contents, Parts]:
    """What a single file or a folder of diffusers holds, in the formats that it has; also its parts as they lie there.

    Raises:
        CheckpointError: it is damaged or of another kind.
        ExportError: a part is missing.
    """
    parts = find_parts(path)
    if parts.unet is None:
        raise CheckpointError(refusal(path.name, parts.names, "Stable Diffusion model", NO_PARTS))
    refuse_lookalikes(path.name, parts.names)
    if parts.vae is None or not parts.texts:
        what = "VAE" if parts.vae is None else "text encoder"
        raise ExportError(f"{path.name} has no {what}. {NO_PARTS} Convert a whole checkpoint or pipeline.")
    try:
        unet, vae = unet_config(parts.unet, parts.unet_settings), vae_config(parts.vae, parts.vae_settings)
        configs = [text_config(one.weights.shapes, one.activation, one.heads) for one in parts.texts]
    except (ValueError, KeyError) as error:
        raise CheckpointError(f"{path.name}: {error}") from error
    family = family_of(unet, parts)
    _check_encoders(family, [one.role.name for one in parts.texts])
    texts = [
        TextContent(one.role, config, of_weights(one.weights)) for one, config in zip(parts.texts, configs, strict=True)
    ]
    scale, units = parts.vae_settings.get("scaling_factor"), latent_units(parts)
    contents = Contents(
        family,
        unet,
        of_weights(parts.unet),
        vae,
        of_weights(parts.vae),
        texts,
        told_of(noise_schedule(parts, family)),
        units.scale if units else scale if isinstance(scale, float) else LATENT_SCALES[family],
        units,
        survives_float16(with_float16_note(parts.vae, parts.vae_settings).metadata),
        _notes(parts.unet),
    )
    return contents, parts


def told_of(schedule: NoiseSchedule) -> ScheduleFacts:
    """What is written of a schedule: of one with noise levels of its own, that it is an ordinary one."""
    return facts_of(schedule) or ScheduleFacts(prediction=schedule.prediction)


def latent_units_of(model: Model) -> LatentUnits | None:
    """The units of a model whose latents are normalised by channel."""
    known = model.latent_statistics
    return None if known is None else LatentUnits(known, model.latent_scale)


def _notes(weights: Weights) -> Mapping[str, str]:
    return {name: text for name, text in weights.metadata.items() if name != "format"}


def _check_encoders(family: Family, names: Sequence[str]) -> None:
    wanted = ENCODERS[family]
    if tuple(names) != wanted:
        raise ExportError(
            f"The model is of the family {family}, whose text encoders are {' and '.join(wanted)}, but those given are "
            f"{' and '.join(names)}. Connect the text encoders that go with the model."
        )
