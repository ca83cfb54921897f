"""Pictures through the VAE: crops, channels, batches and tiles."""

import dataclasses

import pytest
import torch
from torch import nn

from models.memory import DeviceMemory
from models.sdxl.config import VAEConfig
from models.tiling import tiled
from models.types import Vae
from models.vae_codec import (
    VaeInputError,
    decode_latent,
    decode_latent_tiled,
    encode_image,
    encode_image_tiled,
)


class Pooling(nn.Module):
    """A VAE without learning: means of 8x8 pixels, and back. It sees nothing beyond a tile's border."""

    def __init__(self, largest=None):
        super().__init__()
        self.largest = largest
        self.batches = []

    def encode(self, pixels):
        self._note(pixels, 1)
        mean = nn.functional.avg_pool2d(pixels, 8)
        return torch.cat([mean, mean[:, :1]], dim=1)

    def decode(self, latent):
        self._note(latent, 8)
        return nn.functional.interpolate(latent[:, :3], scale_factor=8)

    def _note(self, x, scale):
        self.batches.append(tuple(x.shape))
        if self.largest is not None and max(x.shape[-2:]) * scale > self.largest:
            raise torch.OutOfMemoryError("too large")


@pytest.fixture
def vae():
    return Vae(Pooling(), VAEConfig(), DeviceMemory.choose("cpu"), torch.float32, "digest")


def picture(height, width, channels=3, batch=1):
    return torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(0))


def test_there_and_back(vae):
    latent = encode_image(vae, torch.full((2, 16, 24, 3), 0.75))
    assert latent.shape == (2, 4, 2, 3)
    assert torch.equal(latent, torch.full((2, 4, 2, 3), 0.5))  # pixels are -1..1 inside
    assert torch.equal(decode_latent(vae, latent), torch.full((2, 16, 24, 3), 0.75))


def test_pictures_are_taken_one_at_a_time(vae):
    encode_image(vae, picture(16, 16, batch=3))
    decode_latent(vae, torch.zeros(2, 4, 2, 2))
    assert vae.network.batches == [(1, 3, 16, 16)] * 3 + [(1, 4, 2, 2)] * 2


def test_sides_are_cropped_evenly(vae):
    image = picture(21, 30)
    assert torch.equal(encode_image(vae, image), encode_image(vae, image[:, 2:18, 3:27]))


def test_alpha_is_dropped_and_grey_becomes_colour(vae):
    image = picture(16, 16, 4)
    assert torch.equal(encode_image(vae, image), encode_image(vae, image[..., :3]))
    assert torch.equal(encode_image(vae, image[..., :1]), encode_image(vae, image[..., :1].expand(-1, -1, -1, 3)))


def test_decoded_pictures_are_clamped(vae):
    latent = torch.tensor([-5.0, 5.0]).reshape(1, 1, 1, 2).expand(1, 4, 2, 2)
    assert decode_latent(vae, latent).unique().tolist() == [0.0, 1.0]


@pytest.mark.parametrize("size", [(128, 128), (136, 320), (64, 200), (512, 72)])
def test_tiles_of_a_local_network_are_exact(vae, size):
    image = picture(*size)
    latent = encode_image(vae, image)
    assert torch.allclose(encode_image_tiled(vae, image, tile=128, overlap=32), latent, atol=1e-6)
    assert torch.allclose(decode_latent_tiled(vae, latent, tile=128, overlap=32), decode_latent(vae, latent), atol=1e-6)
    assert max(max(shape[-2:]) for shape in vae.network.batches[1:-1] if shape[1] == 3) <= 128


@pytest.mark.parametrize(("tile", "overlap"), [(1, 0), (64, 64), (64, 1000), (100, 13)])
def test_tiles_of_any_size_will_do(vae, tile, overlap):
    image = picture(96, 96)
    assert torch.allclose(encode_image_tiled(vae, image, tile, overlap), encode_image(vae, image), atol=1e-6)


def test_tiles_when_the_device_is_out_of_memory(vae):
    small = dataclasses.replace(vae, network=Pooling(largest=512))
    image = picture(1024, 600)
    latent = encode_image(small, image)
    assert torch.allclose(latent, encode_image(vae, image), atol=1e-6)
    assert torch.allclose(decode_latent(small, latent), decode_latent(vae, latent), atol=1e-6)
    with pytest.raises(torch.OutOfMemoryError):
        encode_image(dataclasses.replace(vae, network=Pooling(largest=100)), image)


def test_seams_are_blended():
    brightness = iter([0.0, 1.0])

    def differing(part):
        return torch.full_like(part, next(brightness))

    row = tiled(differing, torch.zeros(1, 1, 4, 12), tile=8, overlap=4)[0, 0, 0]
    assert row[:4].tolist() == [0.0] * 4
    assert row[8:].tolist() == [1.0] * 4
    assert (row.diff()[3:8] > 0).all()


@pytest.mark.parametrize("shape", [(1, 16, 16, 2), (16, 16, 3), (0, 16, 16, 3), (1, 7, 16, 3)])
def test_what_is_no_picture(vae, shape):
    with pytest.raises(VaeInputError, match=r"picture"):
        encode_image(vae, torch.zeros(shape))


@pytest.mark.parametrize("shape", [(1, 16, 8, 8), (4, 8, 8), (1, 4, 0, 8), (0, 4, 8, 8)])
def test_what_is_no_latent(vae, shape):
    for decode in (decode_latent, decode_latent_tiled):
        with pytest.raises(VaeInputError, match=r"\[batch, 4, height/8, width/8\]"):
            decode(vae, torch.zeros(shape))
