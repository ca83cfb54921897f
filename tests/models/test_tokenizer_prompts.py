"""Weight syntax, chunks and embeddings of prompts."""

import pytest
import torch

from models.sdxl.prompt_tokens import CHUNK, PromptTokenizer, empty_chunk, fill_chunks
from models.sdxl.prompt_weights import LIMIT, Segment, parse_weights
from models.sdxl.tokenizer import END_ID, START_ID, ClipTokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return ClipTokenizer()


@pytest.mark.parametrize(
    ("prompt", "segments"),
    [
        ("", []),
        ("plain", [("plain", 1.0)]),
        ("a (b) c", [("a ", 1.0), ("b", 1.1), (" c", 1.0)]),
        ("(a:1.3)", [("a", 1.3)]),
        ("(a (b:1.5) c:0.5)", [("a ", 0.5), ("b", 1.5), (" c", 0.5)]),
        ("((a):0.5)", [("a", 0.5 * 1.1)]),
        ("(a:-1)", [("a", -1.0)]),
        ("(a:b:2)", [("a:b", 2.0)]),
        ("(a: 2 )", [("a", 2.0)]),
        ("(a:nan)", [("a:nan", 1.1)]),
        ("(a:inf)", [("a:inf", 1.1)]),
        ("(a:1e30)", [("a", LIMIT)]),
        ("()", []),
        ("(:2)", [(":2", 1.1)]),
        (r"\(a\) (b\):1.2)", [("(a) ", 1.0), ("b)", 1.2)]),
        (r"\\(a)", [(r"\(a)", 1.0)]),
        ("(a", [("(a", 1.0)]),
        ("x (a", [("x ", 1.0), ("(a", 1.0)]),
        ("a)", [("a)", 1.0)]),
        ("a) (b)", [("a) (b)", 1.0)]),
        ("a) ((b) c)", [("a) (", 1.0), ("b", 1.1), (" c)", 1.0)]),
        ("((a)", [("(a", 1.1)]),
        ("((a:1.5)", [("(a", 1.5)]),
        ("(a) (b c)d", [("a", 1.1), (" ", 1.0), ("b c", 1.1), ("d", 1.0)]),
    ],
)
def test_weights(prompt, segments):
    assert parse_weights(prompt) == [Segment(*segment) for segment in segments]


def test_weights_multiply_by_nesting():
    assert parse_weights("((((a))))") == [Segment("a", 1.1 * 1.1 * 1.1 * 1.1)]


@pytest.mark.parametrize(
    "prompt",
    ["(" * 10_000 + "a" + ")" * 10_000, "(" * 10_000 + "a" + ")" * 9_999, "a" + ")" * 10_000 + "(" * 10_000],
    ids=["deep", "one unclosed", "inside out"],
)
def test_hostile_nesting_ends_with_a_finite_weight(prompt):
    segments = parse_weights(prompt)
    assert "a" in segments[0].text
    assert abs(segments[0].weight) <= LIMIT


def test_the_parser_is_linear():
    # each of these is quadratic for a parser that searches anew at every level: 10^10 steps
    for prompt in ("(:" * 100_000 + ")" * 100_000, "(" * 100_000 + "x:1" + ")" * 99_999, "((a:1.2)" * 100_000):
        assert parse_weights(prompt)


def words(count, start=1000):
    return [(number, 1.0) for number in range(start, start + count)]


def test_a_chunk_takes_75_tokens():
    (chunk,) = fill_chunks([words(75)], pad=0)
    assert len(chunk) == CHUNK
    assert chunk[0] == (START_ID, 1.0)
    assert chunk[-1] == (END_ID, 1.0)


def test_short_pieces_move_to_the_next_chunk_whole():
    first, second = fill_chunks([words(70), words(7, 5000)], pad=0)
    assert first == [(START_ID, 1.0), *words(70), (END_ID, 1.0), *[(0, 1.0)] * 5]
    assert second[:8] == [(START_ID, 1.0), *words(7, 5000)]


def test_long_pieces_are_cut():
    first, second = fill_chunks([words(70), words(8, 5000)], pad=0)
    assert first == [(START_ID, 1.0), *words(70), *words(5, 5000), (END_ID, 1.0)]
    assert second[:5] == [(START_ID, 1.0), *words(3, 5005), (END_ID, 1.0)]


def test_the_empty_prompt_is_one_chunk(tokenizer):
    assert PromptTokenizer(tokenizer, 0).chunks("", print) == [empty_chunk(0)]
    assert empty_chunk(0) == [(START_ID, 1.0), (END_ID, 1.0), *[(0, 1.0)] * 75]


VECTORS = {"cat": torch.full((2, 4), 0.5), "a,b": torch.ones(1, 4)}


def prompt_tokens(tokenizer, text):
    """Ids, and "V" for a learned vector, of the first chunk between start and end; and the warnings."""
    warnings = []
    (chunk,) = PromptTokenizer(tokenizer, 0, VECTORS.get).chunks(text, warnings.append)
    tokens = [("V" if isinstance(token, torch.Tensor) else token, weight) for token, weight in chunk]
    return tokens[1 : tokens.index((END_ID, 1.0))], warnings


def test_embedding_among_words(tokenizer):
    found, warnings = prompt_tokens(tokenizer, "a embedding:cat b")
    assert found == [(320, 1.0), ("V", 1.0), ("V", 1.0), (321, 1.0)]
    assert not warnings


def test_embedding_has_the_weight_of_its_brackets(tokenizer):
    assert prompt_tokens(tokenizer, "(embedding:cat:1.3)")[0] == [("V", 1.3), ("V", 1.3)]


def test_embedding_ends_before_a_comma(tokenizer):
    assert prompt_tokens(tokenizer, "embedding:cat, b")[0] == [("V", 1.0), ("V", 1.0), (267, 1.0), (321, 1.0)]
    assert prompt_tokens(tokenizer, "embedding:a,b")[0] == [("V", 1.0)]


def test_a_missing_embedding_is_left_out_with_a_warning(tokenizer):
    found, warnings = prompt_tokens(tokenizer, "a embedding:dog b")
    assert found == [(320, 1.0), (321, 1.0)]
    assert len(warnings) == 1
    assert "'dog'" in warnings[0]


def test_embedding_in_the_middle_of_a_word_or_in_capitals_is_text(tokenizer):
    assert ("V", 1.0) not in prompt_tokens(tokenizer, "xembedding:cat")[0]
    assert ("V", 1.0) not in prompt_tokens(tokenizer, "Embedding:cat")[0]


def test_lone_surrogates_do_no_harm(tokenizer):
    assert tokenizer.ids("a \ud800 b") == tokenizer.ids("a \ufffd\ufffd\ufffd b")


def test_special_tokens_in_a_prompt(tokenizer):
    assert tokenizer.ids("a <|endoftext|> b") == [320, END_ID, 321]
