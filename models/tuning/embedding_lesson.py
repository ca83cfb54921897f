"""Learning a word: vectors that stand for it in prompts (textual inversion, Gal et al., arXiv 2208.01618)."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from models.export.stream import write_tensors
from models.export.tensors import of_tensor, total_size
from models.sdxl.text import Clip, Embeddings
from models.sdxl.text_encoder import TextEncoder
from models.tuning.errors import TuningError
from models.tuning.lesson import Product, Told, Values
from models.tuning.prompts import Word
from models.tuning.settings import EmbeddingSettings
from models.types import Model


@dataclass(frozen=True)
class _Learned:
    """The word's vectors, beside all other embeddings."""

    name: str
    values: Values
    others: Embeddings | None

    def vectors(self, name: str, encoder: str, width: int) -> Tensor | None:
        """Those of the word, or of another embedding."""
        if name == self.name:
            return self.values[f"clip_{encoder}"].detach().float().cpu()
        return None if self.others is None else self.others.vectors(name, encoder, width)


class EmbeddingLesson:
    """One word's vectors for every text encoder; the networks never change."""

    reads_text = True

    def __init__(self, model: Model, clip: Clip, settings: EmbeddingSettings, name: str) -> None:
        self._model, self._clip, self._name = model, clip, name
        self.word = Word(settings.word or name, settings.vectors)
        ids = clip.tokenizer.ids(settings.start)
        if not ids:
            raise TuningError(
                "embedding.start has no words in it. Name what the new word is like, such as 'object' or 'painting'."
            )
        self._vectors = {
            f"clip_{encoder.role.name}": nn.Parameter(_beginning(encoder, ids, settings.vectors, clip))
            for encoder in clip.encoders
        }

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """`clip_l` and `clip_g`."""
        return self._vectors

    @property
    def of_text(self) -> frozenset[str]:
        """None: they learn at the main rate."""
        return frozenset()

    def vectors(self) -> Mapping[str, Tensor]:
        """By the encoders' roles."""
        return {name.removeprefix("clip_"): value for name, value in self._vectors.items()}

    def learning(self) -> nullcontext[None]:
        """Nothing is to be done: captions carry the vectors."""
        return nullcontext()

    @contextmanager
    def showing(self, values: Values) -> Generator[tuple[Model, Clip]]:
        """The word is an embedding of the job's name."""
        yield self._model, self._clip.with_embeddings(_Learned(self._name, values, self._clip.embeddings))

    def prompt(self, text: str) -> str:
        """With `embedding:name` for the word."""
        mark = f"embedding:{self._name}"
        return text if mark in text else " ".join(text.replace(self.word.text, f" {mark} ").split())

    def product(self, values: Values, told: Told) -> Product:
        """A file that prompts name by `embedding:`; float32, for it is small."""
        tensors = {name: of_tensor(value.detach().cpu().float().contiguous()) for name, value in values.items()}
        notes = {"format": "pt", "modelspec.title": told.title, "weft.training.steps": str(told.steps)}
        return Product(
            "embeddings", ".safetensors", total_size(tensors), partial(write_tensors, tensors=tensors, metadata=notes)
        )


def _beginning(encoder: TextEncoder, ids: list[int], count: int, clip: Clip) -> Tensor:
    """The vectors of words, over and over until there are enough."""
    name = next(one for one, _ in encoder.named_parameters() if one.endswith("token_embedding.weight"))
    table = clip.memory.at_home(encoder.get_parameter(name))
    rows = torch.tensor([ids[index % len(ids)] for index in range(count)])
    return table[rows].detach().clone().to(clip.memory.device, torch.float32)
