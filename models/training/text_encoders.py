"""Two small CLIP text encoders with SDXL's roles, and how they condition a UNet.

SDXL gives its UNet the hidden states before the last layer of both encoders side by side, and the projection of the
second one's last state at the end token (Podell et al., section 2.1). Its refiner knows the second encoder alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from models.sdxl.text_encoder import import_transformers
from models.sdxl.tokenizer import ClipTokenizer

if TYPE_CHECKING:
    from transformers import CLIPTextModel

CHUNK = 77
START, END = 49406, 49407
VOCABULARY = 49408
L_PAD, G_PAD = END, 0
L_WIDTH, L_HEADS = 32, 2
G_WIDTH, G_HEADS = 48, 3
_LAYERS = 3
# rows of tokens and of positions need the same spread, else word order is invisible
_SPREAD = 0.2


class Encoded(NamedTuple):
    """What two encoders make of captions."""

    context_l: Tensor  # [B, 77, 32] before the last layer
    last_l: Tensor  # [B, 77, 32] after the last norm
    context_g: Tensor  # [B, 77, 48] before the last layer
    pooled: Tensor  # [B, 48]


def _model(vocabulary: int, width: int, heads: int, activation: str) -> CLIPTextModel:
    configuration, network = import_transformers()
    config = configuration(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=_LAYERS,
        num_attention_heads=heads,
        max_position_embeddings=CHUNK,
        hidden_act=activation,
        bos_token_id=None,  # ids here are rows of the short table
        eos_token_id=2,  # the library then looks for the highest id itself; the result is not used
        pad_token_id=None,
    )
    return network(config)


def token_table(model: CLIPTextModel) -> Tensor:
    """The rows of tokens of a text model."""
    table = model.get_input_embeddings()
    assert isinstance(table, nn.Embedding)
    return table.weight


class TextEncoders(nn.Module):
    """CLIP-L's and OpenCLIP-bigG's small stand-ins over the rows of the tokens in `used`.

    A row 0 of zeros stands for every token that is not used, bigG's padding among them; so the full table of
    49,408 rows is these rows and zeros.
    """

    def __init__(self, used: Sequence[int]) -> None:
        super().__init__()
        self.tokenizer = ClipTokenizer()
        rows = torch.zeros(VOCABULARY, dtype=torch.long)
        rows[torch.tensor(used)] = torch.arange(1, len(used) + 1)
        self.register_buffer("rows", rows)
        self.rows: Tensor
        self.clip_l = _model(len(used) + 1, L_WIDTH, L_HEADS, "quick_gelu")
        self.clip_g = _model(len(used) + 1, G_WIDTH, G_HEADS, "gelu")
        self.projection = nn.Linear(G_WIDTH, G_WIDTH, bias=False)
        with torch.no_grad():
            for model in (self.clip_l, self.clip_g):
                for name, weight in model.named_parameters():
                    if name.endswith(("token_embedding.weight", "position_embedding.weight")):
                        weight.normal_(std=_SPREAD)
                token_table(model)[0] = 0

    def token_ids(self, captions: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Ids for the first and the second encoder `[B, 77]`, and where the end tokens are `[B]`."""
        ids_l = torch.full((len(captions), CHUNK), L_PAD)
        ids_g = torch.full((len(captions), CHUNK), G_PAD)
        ends = torch.empty(len(captions), dtype=torch.long)
        for row, caption in enumerate(captions):
            ids = torch.tensor([START, *self.tokenizer.ids(caption)[: CHUNK - 2], END])
            ids_l[row, : len(ids)] = ids
            ids_g[row, : len(ids)] = ids
            ends[row] = len(ids) - 1
        return ids_l, ids_g, ends

    def forward(self, captions: Sequence[str]) -> Encoded:
        """Encode captions; those over 75 tokens are cut."""
        ids_l, ids_g, ends = self.token_ids(captions)
        out_l = self.clip_l(self.rows[ids_l], output_hidden_states=True)
        out_g = self.clip_g(self.rows[ids_g], output_hidden_states=True)
        at_end = out_g.last_hidden_state[torch.arange(len(ends)), ends]
        return Encoded(
            out_l.hidden_states[-2], out_l.last_hidden_state, out_g.hidden_states[-2], self.projection(at_end)
        )
