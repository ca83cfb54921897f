"""Patches that make large pictures faster: self-attention within tiles, and merged tokens."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from models.attention import attention
from models.patches.hypertile import HyperTile
from models.patches.token_merging import Merger, TokenMerging, pick_targets
from models.sdxl.network_patches import QKV
from tests.models.small_models import relative
from tests.models.test_guidance import latent
from tests.models.test_patches_network import SD15, guided, made, spot, tiles

# HyperTile


@pytest.mark.parametrize(("size", "tile", "grid"), [((8, 12), 32, (2, 3)), ((6, 10), 32, (1, 2)), ((9, 7), 32, (1, 1))])
def test_tiles_attend_to_themselves(size, tile, grid):
    height, width = size
    tokens = torch.randn(2, height * width, 32, generator=torch.Generator().manual_seed(1))
    found = tiles(tile).around(
        "self", QKV(tokens, tokens, tokens), spot(size, size), lambda one: attention(*one, heads=2)
    )
    expected = torch.empty(2, height, width, 32)
    rows, columns = height // grid[0], width // grid[1]
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            inside = (slice(None), slice(top, top + rows), slice(left, left + columns))
            part = tokens.unflatten(1, size)[inside].flatten(1, 2)
            expected[inside] = attention(part, part, part, 2).unflatten(1, (rows, columns))
    torch.testing.assert_close(found.unflatten(1, size), expected)


def test_tiles_are_for_attention_of_features_to_themselves_down_to_a_level():
    asked = []

    class Noting(HyperTile):
        def around(self, which, tokens, spot, rest):
            def noted(one):
                asked.append((which, spot.size, len(one.q) // 2, one.q.shape[1], one.k.shape[1]))
                return rest(one)

            return super().around(which, tokens, spot, noted)

    for deepest in (1, 2):
        asked.clear()
        guided(made().with_tweak("HyperTile", network=(Noting(64, 2, deepest, False),)), latent(32, 64))
        level_2 = (2, 8 * 8, 8 * 8) if deepest == 2 else (1, 8 * 16, 8 * 16)
        assert set(asked) == {
            ("self", (16, 32), 8, 8 * 8, 8 * 8),
            ("self", (8, 16), *level_2),
            ("cross", (16, 32), 1, 16 * 32, 77),
            ("cross", (8, 16), 1, 8 * 16, 77),
        }


def test_tiles_may_be_larger_on_deeper_levels():
    size = (16, 16)
    seen = []

    def noted(one):
        seen.append(one.q.shape[:2])
        return one.q

    tokens = QKV(*torch.zeros(3, 1, 256, 4))
    for by_level in (False, True):
        HyperTile(64, 1, 1, by_level).around("self", tokens, spot(size, (32, 32)), noted)
    assert seen == [(4, 64), (1, 256)]


def test_ways_of_cutting_change_from_step_to_step_and_are_the_same_in_each_run():
    tokens = QKV(*torch.zeros(3, 1, 24 * 24, 4))

    def cuts():
        seen = []
        for sigma in range(1, 30):
            change = HyperTile(32, 4, 0, False)  # 4, 6, 8 or 12 features a side; the last is never taken
            change.around(
                "self", tokens, spot((24, 24), (24, 24), sigma=sigma), lambda one: seen.append(len(one.q)) or one.q
            )
        return seen

    assert cuts() == cuts()
    assert set(cuts()) == {a * b for a in (6, 4, 3) for b in (6, 4, 3)}


# token merging


def test_targets_are_one_in_each_whole_cell():
    targets = pick_targets((7, 10), 3)
    assert len(targets) == 3 * 5
    cells = {(int(t) // 10 // 2, int(t) % 10 // 2) for t in targets}
    assert cells == {(row, column) for row in range(3) for column in range(5)}
    assert not torch.equal(targets, pick_targets((7, 10), 4))


def test_the_tokens_most_like_a_target_are_averaged_into_it_and_get_its_answer():
    size, count = (6, 6), 11
    tokens = torch.randn(2, 36, 8, generator=torch.Generator().manual_seed(1))
    targets = pick_targets(size, 0)
    merger = Merger.of(tokens, targets, count)
    merged = merger.merged(tokens)
    assert merged.shape == (2, 25, 8)
    answers = merger.unmerged(merged * 10)
    others = [n for n in range(36) if n not in set(targets.tolist())]
    for entry in range(2):
        likeness = F.cosine_similarity(tokens[entry][others][:, None], tokens[entry][targets][None], dim=-1)
        best, where = likeness.max(1)
        gone = sorted(range(len(others)), key=lambda n: -best[n])[:count]
        groups = {int(t): [int(t)] for t in targets}
        for n in gone:
            groups[int(targets[where[n]])].append(others[n])
        expected = tokens[entry].clone()
        for members in groups.values():
            expected[members] = tokens[entry][members].mean(0)
        torch.testing.assert_close(answers[entry], expected * 10)


def test_merging_shortens_the_queries_where_features_are_as_large_as_the_latents():
    seen = []

    class Noting(TokenMerging):
        def around(self, which, tokens, spot, rest):
            def noted(one):
                seen.append((which, spot.size, one.q.shape[1], one.k.shape[1]))
                return rest(one)

            return super().around(which, tokens, spot, noted)

    whole, x = made(SD15), latent(15, 18)
    found = guided(whole.with_tweak("ToMe", network=(Noting(0.4),)), x)
    assert set(seen) == {
        ("self", (15, 18), 270 - 108, 270),
        ("cross", (15, 18), 270, 77),
        ("self", (8, 9), 72, 72),
        ("cross", (8, 9), 72, 77),
    }
    assert 1e-4 < relative(found, guided(whole, x)) < 0.5
    assert torch.equal(found, guided(whole.with_tweak("ToMe", network=(TokenMerging(0.4),)), x))
    everything = guided(whole.with_tweak("ToMe", network=(TokenMerging(1.0),)), x)
    assert torch.isfinite(everything).all()
