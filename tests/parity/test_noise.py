"""Seeded noise against the peer's, bit for bit (`golden/math/noise.safetensors`), and against torchsde."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.sampling.brownian import brownian_noise
from models.sampling.noise import seeded_noise

GOLDEN = Path(__file__).parents[3] / "shared/reference/golden/math/noise.safetensors"
EXPECTED = load_file(GOLDEN) if GOLDEN.is_file() else {}


@pytest.mark.skipif(not EXPECTED, reason="the reference data (../shared/reference) is not on this machine")
def test_every_kind_of_noise_is_given():
    assert any("batchinds" in key for key in EXPECTED)
    assert any(key.startswith("seed_18446744073709551615") for key in EXPECTED)


@pytest.mark.parametrize("key", EXPECTED)
def test_seeded_noise(key):
    seed, indices, shape = re.fullmatch(r"seed_(\d+)(?:_batchinds_([\d_]+))?_(\d+(?:x\d+)+)", key).groups()
    batch_index = [int(index) for index in indices.split("_")] if indices else None
    ours = seeded_noise([int(size) for size in shape.split("x")], int(seed), batch_index)
    assert torch.equal(ours, EXPECTED[key])


@pytest.mark.parametrize("seed", [0, 42, 2**64 - 1])
def test_brownian_noise_follows_the_path_of_torchsde(seed):
    torchsde = pytest.importorskip("torchsde", reason="torchsde is a reference for tests only and is not installed")
    levels = [14.6146, 7.9029, 4.0277, 1.9104, 0.8289, 0.3211, 0.1072, 0.0292]
    x = torch.zeros(2, 4, 6, 5)
    ours = brownian_noise(x, torch.tensor([*levels, 0.0], dtype=torch.float64), seed)
    tree = torchsde.BrownianTree(levels[-1], x, levels[0], entropy=seed)
    for sigma, sigma_next in pairwise(levels):
        expected = -tree(sigma_next, sigma) / (sigma - sigma_next) ** 0.5
        error = (ours(sigma, sigma_next) - expected).norm() / expected.norm()
        assert error < 1e-5
