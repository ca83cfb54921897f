"""How text encoders are named in files: the names of `transformers` are ours; those of OpenCLIP go through a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from models.checkpoints.open_clip import Source, drawn_from, layer_sources
from models.checkpoints.weights import Weights

# OpenCLIP name -> transformers name, besides those of layers
ENDS: Mapping[str, str] = {
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight",
    "ln_final.bias": "final_layer_norm.bias",
}
PROJECTION = "text_projection"  # [C, P] here, `text_projection.weight` [P, C] there


def from_open_clip(weights: Weights) -> Weights:
    """The tensors of an OpenCLIP text transformer under the names that `transformers` gives them."""
    return drawn_from(weights, _sources(weights))


def _sources(weights: Weights) -> Iterator[tuple[str, Source]]:
    for old, new in ENDS.items():
        yield new, Source(old)
    yield from layer_sources(weights, "encoder.layers")
    yield "text_projection.weight", Source("text_projection.weight")
    yield "text_projection.weight", Source(PROJECTION, transpose=True)


def from_transformers(weights: Weights) -> Weights:
    """The tensors of a text encoder saved by `transformers`, without the module `text_model` around the layers."""
    inner = weights.under("text_model.")
    if not inner.shapes:
        return weights
    outer = [name for name in weights.shapes if name == "text_projection.weight"]
    names = {name: f"text_model.{name}" for name in inner.shapes} | {name: name for name in outer}
    return weights.renamed(names)
