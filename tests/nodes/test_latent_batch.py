"""Nodes that take batches of latents apart and join them: values, noise and masks stay together."""

import pytest
import torch

from models.sampling.noise import seeded_noise
from nodes.latent_batch import (
    latent_batch,
    latent_batch_seed_behavior,
    latent_from_batch,
    rebatch_latents,
    repeat_latent_batch,
)


def numbered(*values, side=2):
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1, 1, 1).expand(-1, 4, side, side).clone()


def numbers(latent):
    return latent["samples"][:, 0, 0, 0].tolist()


@pytest.mark.parametrize(
    "index, length, expected", [(0, 1, [0]), (1, 2, [1, 2]), (2, 64, [2, 3]), (63, 1, [3]), (63, 64, [3])]
)
def test_taking_out(index, length, expected):
    taken = latent_from_batch(samples={"samples": numbered(0, 1, 2, 3)}, batch_index=index, length=length)
    assert numbers(taken) == taken["batch_index"] == expected


def test_taking_out_of_what_was_taken_out_remembers_the_first_batch():
    first = latent_from_batch(samples={"samples": numbered(0, 1, 2, 3)}, batch_index=1, length=3)
    assert latent_from_batch(samples=first, batch_index=1, length=2)["batch_index"] == [2, 3]


def test_a_latent_taken_out_gets_the_noise_it_had_in_the_batch():
    taken = latent_from_batch(samples={"samples": numbered(0, 1, 2, 3)}, batch_index=2, length=1)
    noise = seeded_noise((1, 4, 2, 2), 5, taken["batch_index"])
    assert torch.equal(noise, seeded_noise((4, 4, 2, 2), 5, [0, 1, 2, 3])[2:3])


@pytest.mark.parametrize("masks, expected", [(1, [0]), (4, [2, 3]), (3, [2, 0]), (6, [2, 3])])
def test_masks_go_along(masks, expected):
    mask = torch.arange(float(masks)).reshape(-1, 1, 1, 1)
    taken = latent_from_batch(samples={"samples": numbered(0, 1, 2, 3), "noise_mask": mask}, batch_index=2, length=2)
    assert taken["noise_mask"].flatten().tolist() == expected


def test_repeating():
    repeated = repeat_latent_batch(samples={"samples": numbered(0, 1)}, amount=3)
    assert numbers(repeated) == [0, 1, 0, 1, 0, 1]
    assert "batch_index" not in repeated
    mask = torch.arange(2.0).reshape(2, 1, 1, 1)
    known = repeat_latent_batch(
        samples={"samples": numbered(0, 1), "noise_mask": mask, "batch_index": [3, 5]}, amount=3
    )
    assert known["batch_index"] == [3, 5, 6, 8, 9, 11]
    assert known["noise_mask"].flatten().tolist() == [0, 1, 0, 1, 0, 1]
    single = repeat_latent_batch(samples={"samples": numbered(0, 1), "noise_mask": mask[:1]}, amount=2)
    assert single["noise_mask"].shape[0] == 1


def test_joining():
    joined = latent_batch(samples1={"samples": numbered(0, 1)}, samples2={"samples": numbered(7, side=4)})
    assert numbers(joined) == [0, 1, 7]
    assert joined["batch_index"] == [0, 1, 0]
    assert joined["samples"].shape == (3, 4, 2, 2)


def test_the_same_noise_for_all_or_not():
    fixed = latent_batch_seed_behavior(samples={"samples": numbered(0, 1, 2), "batch_index": [4, 5, 6]})
    assert fixed["batch_index"] == [4, 4, 4]
    assert latent_batch_seed_behavior(samples={"samples": numbered(0, 1)})["batch_index"] == [0, 0]
    assert "batch_index" not in latent_batch_seed_behavior(samples=fixed, seed_behavior="random")


def test_rebatching():
    given = [{"samples": numbered(0, 1, 2)}, {"samples": numbered(3), "noise_mask": torch.zeros(1, 1, 2, 2)}]
    batches = rebatch_latents(latents=given, batch_size=[2])
    assert [numbers(batch) for batch in batches] == [[0, 1], [2, 3]]
    assert [batch["batch_index"] for batch in batches] == [[0, 1], [2, 0]]
    assert "noise_mask" not in batches[0]
    assert batches[1]["noise_mask"].mean(dim=(1, 2, 3)).tolist() == [1, 0]


def test_rebatching_keeps_the_mask_of_each_whatever_its_size():
    given = [
        {"samples": numbered(0), "noise_mask": torch.zeros(1, 1, 4, 4)},
        {"samples": numbered(1), "noise_mask": torch.full((1, 1, 8, 8), 0.5)},
        {"samples": numbered(2)},
    ]
    (batch,) = rebatch_latents(latents=given, batch_size=[3])
    assert batch["noise_mask"].shape == (3, 1, 4, 4)
    assert batch["noise_mask"].mean(dim=(1, 2, 3)).tolist() == [0, 0.5, 1]


def test_rebatching_does_not_mix_sizes():
    given = [{"samples": numbered(0)}, {"samples": numbered(1, side=4)}, {"samples": numbered(2, side=4)}]
    assert [numbers(batch) for batch in rebatch_latents(latents=given, batch_size=[8])] == [[0], [1, 2]]
