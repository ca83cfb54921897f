"""The bundled embedding: a word that was learned from pictures stands for a purple ring, on any ground."""

from __future__ import annotations

from models.adapters.embeddings import EmbeddingFolders
from models.training.embedding import COLOUR, FILE, GROUNDS, SHAPE, prompt
from models.training.judge import look
from tests.bundled.painting import FOLDER, load_pair, pictures, run, start


def test_the_word_draws_what_it_was_learned_from():
    base, _ = load_pair()
    known = base._replace(clip=base.clip.with_embeddings(EmbeddingFolders(((FOLDER / FILE).parent,))))
    captions = [prompt(ground) for ground in GROUNDS]
    drawn = [look(picture) for picture in pictures(known, run(known, captions, *start(len(captions)), steps=12))]
    right = [(v.colour, v.shape, v.background) == (COLOUR, SHAPE, g) for v, g in zip(drawn, GROUNDS, strict=True)]
    assert sum(right) >= len(GROUNDS) - 1, drawn
    strange = [look(picture) for picture in pictures(base, run(base, captions, *start(len(captions)), steps=12))]
    assert sum((v.colour, v.shape) == (COLOUR, SHAPE) for v in strange) <= 1  # without the file it is a word like any


def test_the_file_is_small():
    assert (FOLDER / FILE).stat().st_size < 2_000
