"""The autoencoder against the official key tables and against diffusers with the same weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from models.sdxl.config import SDXL_VAE, VAEConfig, vae_config_from_shapes
from models.sdxl.vae import AutoencoderKL

KEYS = Path(__file__).parents[2] / "../shared/reference/keys"
SMALL = VAEConfig(channels=16, norm_groups=4)


def shapes_of(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(("name", "prefix"), [("sdxl_vae", ""), ("sdxl_base", "first_stage_model.")])
def test_official_files_are_detected_and_assigned_without_renaming(name, prefix):
    path = KEYS / f"{name}.json"
    if not path.exists():
        pytest.skip("the official key tables are not on this machine (../shared/reference/keys)")
    entries = json.loads(path.read_text()).items()
    official = {key.removeprefix(prefix): tuple(shape) for key, (shape, _) in entries if key.startswith(prefix)}
    assert vae_config_from_shapes(official) == SDXL_VAE
    with torch.device("meta"):
        assert shapes_of(AutoencoderKL(SDXL_VAE)) == official


def test_a_configuration_is_read_back_from_its_own_shapes():
    with torch.device("meta"):
        shapes = shapes_of(AutoencoderKL(SMALL))
    assert vae_config_from_shapes(shapes, {"weft.vae.norm_groups": "4"}) == SMALL
    with pytest.raises(ValueError, match="VAE"):
        vae_config_from_shapes({})


@pytest.fixture(scope="module")
def pair():
    """The same random weights here and in diffusers."""
    diffusers = pytest.importorskip("diffusers")
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    torch.manual_seed(0)
    ours = AutoencoderKL(SMALL).eval()
    with torch.no_grad():
        for parameter in ours.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    theirs = diffusers.AutoencoderKL(
        block_out_channels=[SMALL.channels * mult for mult in SMALL.channel_mult],
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=SMALL.num_res_blocks,
        norm_num_groups=SMALL.norm_groups,
    )
    state = {f"first_stage_model.{key}": tensor for key, tensor in ours.state_dict().items()}
    theirs.load_state_dict(convert_ldm_vae_checkpoint(state, dict(theirs.config)))
    return ours, theirs.eval()


def distance(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return ((ours - theirs).norm() / theirs.norm()).item()


@torch.inference_mode()
def test_encode_equals_diffusers(pair):
    ours, theirs = pair
    pixels = torch.rand(2, 3, 64, 40) * 2 - 1
    expected = theirs.encode(pixels).latent_dist
    posterior = ours.posterior(pixels)
    assert ours.encode(pixels).shape == (2, 4, 8, 5)
    assert torch.equal(ours.encode(pixels), posterior.mean)
    assert distance(posterior.mean, expected.mean) <= 1e-4
    assert distance(posterior.logvar, expected.logvar) <= 1e-4


@torch.inference_mode()
def test_decode_equals_diffusers(pair):
    ours, theirs = pair
    latents = torch.randn(2, 4, 5, 7)
    assert distance(ours.decode(latents), theirs.decode(latents).sample) <= 1e-4
