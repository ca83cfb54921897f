"""Pictures to latents and back, with a small random VAE."""

import shutil

import pytest
import torch

from execution.node import Context, NodeInputError
from models.vae_codec import decode_latent, decode_latent_tiled, encode_image, encode_image_tiled
from nodes import vae as nodes
from nodes.loaders import checkpoint_loader, vae_loader


@pytest.fixture
def vae(models):
    return vae_loader(vae_name="vae.safetensors", ctx=models.ctx)


def random(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_encoding_and_decoding(vae):
    image = random(2, 32, 48, 3)
    latent = nodes.vae_encode(pixels=image, vae=vae)
    assert torch.equal(latent["samples"], encode_image(vae, image)) and latent["samples"].shape == (2, 4, 4, 6)
    assert list(latent) == ["samples"]
    decoded = nodes.vae_decode(samples=latent, vae=vae)
    assert torch.equal(decoded, decode_latent(vae, latent["samples"])) and decoded.shape == (2, 32, 48, 3)


def test_in_tiles(vae):
    image = random(1, 96, 128, 3)
    latent = nodes.vae_encode_tiled(pixels=image, vae=vae, tile_size=64, overlap=32)
    assert torch.equal(latent["samples"], encode_image_tiled(vae, image, 64, 32))
    decoded = nodes.vae_decode_tiled(samples=latent, vae=vae, tile_size=64, overlap=32)
    assert torch.equal(decoded, decode_latent_tiled(vae, latent["samples"], 64, 32))


def test_encoding_for_inpainting_hides_what_the_mask_covers(vae):
    image = random(1, 32, 32, 3)
    mask = torch.zeros(1, 32, 32)
    mask[:, 8:16, 8:16] = 1
    latent = nodes.vae_encode_for_inpaint(pixels=image, vae=vae, mask=mask, grow_mask_by=0, ctx=Context())
    hidden = image.clone()
    hidden[:, 8:16, 8:16] = 0.5
    assert torch.allclose(latent["samples"], encode_image(vae, hidden), atol=1e-6)
    assert torch.equal(latent["noise_mask"], mask[:, None])
    grown = nodes.vae_encode_for_inpaint(pixels=image, vae=vae, mask=mask, grow_mask_by=6, ctx=Context())
    assert torch.equal(grown["samples"], latent["samples"])
    assert grown["noise_mask"].sum() == 13 * 13
    assert grown["noise_mask"][0, 0, 6:19, 6:19].eq(1).all()


@pytest.mark.parametrize("pictures, masks", [(3, 2), (1, 2), (2, 1)])
def test_encoding_for_inpainting_takes_batches_of_unlike_sizes(vae, pictures, masks):
    mask = torch.zeros(masks, 16, 16)
    mask[0, :8] = 1
    latent = nodes.vae_encode_for_inpaint(
        pixels=random(pictures, 16, 16, 3), vae=vae, mask=mask, grow_mask_by=0, ctx=Context()
    )
    assert latent["samples"].shape == (pictures, 4, 2, 2)


def test_encoding_for_inpainting_rounds_masks_and_cuts_odd_sides_evenly(vae):
    image = random(1, 36, 44, 3)
    latent = nodes.vae_encode_for_inpaint(
        pixels=image, vae=vae, mask=torch.full((1, 18, 22), 0.4), grow_mask_by=3, ctx=Context()
    )
    assert latent["samples"].shape == (1, 4, 4, 5)
    assert latent["noise_mask"].shape == (1, 1, 32, 40) and latent["noise_mask"].eq(0).all()
    assert torch.allclose(latent["samples"], encode_image(vae, image[:, 2:34, 2:42]), atol=1e-6)


def test_latents_of_another_kind_are_refused(vae):
    with pytest.raises(NodeInputError, match="goes with the model") as error:
        nodes.vae_decode(samples={"samples": torch.zeros(1, 16, 4, 4)}, vae=vae)
    assert error.value.input_name == "samples"
    with pytest.raises(NodeInputError, match="too small") as error:
        nodes.vae_encode(pixels=torch.zeros(1, 4, 4, 3), vae=vae)
    assert error.value.input_name == "pixels"


def test_a_checkpoint_without_a_vae_is_told(models, model_files):
    folder = models.workspace.root / "models" / "checkpoints"
    folder.mkdir(parents=True)
    shutil.copy(model_files / "diffusion_models" / "unet.safetensors", folder / "bare.safetensors")
    absent = checkpoint_loader(ckpt_name="bare.safetensors", ctx=models.ctx).VAE
    with pytest.raises(NodeInputError, match=r"bare\.safetensors has no VAE.*VAELoader") as error:
        nodes.vae_decode(samples={"samples": torch.zeros(1, 4, 2, 2)}, vae=absent)
    assert error.value.input_name == "vae"
