"""What is learned from, ready for batches: pictures' latents and captions' embeddings, each computed once and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from folders.digest import file_digest
from models.checkpoint import Checkpoint
from models.sdxl.conditioning import EMBEDDING_WIDTH, label_vector
from models.tuning.events import Preparing
from models.tuning.kept import Kept, key_of
from models.tuning.order import Order, Slot
from models.tuning.pictures import Example, framed
from models.tuning.processes import Processes
from models.tuning.prompts import Caption, Prompts, Word, encode, padded, tokenize
from models.tuning.settings import Settings
from models.types import Model
from models.vae_codec import encode_image


@dataclass(frozen=True)
class Batch:
    """Pictures of one size, in main memory."""

    latents: Tensor  # [B, 4, h, w] in the model's units
    captions: Sequence[Caption]  # of one length
    prompts: Prompts | None  # None where captions are encoded at every step
    sizes: Tensor | None  # [B, n] of the label vector; None for models without one

    def part(self, rows: slice) -> Batch:
        """Some of its pictures."""
        prompts = self.prompts and Prompts(self.prompts.context[rows], self.prompts.pooled[rows])
        sizes = None if self.sizes is None else self.sizes[rows]
        return Batch(self.latents[rows], self.captions[rows], prompts, sizes)


class Material:
    """Examples with all that is known of them. `prepare` must have run to its end before `batch`."""

    def __init__(
        self,
        settings: Settings,
        examples: Sequence[Example],
        checkpoint: Checkpoint,
        kept: Path,
        word: Word | None,
        reads_text: bool,
    ) -> None:
        self._examples, self._checkpoint = examples, checkpoint
        self._reads_text = reads_text
        self._latents, self._texts = Kept(kept / "latents"), Kept(kept / "texts")
        limit = settings.data.tokens
        self._captions = [tokenize(checkpoint.clip, one.caption, limit, word) for one in examples]
        self._empty = tokenize(checkpoint.clip, "", limit)
        self._digests = [file_digest(one.path) for one in examples]
        self._sizes = [_sizes(checkpoint.model, one) for one in examples]
        self._keys = [self._latent_key(one, digest) for one, digest in zip(examples, self._digests, strict=True)]
        groups = [(one.framing.bucket, caption.length) for one, caption in zip(examples, self._captions, strict=True)]
        train = settings.train
        self.order = Order(
            groups, [one.repeats for one in examples], train.batch_size, train.seed, settings.data.caption_dropout
        )
        self.cut = [one.name for one, caption in zip(examples, self._captions, strict=True) if not caption.whole]

    @property
    def digest(self) -> str:
        """Of everything that is learned from."""
        rows = zip(self._examples, self._digests, strict=True)
        return key_of([[one.name, digest, one.caption, one.repeats, asdict(one.framing)] for one, digest in rows])

    @property
    def to_keep(self) -> int:
        """Bytes on disk that latents and embeddings still need, about."""
        latents = sum(
            4 * 4 * one.framing.bucket.width * one.framing.bucket.height // 64
            for one, key in zip(self._examples, self._keys, strict=True)
            if not self._latents.has(key)
        )
        config = self._checkpoint.model.config
        chunks = sum(caption.length for key, caption in self._text_keys().items() if not self._texts.has(key))
        return latents + chunks * 77 * config.context_dim * 4

    def prepare(self, processes: Processes) -> Iterator[Preparing]:
        """Compute what is not kept yet; each process does its share of it."""
        pictures = list(zip(self._examples, self._keys, strict=True))
        for number, (example, key) in enumerate(pictures[processes.rank :: processes.size]):
            yield Preparing("pictures", number * processes.size, len(pictures))
            self._latents.make(key, partial(self._encode_picture, example))
        texts = list(self._text_keys().items())
        for number, (key, caption) in enumerate(texts[processes.rank :: processes.size]):
            yield Preparing("captions", number * processes.size, len(texts))
            self._texts.make(key, partial(self._encode_caption, caption))
        processes.wait()

    def batch(self, number: int) -> Batch:
        """Batch `number` of all epochs."""
        slots = self.order.batch(number)
        latents = torch.cat([self._latents.read(self._keys[slot.example])["latents"] for slot in slots])
        captions = [self._caption(slot) for slot in slots]
        sizes = [self._sizes[slot.example] for slot in slots]
        kept_sizes = [one for one in sizes if one is not None]
        prompts = None if self._reads_text else self._prompts(captions)
        model = self._checkpoint.model
        return Batch(model.scaled(latents), captions, prompts, torch.cat(kept_sizes) if kept_sizes else None)

    def _caption(self, slot: Slot) -> Caption:
        own = self._captions[slot.example]
        return padded(self._checkpoint.clip, self._empty, own.length) if slot.dropped else own

    def _prompts(self, captions: Sequence[Caption]) -> Prompts:
        read = [self._texts.read(self._text_key(one)) for one in captions]
        return Prompts(torch.cat([one["context"] for one in read]), torch.cat([one["pooled"] for one in read]))

    def _latent_key(self, example: Example, digest: str) -> str:
        vae = self._checkpoint.vae
        return key_of("latents", vae.digest, str(vae.dtype), digest, asdict(example.framing))

    def _text_keys(self) -> Mapping[str, Caption]:
        if self._reads_text:
            return {}
        clip = self._checkpoint.clip
        nothing = [padded(clip, self._empty, one.length) for one in self._captions]
        return {self._text_key(one): one for one in [*self._captions, *nothing]}

    def _text_key(self, caption: Caption) -> str:
        clip = self._checkpoint.clip
        return key_of("text", clip.digest, str(clip.dtype), clip.layer, dict(caption.chunks))

    def _encode_picture(self, example: Example) -> dict[str, Tensor]:
        pixels = framed(example.path, example.name, example.framing)
        return {"latents": encode_image(self._checkpoint.vae, pixels)}

    @torch.no_grad()
    def _encode_caption(self, caption: Caption) -> dict[str, Tensor]:
        made = encode_on_device(self._checkpoint, caption)
        return {"context": made.context, "pooled": made.pooled}


def encode_on_device(checkpoint: Checkpoint, caption: Caption) -> Prompts:
    """One caption, with the encoders brought to the device."""
    clip = checkpoint.clip
    if len(clip.encoders) == 1:
        with clip.memory.resident(clip.encoders[0]):
            return encode(clip, [caption])
    first, second = clip.encoders
    with clip.memory.resident(first), clip.memory.resident(second):
        return encode(clip, [caption])


def _sizes(model: Model, example: Example) -> Tensor | None:
    """The part [1, n] of the label vector that tells a picture's true size and where it was cut."""
    framing = example.framing
    options = {
        "height": framing.original.height,
        "width": framing.original.width,
        "crop_h": framing.top,
        "crop_w": framing.left,
        "target_height": framing.bucket.height,
        "target_width": framing.bucket.width,
    }
    latent = (framing.bucket.height // 8, framing.bucket.width // 8)
    label = label_vector(model, options, latent_size=latent, negative=False)
    numbers = 5 if model.family == "sdxl_refiner" else 6
    return None if label is None else label[:, -numbers * EMBEDDING_WIDTH :]
