"""The handle that travels on CLIP wires: prompts in, conditioning out."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from models.adapters.weight_patches import NO_PATCHES, Patches, WeightChange
from models.memory import DeviceMemory
from models.prompting.joining import chunks_of
from models.sdxl.prompt_tokens import CHUNK, Chunk, PromptTokenizer, empty_chunk
from models.sdxl.prompt_weighting import Weighting, needs_empty_prompt, weighted_states
from models.sdxl.text_encoder import Place, TextEncoder
from models.sdxl.tokenizer import ClipTokenizer
from models.weights_in_memory import memory_parts

BATCH = 8  # chunks that an encoder reads at once: bounds the memory that a very long prompt takes


class TextError(ValueError):
    """A text encoder asked for what it cannot give; the message is a sentence."""


class Embeddings(Protocol):
    """Where textual inversion embeddings are found by name."""

    def vectors(self, name: str, encoder: str, width: int) -> Tensor | None:
        """The vectors [n, width] of `name` for the encoder "l", "g" or "h", or None."""
        ...


class Tokens(dict[str, list[Chunk]]):
    """Chunks of 77 (token id or learned vector, weight) by encoder, and what the user should know about them."""

    def __init__(self, chunks: Mapping[str, list[Chunk]], warnings: Sequence[str] = ()) -> None:
        super().__init__(chunks)
        self.warnings = tuple(dict.fromkeys(warnings))


class Conditioning(NamedTuple):
    """A prompt as the denoising network takes it; float32, in main memory."""

    cond: Tensor  # [1, 77 n, C], the encoders' states side by side
    pooled: Tensor  # [1, P], of the first chunk of the last encoder


@dataclass(frozen=True, eq=False)
class HookedSpan:
    """What hooks make of the text encoders for one span of the denoising."""

    span: tuple[float, float] | None  # shares of the denoising, 0 the noise; None: all of it, which needs no saying
    changes: Mapping[str, Sequence[Mapping[str, WeightChange]]]  # by the role's name; each by parameter

    @property
    def options(self) -> dict[str, float]:
        """What conditioning says of the span."""
        return {} if self.span is None else {"clip_start_percent": self.span[0], "clip_end_percent": self.span[1]}


@dataclass(frozen=True, eq=False)
class ClipHooks:
    """Hooks that a CLIP wears; see `models.adapters.clip_hooks`."""

    spans: Sequence[HookedSpan]  # at least one
    options: Mapping[str, Any]  # that conditioning gets with it


@dataclass(frozen=True, eq=False)
class Clip:
    """One or two text encoders that share a prompt. `with_*` methods give new handles to the same weights."""

    encoders: Sequence[TextEncoder]  # in the order in which their states are put side by side
    tokenizer: ClipTokenizer
    memory: DeviceMemory
    dtype: torch.dtype  # of the computation
    digest: str
    embeddings: Embeddings | None = None
    layer: int | None = None  # hidden state to stop at, -1 the last; None: the family's own
    patches: Mapping[str, Patches] = field(default_factory=dict[str, Patches])  # of encoders, by the role's name
    hooks: ClipHooks | None = None
    weighting: Weighting = "comfy"  # what weights of words do
    absence: str = "This checkpoint has no text encoder. Load one with CLIPLoader or DualCLIPLoader."

    def with_layer(self, stop_at_clip_layer: int | None) -> Clip:
        """A handle that takes the hidden state after another layer: -1 the last, -2 the one before, and so on.

        Raises:
            TextError: if the number is not negative.
        """
        if stop_at_clip_layer is not None and stop_at_clip_layer >= 0:
            raise TextError(f"A CLIP layer counts from the end: -1 is the last. {stop_at_clip_layer} is none.")
        return replace(self, layer=stop_at_clip_layer)

    def with_weighting(self, weighting: Weighting) -> Clip:
        """A handle that reads and applies the weights of words as another program does."""
        return replace(self, weighting=weighting)

    def with_embeddings(self, embeddings: Embeddings | None) -> Clip:
        """A handle whose prompts may name `embedding:...`, found in `embeddings`."""
        return replace(self, embeddings=embeddings)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, which all handles to the encoders share, and patches, for caches that add up bytes."""
        yield from memory_parts(*self.encoders)
        for patches in self.patches.values():
            yield from patches.memory_parts()
        for span in self.hooks.spans if self.hooks else ():
            for change in (one for several in span.changes.values() for by_name in several for one in by_name.values()):
                yield from change.memory_parts()

    def tokenize(self, text: str) -> Tokens:
        """The same prompt for every encoder."""
        return self._tokenize({encoder.role.name: text for encoder in self._present()})

    def tokenize_chunked(self, text: str) -> Tokens:
        """The same prompt for every encoder; the word BREAK in it ends a chunk of tokens and begins the next one."""
        parts = [self.tokenize(part) for part in chunks_of(text)]
        names = [encoder.role.name for encoder in self.encoders]
        chunks = {name: [chunk for part in parts for chunk in part[name]] for name in names}
        return Tokens(chunks, [warning for part in parts for warning in part.warnings])

    def tokenize_each(self, texts: Mapping[str, str]) -> Tokens:
        """A prompt for each encoder, such as {"g": "a fox", "l": "oil painting"}; the shorter is padded with chunks.

        Raises:
            TextError: if the texts are not for just the encoders that there are.
        """
        names = [encoder.role.name for encoder in self._present()]
        if sorted(names) != sorted(texts):
            raise TextError(
                f"A text for each of the encoders {', '.join(sorted(texts))} was given, but this CLIP has "
                f"{', '.join(sorted(names))}. Use the CLIP of an SDXL base checkpoint here, or CLIPTextEncode."
            )
        tokens = self._tokenize(texts)
        longest = max(map(len, tokens.values()))
        for encoder in self.encoders:
            chunks = tokens[encoder.role.name]
            chunks += [empty_chunk(encoder.role.pad)] * (longest - len(chunks))
        return tokens

    def encode(self, tokens: Mapping[str, list[Chunk]]) -> Conditioning:
        """Conditioning of tokenized prompts; of encoders with unlike numbers of chunks the surplus is dropped.

        What a token's weight does says `models.sdxl.prompt_weighting`.
        Of scheduled hooks those of the first span hold.
        """
        return self._encode_all(tokens, self.hooks.spans[0] if self.hooks else None)

    def encode_scheduled(self, tokens: Mapping[str, list[Chunk]]) -> Iterator[tuple[Conditioning, dict[str, Any]]]:
        """Conditioning with what its options say of hooks: once, or once for each span of scheduled hooks."""
        for span in self.hooks.spans if self.hooks else (None,):
            options = {**(span.options if span else {}), **(self.hooks.options if self.hooks else {})}
            yield self._encode_all(tokens, span), options

    def _encode_all(self, tokens: Mapping[str, list[Chunk]], span: HookedSpan | None) -> Conditioning:
        states: list[Tensor] = []
        pooled: Tensor | None = None
        for encoder in self._present():
            if encoder.role.name not in tokens:
                raise TextError(
                    f"The tokens lack those for the encoder {encoder.role.name!r}: they are of another model. Tokenize "
                    "the prompt with the CLIP that encodes it."
                )
            state, pooled = self._encode(encoder, tokens[encoder.role.name], self._patches(encoder, span))
            states.append(state)
        assert pooled is not None  # there is an encoder
        shortest = min(state.shape[1] for state in states)
        return Conditioning(torch.cat([state[:, :shortest] for state in states], dim=-1), pooled)

    def encode_text(self, text: str) -> Conditioning:
        """Tokenize and encode in one go."""
        return self.encode(self.tokenize(text))

    @torch.no_grad()
    def unprojected(self, text: str) -> Tensor:
        """The pooled output [1, width] of the last encoder before its projection; of a long text its beginning's."""
        encoder = self._present()[-1]
        ids, vectors = split_chunks(self.tokenize(text)[encoder.role.name][:1])
        with self.memory.computing(encoder, self._patches(encoder, self.hooks.spans[0] if self.hooks else None)):
            return encoder(ids.to(self.memory.device), encoder.role.layer, vectors).unprojected.float().cpu()

    def _present(self) -> Sequence[TextEncoder]:
        if not self.encoders:
            raise TextError(self.absence)
        return self.encoders

    def _patches(self, encoder: TextEncoder, span: HookedSpan | None) -> Patches:
        """The encoder's own changes, and after them those of hooks."""
        patches = self.patches.get(encoder.role.name, NO_PATCHES)
        for changes in span.changes.get(encoder.role.name, ()) if span else ():
            patches = patches.plus(changes)
        return patches

    def _tokenize(self, texts: Mapping[str, str]) -> Tokens:
        warnings: list[str] = []
        chunks = {
            encoder.role.name: self._prompts(encoder).chunks(texts[encoder.role.name], warnings.append)
            for encoder in self.encoders
        }
        return Tokens(chunks, warnings)

    def _prompts(self, encoder: TextEncoder) -> PromptTokenizer:
        embeddings, role, width = self.embeddings, encoder.role, encoder.config.width
        find = None if embeddings is None else lambda name: embeddings.vectors(name, role.name, width)
        return PromptTokenizer(self.tokenizer, role.pad, find, multiply=self.weighting != "comfy")

    @torch.no_grad()
    def _encode(self, encoder: TextEncoder, chunks: Sequence[Chunk], patches: Patches) -> tuple[Tensor, Tensor]:
        """Hidden states [1, 77 n, width] and pooled output [1, P] of n chunks, float32."""
        weights = torch.tensor([[weight for _, weight in chunk] for chunk in chunks])
        weighted = bool((weights != 1).any())
        with_empty = weighted and needs_empty_prompt(self.weighting)
        batch = [*chunks, empty_chunk(encoder.role.pad)] if with_empty else list(chunks)
        layer = encoder.role.layer if self.layer is None else self.layer
        states: list[Tensor] = []
        pooled: list[Tensor] = []
        with self.memory.computing(encoder, patches):
            for start in range(0, len(batch), BATCH):
                ids, vectors = split_chunks(batch[start : start + BATCH])
                encoded = encoder(ids.to(self.memory.device), layer, vectors)
                states.append(encoded.hidden.float().cpu())
                pooled.append(encoded.pooled.float().cpu())
        hidden = torch.cat(states)
        if weighted:
            empty = hidden[-1:] if with_empty else None
            hidden = weighted_states(hidden[: len(chunks)], weights, empty, self.weighting)
        return hidden.reshape(1, len(chunks) * CHUNK, -1), pooled[0][:1]


def split_chunks(chunks: Sequence[Chunk]) -> tuple[Tensor, dict[Place, Tensor]]:
    """Ids [n, 77], with 0 where a learned vector stands, and those vectors by their place."""
    ids = torch.zeros(len(chunks), CHUNK, dtype=torch.long)
    vectors: dict[Place, Tensor] = {}
    for row, chunk in enumerate(chunks):
        for column, (token, _) in enumerate(chunk):
            if isinstance(token, Tensor):
                vectors[row, column] = token
            else:
                ids[row, column] = token
    return ids, vectors
