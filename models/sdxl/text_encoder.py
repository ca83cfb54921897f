"""One CLIP text encoder: a `transformers` model that can give any layer's hidden state and take learned vectors."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from models.sdxl.text_config import TextConfig, TextRole

Place = tuple[int, int]  # row and column of a token in a batch of chunks


class Encoded(NamedTuple):
    """What an encoder says of n chunks."""

    hidden: Tensor  # [n, 77, width]
    pooled: Tensor  # [n, projection]: the last state at the first end token, normalised, then projected where it is
    unprojected: Tensor  # [n, width]: the same before the projection


class TextEncoder(nn.Module):
    """A text transformer with causal attention and no padding mask, as CLIP was trained."""

    def __init__(self, config: TextConfig, role: TextRole) -> None:
        super().__init__()
        self.config = config
        self.role = role
        self.transformer = _transformer(config)
        self.text_projection = None
        if config.projection is not None:
            self.text_projection = nn.Linear(config.width, config.projection, bias=False)

    @property
    def core(self) -> nn.Module:
        """The module that holds embeddings, layers and final norm."""
        # transformers 5.0 keeps them in a module `text_model`, later releases in the model itself
        return getattr(self.transformer, "text_model", self.transformer)

    def place_positions(self) -> None:
        """Number the positions afresh: not stored in files, so a module made on the meta device lacks them."""
        embeddings: Any = self.core.embeddings
        embeddings.position_ids = torch.arange(self.config.positions).expand(1, -1)

    def forward(self, ids: Tensor, layer: int | None, vectors: Mapping[Place, Tensor]) -> Encoded:
        """Encode chunks.

        `ids` int [n, 77]. `layer`: as `TextRole.layer`. `vectors`: learned vectors [width] that replace the
        embeddings of single tokens.
        """
        embedding: Any = self.core.embeddings
        hook = embedding.token_embedding.register_forward_hook(_inserting(vectors))
        try:
            output = self.transformer(input_ids=ids, output_hidden_states=True)
        finally:
            hook.remove()
        unprojected = pooled = output.pooler_output
        if self.text_projection is not None:
            pooled = self.text_projection(pooled)
        if layer is None or -layer > self.config.layers:
            return Encoded(output.last_hidden_state, pooled, unprojected)
        hidden = output.hidden_states[layer]
        if self.role.normalise:
            norm: Any = self.core.final_layer_norm
            hidden = norm(hidden)
        return Encoded(hidden, pooled, unprojected)


def _inserting(vectors: Mapping[Place, Tensor]) -> Any:
    def insert(_module: nn.Module, _inputs: Any, embedded: Tensor) -> Tensor:
        for (row, column), vector in vectors.items():
            embedded[row, column] = vector.to(embedded)
        return embedded

    return insert


IMPORTING = threading.Lock()
"""Held while `transformers` is imported: two threads in the midst of its lazy modules would see unfinished ones."""


def import_transformers() -> tuple[type[Any], type[Any]]:
    """CLIP's configuration and model class. The first call takes seconds; a server makes it while nobody waits."""
    with IMPORTING:
        hide_broken_torchvision()
        from transformers.models.clip.configuration_clip import CLIPTextConfig
        from transformers.models.clip.modeling_clip import CLIPTextModel

    return CLIPTextConfig, CLIPTextModel


def import_vision() -> tuple[type[Any], type[Any]]:
    """The same for CLIP's image encoders."""
    import_transformers()
    with IMPORTING:
        from transformers.models.clip.configuration_clip import CLIPVisionConfig
        from transformers.models.clip.modeling_clip import CLIPVisionModelWithProjection

    return CLIPVisionConfig, CLIPVisionModelWithProjection


def _transformer(config: TextConfig) -> nn.Module:
    configuration, model = import_transformers()
    return model(
        configuration(
            vocab_size=config.vocabulary,
            hidden_size=config.width,
            intermediate_size=config.mlp_width,
            projection_dim=config.projection or config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            max_position_embeddings=config.positions,
            hidden_act=config.activation,
        )
    )


def hide_broken_torchvision() -> None:
    """Let `transformers` import where a torchvision lies about that was built for another torch.

    Such a torchvision fails on import, and `transformers`, which imports it wherever it is installed, with it. The
    text encoders have no use for it, so it is marked as what it is: not importable.
    """
    if "torchvision" in sys.modules:
        return
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError, OSError, AttributeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.modules["torchvision"] = None  # pyright: ignore[reportArgumentType]  # documented: makes imports fail
