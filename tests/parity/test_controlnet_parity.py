"""ControlNets in diffusers' and the authors' layouts: the latents that diffusers draws with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.adapters.control import Control
from models.adapters.control_loading import load_control
from models.adapters.control_network import ControlNetwork
from models.adapters.controlnet_file import original_names
from models.checkpoints.weights import Weights
from models.sdxl.config import SDXL_BASE
from nodes.controlnet import steered
from tests.models.small_models import randomise, relative
from tests.parity.diffusers_sdxl import SIDE, twins
from tests.parity.test_loading import REFERENCE, SDXL_UNET, needs_reference

FACTS = {"weft.unet.head_channels": "16", "weft.unet.norm_groups": "16"}  # what shapes do not tell
STRENGTH = 0.8


def diffusers_controlnet(seed, **changes):
    from diffusers import ControlNetModel

    settings = {key: value for key, value in SDXL_UNET.items() if key != "up_block_types"} | changes
    return randomise(ControlNetModel(in_channels=4, norm_num_groups=16, **settings), seed)


def hint(seed):
    return torch.rand(1, 3, 8 * SIDE, 8 * SIDE, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def pair(tmp_path):
    return twins(tmp_path)


def ours(pair, tmp_path, networks, **options):
    """Weft's latents, steered by the same networks saved as files."""
    controls = []
    for number, network in enumerate(networks):
        file = tmp_path / f"control{number}.safetensors"
        save_file(network.state_dict(), file, FACTS)
        net = load_control(file, pair.ours.model.memory)
        controls.append(Control(net, hint(number).movedim(1, -1), STRENGTH, **options))

    def change(*sides):
        for control in controls:
            sides = [steered(side, control, both=False) for side in sides]
        return sides

    return pair.weft(change=change)


def theirs(pair, networks, **options):
    from diffusers import StableDiffusionXLControlNetPipeline

    parts = {name: part for name, part in pair.pipe.components.items() if name not in ("image_encoder", "controlnet")}
    pair.pipe = StableDiffusionXLControlNetPipeline(
        **parts, controlnet=networks, force_zeros_for_empty_prompt=False, add_watermarker=False
    )
    pair.pipe.set_progress_bar_config(disable=True)
    images = [hint(number) for number in range(len(networks))]
    scales = [STRENGTH] * len(networks)
    return pair.theirs(image=images, controlnet_conditioning_scale=scales, **options)


@pytest.mark.filterwarnings("ignore")  # diffusers warns of its own changes
@pytest.mark.parametrize("count", [1, 2])
def test_latents_are_those_of_diffusers(count, pair, tmp_path):
    networks = [diffusers_controlnet(10 + number) for number in range(count)]
    bare = pair.weft()
    wanted = theirs(pair, networks)
    assert relative(wanted, bare) > 0.02  # the hints matter
    assert relative(ours(pair, tmp_path, networks), wanted) < 1e-4
    assert torch.equal(pair.weft(), bare)


@pytest.mark.filterwarnings("ignore")
def test_it_steers_during_a_part_of_the_steps(pair, tmp_path):
    networks = [diffusers_controlnet(10)]
    whole = ours(pair, tmp_path, networks)
    found = ours(pair, tmp_path, networks, end_percent=0.4)  # two of the four steps; diffusers counts steps
    wanted = theirs(pair, networks, control_guidance_end=[0.5])
    assert relative(whole, wanted) > 0.005
    assert relative(found, wanted) < 1e-4


@pytest.mark.filterwarnings("ignore")
def test_one_without_attention(pair, tmp_path):
    """As diffusers' own small ControlNets for SDXL are."""
    plain = {"down_block_types": ("DownBlock2D", "DownBlock2D"), "mid_block_type": "UNetMidBlock2D"}
    networks = [diffusers_controlnet(12, **plain)]
    assert relative(ours(pair, tmp_path, networks), theirs(pair, networks)) < 1e-4


def test_the_authors_names_hold_the_same_network(pair, tmp_path):
    network = diffusers_controlnet(10)
    save_file(network.state_dict(), tmp_path / "theirs.safetensors", FACTS)
    first = load_control(tmp_path / "theirs.safetensors", pair.ours.model.memory)
    state = {f"control_model.{name}": tensor for name, tensor in first.network.state_dict().items()}
    save_file(state, tmp_path / "original.safetensors", FACTS)
    second = load_control(tmp_path / "original.safetensors", pair.ours.model.memory)
    states = first.network.state_dict(), second.network.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@needs_reference
def test_every_key_of_the_official_file_has_its_place():
    table = json.loads((REFERENCE / "keys/sdxl_controlnet_diffusers.json").read_text())
    shapes = {name: tuple(shape) for name, (shape, _) in table.items()}
    found = original_names(Weights(Path("x"), shapes, {}, lambda name: torch.empty(shapes[name], device="meta")))
    assert len(found.shapes) == len(shapes)
    with torch.device("meta"):
        network = ControlNetwork(SDXL_BASE)
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert dict(found.shapes) == wanted
