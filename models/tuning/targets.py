"""Which layers a LoRA changes: by words for the usual choices, and by patterns of the layers' names."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from torch import nn

from models.sdxl.text_encoder import TextEncoder
from models.tuning.errors import TuningError

WORDS: Mapping[str, tuple[str, ...]] = {
    "attention": ("*.attn1.*", "*.attn2.*"),
    "cross_attention": ("*.attn2.*",),
    "feed_forward": ("*.ff.*",),
    "transformers": ("*.transformer_blocks.*", "*.proj_in", "*.proj_out"),
}
CONVOLUTIONS = ("*_block*.in_layers.2", "*_block*.out_layers.3", "*_block*.skip_connection", "*.op", "*.conv")
"""Convolutions of residual blocks, and those that halve and double a feature map."""
TEXT_PARTS = (".self_attn.", ".mlp.")


def unet_targets(network: nn.Module, targets: Sequence[str], convolutions: bool) -> dict[str, nn.Module]:
    """The layers of a denoising network, by their official names.

    Raises:
        TuningError: a word or pattern fits no layer.
    """
    layers = {name: one for name, one in network.named_modules() if isinstance(one, (nn.Linear, nn.Conv2d))}
    chosen: set[str] = set()
    for target in targets:
        patterns = WORDS.get(target, (target,))
        fitting = {name for name in layers if any(fnmatchcase(name, pattern) for pattern in patterns)}
        if not fitting:
            raise TuningError(_fits_nothing(target, list(layers)))
        chosen |= fitting
    if convolutions:
        chosen |= {name for name in layers if any(fnmatchcase(name, pattern) for pattern in CONVOLUTIONS)}
    if not chosen:
        raise TuningError("lora.targets names no layer. Write transformers there, which is the default.")
    return {name: layer for name, layer in layers.items() if name in chosen}


def _fits_nothing(target: str, names: list[str]) -> str:
    words = ", ".join(WORDS)
    near = difflib.get_close_matches(target, list(WORDS), 1)
    hint = f"Did you mean {near[0]}?" if near else f"Write one of {words}, or a pattern with * in it."
    example = next((name for name in names if "attn2" in name), names[0])
    return f"lora.targets: {target!r} fits none of the model's layers, which bear names such as {example}. {hint}"


def text_targets(encoder: TextEncoder) -> Iterator[tuple[str, str, nn.Module]]:
    """The linear layers of a text encoder's blocks: own name, name as `transformers` files have it, layer."""
    core = next(f"{name}." for name, child in encoder.named_modules() if child is encoder.core)
    for name, layer in encoder.named_modules():
        if isinstance(layer, nn.Linear) and any(part in name for part in TEXT_PARTS):
            yield name, f"text_model.{name.removeprefix(core)}", layer
