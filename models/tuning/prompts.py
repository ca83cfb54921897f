"""Captions as text encoders read them while they, or words, are being learned: with gradients.

A caption is read as it stands: brackets in it weigh nothing, for pictures' captions are full of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.sdxl.prompt_tokens import CHUNK, Chunk, WeightedToken, empty_chunk, fill_chunks
from models.sdxl.text import Clip, split_chunks
from models.sdxl.text_encoder import TextEncoder
from models.sdxl.tokenizer import ClipTokenizer

Ids = list[list[int]]
"""Chunks of 77 ids; the negative number -1 - k stands for the learned word's vector k."""


@dataclass(frozen=True)
class Word:
    """A word that is being learned."""

    text: str
    vectors: int


@dataclass(frozen=True)
class Prompts:
    """What text encoders make of the captions of a batch."""

    context: Tensor  # [B, 77 n, C]
    pooled: Tensor  # [B, P]


@dataclass(frozen=True)
class Caption:
    """A caption's chunks for each encoder, by its role's name, and whether all of it is in them."""

    chunks: Mapping[str, Ids]
    whole: bool

    @property
    def length(self) -> int:
        """In chunks."""
        return len(next(iter(self.chunks.values())))


def tokenize(clip: Clip, text: str, most: int, word: Word | None = None) -> Caption:
    """A caption's ids, of at most `most` tokens. A learned word stands wherever the caption has it, else before it."""
    pieces = _pieces(clip.tokenizer, text, word)
    kept: list[list[WeightedToken]] = []
    room = most
    for piece in pieces:
        kept.append([(number, 1.0) for number in piece[:room]])
        room -= len(kept[-1])
    whole = sum(map(len, pieces)) <= most
    return Caption({one.role.name: _ids(fill_chunks(kept, one.role.pad)) for one in clip.encoders}, whole)


def _pieces(tokenizer: ClipTokenizer, text: str, word: Word | None) -> list[list[int]]:
    if word is None:
        return [tokenizer.ids(text)]
    marks = [-1 - index for index in range(word.vectors)]
    first, *others = text.split(word.text)
    if not others:
        return [marks, tokenizer.ids(text)]
    pieces = [tokenizer.ids(first)]
    for part in others:
        pieces += [marks, tokenizer.ids(part)]
    return pieces


def _ids(chunks: Sequence[Chunk]) -> Ids:
    return [[token for token, _ in chunk if isinstance(token, int)] for chunk in chunks]


def padded(clip: Clip, caption: Caption, length: int) -> Caption:
    """The caption with chunks of nothing behind it, up to a length."""
    chunks = {
        one.role.name: caption.chunks[one.role.name]
        + _ids([empty_chunk(one.role.pad)]) * (length - len(caption.chunks[one.role.name]))
        for one in clip.encoders
    }
    return Caption(chunks, caption.whole)


def encode(clip: Clip, captions: Sequence[Caption], vectors: Mapping[str, Tensor] | None = None) -> Prompts:
    """What the encoders make of captions of one length, with gradients where they are asked for.

    `vectors`: those of the learned word [n, width] by the role's name. The encoders are on the device already.
    """
    states: list[Tensor] = []
    pooled: Tensor | None = None
    for encoder in clip.encoders:
        name = encoder.role.name
        known = None if vectors is None else vectors[name]
        chunks = [_with_vectors(ids, known) for caption in captions for ids in caption.chunks[name]]
        hidden, pooled = _encode(clip, encoder, chunks, len(captions))
        states.append(hidden)
    assert pooled is not None  # a text encoder was asked for when the training began
    return Prompts(torch.cat(states, dim=-1), pooled)


def _with_vectors(ids: Sequence[int], vectors: Tensor | None) -> Chunk:
    return [(number if number >= 0 or vectors is None else vectors[-1 - number], 1.0) for number in ids]


def _encode(clip: Clip, encoder: TextEncoder, chunks: Sequence[Chunk], count: int) -> tuple[Tensor, Tensor]:
    """Hidden states [B, 77 n, width] and the pooled output [B, P] of each first chunk."""
    layer = encoder.role.layer if clip.layer is None else clip.layer
    ids, vectors = split_chunks(chunks)
    encoded = encoder(ids.to(clip.memory.device), layer, vectors)
    length = len(chunks) // count
    hidden = encoded.hidden.float().reshape(count, length * CHUNK, -1)
    return hidden, encoded.pooled.float()[::length]
