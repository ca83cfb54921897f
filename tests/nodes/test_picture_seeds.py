"""Pictures of a batch that are made again one by one, to the same values, whatever the sampler."""

import pytest
import torch
from torch.testing import assert_close

from nodes.custom_sampling.picture_seeds import latent_seeds
from nodes.latent import empty_latent_image, set_latent_noise_mask
from nodes.latent_batch import latent_from_batch, rebatch_latents, repeat_latent_batch
from nodes.loaders import checkpoint_loader
from nodes.sampling import ksampler, seeds_for
from nodes.text import clip_text_encode


@pytest.fixture
def draw(models):
    loaded = checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)
    prompts = {name: clip_text_encode(text=name, clip=loaded.CLIP, ctx=models.ctx) for name in ("positive", "negative")}

    def run(latent, *, seed=100, sampler="euler"):
        settings = {"steps": 4, "cfg": 3.0, "sampler_name": sampler, "scheduler": "karras", "seed": seed}
        return ksampler(model=loaded.MODEL, **prompts, **settings, latent_image=latent, ctx=models.ctx)["samples"]

    return run


def blank(batch=1, width=64):
    return empty_latent_image(width=width, height=64, batch_size=batch)


@pytest.mark.parametrize("width", [64, 72])
@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "dpmpp_2m_sde", "ddim", "sa_solver"])
def test_each_picture_is_that_of_its_own_seed(draw, sampler, width):
    batch = latent_seeds(samples=blank(3, width))
    pictures = draw(batch, sampler=sampler)
    assert not torch.allclose(pictures[0], pictures[1], atol=1.0)
    for place in range(3):
        alone = draw(blank(1, width), seed=100 + place, sampler=sampler)
        assert_close(alone[0], pictures[place], rtol=1e-4, atol=1e-3)
        taken = latent_from_batch(samples=batch, batch_index=place, length=1)
        assert torch.equal(draw(taken, sampler=sampler), alone)


def test_masks_and_smaller_batches_keep_the_seeds(draw, bench):
    mask = torch.zeros(1, 64, 64)
    mask[..., 32:] = 1
    batch = latent_seeds(samples=set_latent_noise_mask(samples=blank(3), mask=mask, ctx=bench.ctx), step=5)
    whole = draw(batch, sampler="ddim")
    small = rebatch_latents(latents=[batch], batch_size=[2])
    assert_close(torch.cat([draw(one, sampler="ddim") for one in small]), whole, rtol=1e-4, atol=1e-3)
    assert [seeds_for(one, 100) for one in small] == [[100, 105], [110]]


def test_seeds_wrap_and_a_changed_batch_has_none():
    batch = latent_seeds(samples=blank(2))
    assert seeds_for(batch, 2**64 - 1) == [2**64 - 1, 0]
    assert seeds_for(repeat_latent_batch(samples=batch, amount=2), 7) == 7
    assert seeds_for(blank(2), 7) == 7
