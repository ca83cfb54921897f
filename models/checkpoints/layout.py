"""Where a checkpoint keeps its parts: single files of several makers, and folders that diffusers writes.

What `find_parts` returns bears official names (UNet, VAE) or those of `transformers` (text encoders).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from models.checkpoints.diffusers_keys import official_unet_names, official_vae_names
from models.checkpoints.errors import CheckpointError
from models.checkpoints.text_keys import from_open_clip, from_transformers
from models.checkpoints.weights import INDEX_SUFFIX, Weights, open_weights
from models.sdxl.text_config import SD1_L, SD2_H, SDXL_G, SDXL_L, Activation, TextRole

UNET_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "")
VAE_PREFIXES = ("first_stage_model.", "vae.", "")


@dataclass(frozen=True)
class TextPart:
    """The tensors of one text encoder under the names of `transformers`, and what it is for."""

    weights: Weights
    role: TextRole
    activation: Activation
    heads: int | None = None  # where the file says


@dataclass(frozen=True)
class Parts:
    """What a file or a folder holds. Settings are those of diffusers' `config.json`, where there is one."""

    path: Path
    names: frozenset[str]
    unet: Weights | None = None
    vae: Weights | None = None
    texts: Sequence[TextPart] = ()
    unet_settings: Mapping[str, Any] = field(default_factory=dict)
    vae_settings: Mapping[str, Any] = field(default_factory=dict)
    scheduler: Mapping[str, Any] = field(default_factory=dict)


class _TextPlace(NamedTuple):
    prefix: str
    open_clip: bool
    role: TextRole


TEXT_PLACES = (
    _TextPlace("conditioner.embedders.0.transformer.", False, SDXL_L),
    _TextPlace("conditioner.embedders.1.model.", True, SDXL_G),
    _TextPlace("conditioner.embedders.0.model.", True, SDXL_G),
    _TextPlace("cond_stage_model.transformer.", False, SD1_L),
    _TextPlace("cond_stage_model.model.", True, SD2_H),
)
ACTIVATIONS: Mapping[str, Activation] = {"l": "quick_gelu", "g": "gelu", "h": "gelu"}

CLIP_MARK = "weft.clip"  # the note of a file of a single encoder that says which it is
ALONE: Mapping[str, TextRole] = {"l": SD1_L, "h": SD2_H, "g": SDXL_G}

# depth of the official encoders, by which files of a single encoder are told apart
G_LAYERS, H_LAYERS = 32, 23


def find_parts(path: Path) -> Parts:
    """What the file, or the folder of a diffusers pipeline, holds; nothing is read but names, shapes and settings.

    Raises:
        CheckpointError: if it cannot be read.
    """
    if path.is_dir():
        return _folder_parts(path)
    weights = open_weights(path)
    names = frozenset(weights.shapes)
    return Parts(path, names, find_unet(weights), find_vae(weights), _file_texts(weights))


def find_unet(weights: Weights) -> Weights | None:
    """The UNet's tensors under official names, from any layout."""
    for prefix in UNET_PREFIXES:
        if f"{prefix}input_blocks.0.0.weight" in weights.shapes:
            return weights.under(prefix)
    if "up_blocks.0.resnets.0.conv1.weight" in weights.shapes:
        return weights.renamed(official_unet_names(weights.shapes.keys()))
    return None


def find_vae(weights: Weights) -> Weights | None:
    """The autoencoder's tensors under official names, from any layout."""
    for prefix in VAE_PREFIXES:
        if f"{prefix}decoder.mid.block_1.conv1.weight" in weights.shapes:
            return weights.under(prefix)
    if "decoder.mid_block.resnets.0.conv1.weight" in weights.shapes:
        return weights.renamed(official_vae_names(weights.shapes.keys()))
    return None


def _file_texts(weights: Weights) -> list[TextPart]:
    parts: list[TextPart] = []
    for place in TEXT_PLACES:
        found = weights.under(place.prefix)
        named = from_open_clip(found) if place.open_clip else from_transformers(found)
        if "embeddings.token_embedding.weight" in named.shapes:
            parts.append(_text_part(named, place.role))
    return parts


def _text_part(weights: Weights, role: TextRole) -> TextPart:
    heads = weights.metadata.get(f"weft.clip_{role.name}.heads", "")
    if heads and not (heads.isascii() and heads.isdigit() and 0 < int(heads[:9]) < 2**16):
        raise CheckpointError(f"{weights.path.name} claims {heads[:40]!r} attention heads. Download it again.")
    if role == SD2_H and _ends_early(weights):
        role = replace(role, layer=-1)
    return TextPart(weights, role, ACTIVATIONS[role.name], int(heads) if heads else None)


def _ends_early(weights: Weights) -> bool:
    """Whether the last layer of SD 2.x's encoder, whose state nothing reads, was left out as diffusers does."""
    if weights.metadata.get("weft.clip_h.layer") == "-1":
        return True
    layers = sum(name.endswith(".mlp.fc1.weight") for name in weights.shapes)
    return layers == H_LAYERS


def find_text(path: Path) -> list[TextPart]:
    """The text encoders of a file, be it a whole checkpoint or a single encoder; none if it has none.

    A single encoder is told by its depth, as SDXL's two or those of SD 1.x (12 layers) and SD 2.x (24) are.
    """
    if path.is_dir():
        return list(_folder_texts(path, {}))
    weights = open_weights(path)
    parts = _file_texts(weights)
    if parts:
        return parts
    named = from_open_clip(weights) if "positional_embedding" in weights.shapes else from_transformers(weights)
    if "embeddings.token_embedding.weight" not in named.shapes:
        return []
    layers = sum(name.endswith(".mlp.fc1.weight") for name in named.shapes)
    by_depth = SDXL_G if layers >= G_LAYERS else SD2_H if layers >= H_LAYERS else SD1_L
    return [_text_part(named, ALONE.get(weights.metadata.get(CLIP_MARK, ""), by_depth))]


def as_sdxl_pair(first: TextPart, second: TextPart) -> list[TextPart]:
    """Two encoders as those of SDXL base, whichever comes first: the wider one is G."""
    width = "embeddings.token_embedding.weight"
    pair = sorted((first, second), key=lambda part: part.weights.shapes[width][-1])
    roles = (SDXL_L, SDXL_G)
    return [replace(_text_part(part.weights, role), heads=part.heads) for part, role in zip(pair, roles, strict=True)]


def _folder_parts(folder: Path) -> Parts:
    unet = _folder_weights(folder / "unet") if (folder / "unet").is_dir() else None
    vae = _folder_weights(folder / "vae") if (folder / "vae").is_dir() else None
    if unet is None and vae is None and (folder / "config.json").is_file():  # one part of a pipeline
        weights = _folder_weights(folder)
        settings = _settings(folder / "config.json")
        names = frozenset(weights.shapes)
        return Parts(folder, names, find_unet(weights), find_vae(weights), (), settings, settings)
    if unet is None and vae is None:
        raise CheckpointError(
            f"{folder.name} is a folder without unet/ or vae/ in it: no diffusers pipeline. Choose a model file, or "
            "the folder that holds model_index.json."
        )
    unet_settings = _settings(folder / "unet" / "config.json")
    return Parts(
        folder,
        frozenset(unet.shapes if unet else ()),
        find_unet(unet) if unet else None,
        find_vae(vae) if vae else None,
        list(_folder_texts(folder, unet_settings)),
        unet_settings,
        _settings(folder / "vae" / "config.json"),
        _settings(folder / "scheduler" / "scheduler_config.json"),
    )


def _folder_texts(folder: Path, unet_settings: Mapping[str, Any]) -> list[TextPart]:
    found: list[tuple[str, Weights, Mapping[str, Any]]] = []
    for name in ("text_encoder", "text_encoder_2"):
        if (folder / name).is_dir():
            weights = from_transformers(_folder_weights(folder / name))
            found.append((name, weights, _settings(folder / name / "config.json")))
    parts: list[TextPart] = []
    for name, weights, settings in found:
        if name == "text_encoder_2":
            role = SDXL_G
        elif len(found) == 2:
            role = SDXL_L
        elif settings.get("hidden_act") == "gelu" or unet_settings.get("cross_attention_dim") == 1024:
            role = replace(SD2_H, layer=-1)  # diffusers leaves the unused last layer of this encoder out
        else:
            role = SD1_L
        part = _text_part(weights, role)
        activation: Activation = "quick_gelu" if settings.get("hidden_act", part.activation) == "quick_gelu" else "gelu"
        parts.append(replace(part, activation=activation, heads=_count(settings, "num_attention_heads") or part.heads))
    return parts


def _count(settings: Mapping[str, Any], key: str) -> int | None:
    value = settings.get(key)
    return value if type(value) is int and value > 0 else None


def _folder_weights(folder: Path) -> Weights:
    """The weights in one folder of a pipeline: whole or in parts, safetensors before pickles, short names first."""
    for pattern in (f"*.safetensors{INDEX_SUFFIX}", "*.safetensors", f"*.bin{INDEX_SUFFIX}", "*.bin"):
        files = sorted(folder.glob(pattern), key=lambda file: (len(file.name), file.name))
        if files:
            return open_weights(files[0])
    raise CheckpointError(f"{folder.parent.name}/{folder.name} holds no weights. Download the whole pipeline.")


def _settings(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        settings = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{file.parent.name}/{file.name} is not JSON. Download the pipeline again.") from error
    return settings if isinstance(settings, dict) else {}
