"""From a prompt to what an encoder reads: chunks of 77 weighted tokens, with learned vectors among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from models.sdxl.prompt_weights import parse_weights
from models.sdxl.tokenizer import END_ID, START_ID, ClipTokenizer

CHUNK = 77  # tokens that an encoder reads at once, with start and end
KEPT_TOGETHER = 7  # tokens; a longer piece may be cut at the end of a chunk

Token = int | Tensor  # an id, or a learned vector [width]
WeightedToken = tuple[Token, float]
Chunk = list[WeightedToken]

FindVectors = Callable[[str], Tensor | None]
"""The name of an embedding -> its vectors [n, width]; None if it does not exist. Raises EmbeddingMisfit."""
Warn = Callable[[str], None]

QUOTED = 60  # characters of a prompt in a message


class EmbeddingMisfit(ValueError):
    """An embedding for other encoders; the message is the end of a sentence that begins with its name."""


_MARK = "embedding:"
_MARKED = re.compile(rf"[ \n](?={_MARK})")


@dataclass(frozen=True)
class PromptTokenizer:
    """Tokenizes prompts for one encoder. `pad` fills the last chunk; without `find_vectors` embeddings are words.

    `multiply`: a number in brackets multiplies the weight of the brackets around it, instead of replacing it.
    """

    tokenizer: ClipTokenizer
    pad: int
    find_vectors: FindVectors | None = None
    multiply: bool = False

    def chunks(self, prompt: str, warn: Warn) -> list[Chunk]:
        """At least one chunk of 77 (token, weight). Missing embeddings are left out and reported to `warn`."""
        return fill_chunks(list(self._pieces(prompt, warn)), self.pad)

    def _pieces(self, prompt: str, warn: Warn) -> Iterator[list[WeightedToken]]:
        for segment in parse_weights(prompt, multiply=self.multiply):
            for words in _MARKED.split(segment.text):
                rest = words
                if self.find_vectors is not None and words.startswith(_MARK):
                    told = partial(_tell, prompt, warn)
                    vectors, rest = self._embedding(words.removeprefix(_MARK), self.find_vectors, told)
                    if vectors is not None:
                        yield [(vector, segment.weight) for vector in vectors]
                yield [(number, segment.weight) for number in self.tokenizer.ids(rest)]

    def _embedding(self, text: str, find: FindVectors, tell: Callable[[str, str], None]) -> tuple[Tensor | None, str]:
        """The vectors of the name that begins the text, and the text after it. Commas may follow the name directly."""
        name, rest = [*text.split(maxsplit=1), "", ""][:2]
        bare = name.rstrip(",")
        try:
            vectors = find(name) if name else None
            if vectors is None and bare != name:
                vectors, rest = find(bare), f"{name[len(bare) :]} {rest}"
        except EmbeddingMisfit as error:
            tell(bare, f"does not fit: {error}.")
            return None, rest
        if vectors is None and name:
            tell(
                bare,
                "was not found, so it is left out. Put its file into the folder models/embeddings, or take it out of "
                "the prompt.",
            )
        return vectors, rest


def _tell(prompt: str, warn: Warn, name: str, what: str) -> None:
    """Warn about an embedding that a prompt names."""
    start = prompt if len(prompt) <= QUOTED else f"{prompt[:QUOTED]}..."
    warn(f"The embedding {name!r}, which the prompt {start!r} names, {what}")


def embedding_names(prompt: str) -> list[str]:
    """The names that a prompt may mean after `embedding:`, each as it is written and without commas at its end."""
    names: dict[str, None] = {}
    for segment in parse_weights(prompt):
        for words in _MARKED.split(segment.text):
            name = next(iter(words.removeprefix(_MARK).split(maxsplit=1)), "") if words.startswith(_MARK) else ""
            names |= dict.fromkeys(filter(None, (name, name.rstrip(","))))
    return list(names)


def fill_chunks(pieces: Sequence[list[WeightedToken]], pad: int) -> list[Chunk]:
    """Lay pieces of weighted tokens into chunks of 77: start, up to 75 tokens, end, padding.

    A piece of at most 7 tokens that does not fit begins the next chunk; a longer one is cut.
    """
    chunks: list[Chunk] = []
    current: Chunk = [(START_ID, 1.0)]
    for piece in pieces:
        left = piece
        while len(current) + len(left) > CHUNK - 1:
            room = CHUNK - 1 - len(current) if len(piece) > KEPT_TOGETHER else 0
            current.extend(left[:room])
            left = left[room:]
            chunks.append(_closed(current, pad))
            current = [(START_ID, 1.0)]
        current.extend(left)
    chunks.append(_closed(current, pad))
    return chunks


def empty_chunk(pad: int) -> Chunk:
    """The one chunk of the empty prompt."""
    return _closed([(START_ID, 1.0)], pad)


def _closed(tokens: Chunk, pad: int) -> Chunk:
    return [*tokens, (END_ID, 1.0), *[(pad, 1.0)] * (CHUNK - 1 - len(tokens))]
