"""What tests against diffusers' pipelines share; nothing of it is to be changed."""

import pytest

from folders.workspace import Workspace
from models.sdxl.text_encoder import hide_broken_torchvision
from tests.parity.diffusers_pipelines import Nodes, base_pair, refiner_pair

# `diffusers` takes a torchvision that is installed for one that works. spandrel brings one along, which beside a torch
# for CPUs alone is often built for another; it must learn so before it first looks.
hide_broken_torchvision()


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """A small SDXL base, in diffusers and in Weft."""
    return base_pair(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def refiner(tmp_path_factory):
    """A small SDXL refiner, in diffusers and in Weft."""
    return refiner_pair(tmp_path_factory.mktemp("refiner"))


@pytest.fixture
def nodes(tmp_path):
    """Weft's nodes, with a workspace of their own."""
    return Nodes(Workspace(tmp_path))


@pytest.fixture
def most_likely_latents(monkeypatch):
    """diffusers draws a picture's latents at random from a distribution, ComfyUI and Weft take its middle."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())
